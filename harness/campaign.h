// SPDX-License-Identifier: Apache-2.0
// A campaign on disk: campaign.json (what was decided before the first block, frozen), and per device a
// journal, the samples, the outputs. Nothing else is state: --resume and every report read this directory
// alone.
//
//   DIR/campaign.json                    suite, devices, cases, thresholds, digests, versions, seed
//       data/SHA.npy                     labels of the tasks
//       data/SHA.txt                     transcripts of audio
//       devices/ID/job.json              every block that was planned for this device, as it goes over the wire
//                  journal.jsonl         lines of the device's runner as they came, and "attach" lines of ours:
//                                        {"type":"attach","job":ID,"samples_base":BYTES,"timeline_base":BYTES}: what follows
//                                        belongs to that job
//                  samples.bin           the jobs' samples one after the other
//                  timeline.bin          likewise what the probes read (struct ed_timeline_record)
//                  outputs/              files of the accuracy blocks
#ifndef EDGEDYNO_HARNESS_CAMPAIGN_H
#define EDGEDYNO_HARNESS_CAMPAIGN_H

#include "base/json_read.h"
#include "base/path.h"
#include "edgedyno/result.h"
#include "edgedyno/workload.h"
#include "harness/gate_spec.h"
#include "harness/tune_spec.h"
#include "reports/verdict.h"

#define ED_CAMPAIGN_FILE "campaign.json"
#define ED_CAMPAIGN_FILE_MAX_BYTES (256u << 20)
#define ED_CAMPAIGN_ASKED "asked" // of a gate whose fail is to be repeated: the words of its command line
#define ED_CAMPAIGN_FIRST "first" // of a gate that repeats a fail: what that came to (gate_first.h)
#define ED_CAMPAIGN_FORMAT 1
#define ED_CAMPAIGN_JOB "job.json"
#define ED_CAMPAIGN_JOURNAL "journal.jsonl"
#define ED_CAMPAIGN_SAMPLES "samples.bin"
#define ED_CAMPAIGN_TIMELINE "timeline.bin"
#define ED_CAMPAIGN_OUTPUTS "outputs"

struct ed_campaign_task {
    char name[128], metric[32], output[128];
    char labels[ED_PATH_BYTES]; // absolute
    size_t data;                // index into the job's data
    char data_sha256[65];       // over the files of the data; "": an older campaign does not say
    char preprocess_sha256[65]; // "": the data was given as the model takes it
    struct ed_requirement threshold;
    bool has_threshold, lower_is_better;
    char **command; // of the metric command, owned; only in a campaign that was loaded
    size_t n_command;
};

// One case on one device, as frozen.
struct ed_campaign_case {
    char id[64];       // on the wire: "c0"
    char case_id[256]; // for people and scripts
    char model[128], variant[128];
    char how[16]; // how the variant was made: "ptq"; ""
    char engine[64], engine_version[64], engine_build_sha256[65];
    char backend[64], processor[16];
    char model_sha256[65];
    int64_t threads, model_file_bytes, engine_file_bytes;
    char options[256], workload[256]; // as text
    struct ed_workload workload_parts;
    size_t reference; // index of the case that accuracy is held against; itself for the reference variant
    size_t agreement; // index of the case whose answers these are held against; SIZE_MAX: none
    size_t timing; // index of the case whose timing blocks speak for this one: itself, but for a further task
    int64_t mem_limit_bytes; // 0: none
    int64_t task;            // index of the campaign's task that this case's accuracy blocks run; -1: none
    char transcript[ED_PATH_BYTES]; // of its audio, absolute (of a plan: in the campaign); "": none
    bool has_model;
    bool of_reference; // of a choice: it runs the reference variant
};

// Two cases that a gate compares.
struct ed_campaign_pair {
    size_t baseline, candidate;
};

struct ed_campaign_device {
    char id[64], transport[16], target[32], summary[512];
    char directory[ED_PATH_BYTES]; // of its files
    struct ed_campaign_case *cases;
    size_t n_cases;
    struct ed_campaign_pair *pairs; // none unless the campaign is a gate's
    size_t n_pairs;
    size_t n_blocks; // planned
    // How processes run there, as found when the campaign began; a campaign without these knows nothing of
    // it.
    char libc[16], libc_version[32]; // the device's own: "glibc" "2.31"; "musl", "bionic", "none", "" unknown
    char cpuset[128];                // of a process that the transport starts; "" unknown
    int64_t oom_score_adj;           // likewise; INT64_MIN unknown
    bool android;                    // a phone: processes of a shell, not an app
    bool pack_foreign;    // an Android device served by a Linux pack: CPU only, not the app's build
    bool runner_libc;     // the runner itself runs with the pack's C library
    int64_t logical_cpus; // 0 unknown
    // As facts of harness/validity.h are: 1, 0, or below 0 where unknown.
    double virtual_machine, emulator;
};

// A device that was asked for and could not take part.
struct ed_campaign_absent {
    char id[64], reason[512];
};

struct ed_campaign {
    char directory[ED_PATH_BYTES]; // absolute
    char id[64], started_utc[32], version[32], suite[128], label[256];
    int64_t seed, ballast_bytes; // ballast: 0 is none
    char pin[256];               // CPUs that the workers were pinned to, as asked for; "" none
    char papi[16][48];           // events that were to be counted, of --papi
    size_t n_papi;
    int64_t blocks, max_time_ns; // timing blocks planned for a case; 0: no limit
    char on_invalid[8];          // refuse, repeat, mark; mark where an older campaign says nothing
    bool allow_fallback, leave_nothing;
    double min_placed; // share of the operators that has to be where it was asked to be; 0 to 1
    struct ed_gate_spec gate;
    struct ed_tune_spec tune;
    struct ed_campaign_device *devices;
    size_t n_devices;
    struct ed_campaign_absent *absent;
    size_t n_absent;
    struct ed_campaign_task *tasks;
    size_t n_tasks;
    struct ed_requirement *requirements;
    size_t n_requirements;
};

// Reads campaign.json; the devices' files are read by others. ED_ERR_NOT_FOUND says that it is no campaign;
// ED_ERR_VERSION a newer format.
enum ed_status ed_campaign_load(struct ed_campaign *campaign, const char *directory, struct ed_error *err);
void ed_campaign_release(struct ed_campaign *campaign);

// The records of a campaign, one a case and task, from its journals, samples and outputs, judged by its
// requirements. A journal that ends in half a line (a crash) is read up to there. `warnings` (may be NULL)
// gets a line for each thing that was not as expected.
struct ed_profile;
struct ed_gate_verdict; // gate_verdict.h
struct ed_tune_verdict; // tune_verdict.h
struct ed_records {
    struct ed_result *items;
    struct ed_profile *profiles; // one a record, in the same order; harness/profile.h
    size_t n;
    size_t blocks_planned, blocks_done, blocks_left; // over all devices; left: neither done nor skipped
    size_t devices_absent;
    struct ed_gate_verdict *gate; // owned; NULL: no gate
    struct ed_tune_verdict *tune; // owned; NULL: no choice was asked for
    bool usage_error;             // a block was refused for a configuration mistake (exit code 2)
    char usage_message[ED_ERROR_MESSAGE_BYTES];
};
enum ed_status ed_campaign_records(const struct ed_campaign *campaign, struct ed_records *records,
                                   struct ed_buffer *warnings, struct ed_error *err);
void ed_records_release(struct ed_records *records);

// The command that made the campaign and goes on with it: "run", "gate" or "tune".
const char *ed_campaign_command(const struct ed_campaign *campaign);

// Exit code by the design's rule: 0 pass, 1 a requirement failed, 2 usage, 3 inconclusive, 4 device or engine
// failure, 5 invalid; where several hold, the first of 2, 1, 4, 5, 3. A device that
// could not take part is a device failure. A gate and a choice have their own (gate_verdict.h,
// tune_verdict.h).
int ed_records_exit_code(const struct ed_records *records);

#endif
