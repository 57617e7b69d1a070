// SPDX-License-Identifier: Apache-2.0
// Drives the real runner through its short commands, as a controller does, with the scripted engine: writes
// scripts and jobs, waits, reads the journal and samples back. Everything fails the test by itself. One rig
// at a time, one thread.
#ifndef EDGEDYNO_TESTS_RUNNER_RIG_H
#define EDGEDYNO_TESTS_RUNNER_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/json_read.h"
#include "base/json_write.h"
#include "base/path.h"

#define RIG_LINES_MAX 64
#define RIG_MS INT64_C(1000000)
#define RIG_SECOND INT64_C(1000000000)

// A script that warm-up cannot judge, so that it is three inferences and half a second, whatever else the
// machine does; otherwise it goes on for up to 8 s while the machine is busy. `more` begins with a comma or
// is empty.
#define RIG_WARM_INFERENCES 3
#define RIG_SCRIPT(more) \
    "{\"type\": \"edgedyno-script\", \"warmup\": {\"ns\": [270000000, 270000000]}" more "}"

#if defined(__SANITIZE_ADDRESS__)
#define RIG_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define RIG_SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_THREAD__)
#define RIG_SANITIZED 1
#endif
#ifndef RIG_SANITIZED
#define RIG_SANITIZED 0
#endif

// Fails the test. cmocka's own fail_msg prints nothing at all where its text is longer than a kilobyte, as
// journals are.
__attribute__((noreturn, format(printf, 1, 2))) void rig_fail(const char *format, ...);

// Directories of one test program: `home` for its files, `work` for the runner. setup and teardown of a
// cmocka group.
extern char rig_home[128], rig_work[160];
int rig_setup(void **state);
int rig_teardown(void **state);
// A cgroup.procs file that every runner command is put into; "" for none.
extern char rig_cgroup_procs[256];

// One short command (of the runner that RIG_RUNNER in the environment names, or else of this build): exit
// status and what it wrote. `text` is terminated; released by rig_reply_release.
struct rig_reply {
    int exit_code;
    char *text;
    size_t bytes;
    struct ed_json_document json; // root NULL where the text is no JSON
};
struct rig_reply rig_call(const char *input, size_t input_bytes, const char *const *arguments);
struct rig_reply rig_call_job(const char *command, const char *job);
void rig_reply_release(struct rig_reply *reply);
// Text member of a reply; "" where there is none.
const char *rig_reply_text(const struct rig_reply *reply, const char *key);
// The command must have failed with this status word and with these words in its message or where; releases.
void rig_expect_error(struct rig_reply *reply, const char *status, const char *words);

// A file below rig_home; `path` is returned in a static buffer of the caller's turn (8 of them).
const char *rig_file(const char *name, const char *text);
const char *rig_path(const char *name);

struct rig_case {
    const char *id;        // "" is made up
    const char *model;     // path of a script; NULL: none
    const char *adapter;   // NULL: the scripted one
    const char *directory; // of the engine; NULL: none
    const char *pin;       // NULL: not pinned
    const char *option, *value;
    const char *sha256; // NULL: the right one; likewise a wrong size
    int64_t wrong_bytes;
    int64_t prompt, generate, depth; // tokens; all 0: tensors
    int64_t mem_limit_bytes;         // 0: none
    int64_t ballast_bytes;           // of the whole job, by its first case; 0: none
};

struct rig_block {
    const char *id;
    size_t case_index;
    const char *pass;                                                            // NULL: timing
    int64_t inferences, min_inferences, min_ns, max_ns, timeout_ns, max_samples; // 0: not written
};

struct rig_job {
    const char *id;
    int64_t max_ns;
    const struct rig_case *cases;
    size_t n_cases;
    const struct rig_block *blocks;
    size_t n_blocks;
};
void rig_job_text(struct ed_buffer *text, const struct rig_job *job);
struct rig_reply rig_try_start(const struct rig_job *job);
pid_t rig_start(const struct rig_job *job); // the supervisor
// Until `status` says something else than running; at most `limit_ns`. Returns the state: "ended" or "died".
const char *rig_wait(const char *job, int64_t limit_ns);
// Until `status` says that this block runs.
void rig_wait_block(const char *job, const char *block, int64_t limit_ns);
// The worker of a supervisor, once it has executed the runner; 0 when there is none after limit_ns.
pid_t rig_worker(pid_t supervisor, int64_t limit_ns);
bool rig_gone(pid_t pid, int64_t limit_ns);
// A value of /proc/PID/status, without the spaces before it; false where it is missing.
bool rig_proc_status(pid_t pid, const char *key, char *value, size_t bytes);

struct rig_journal {
    char *text;
    struct ed_json_document lines[RIG_LINES_MAX];
    size_t n;
};
// Reads and parses every line; fails where the last is not whole.
void rig_journal_read(struct rig_journal *journal, const char *job);
void rig_journal_release(struct rig_journal *journal);
// Line of a block; fails where there is not exactly one. NULL block: the end line.
const cJSON *rig_line(const struct rig_journal *journal, const char *block);
// A value by its dotted path ("samples.count"); NULL where absent.
const cJSON *rig_find(const cJSON *line, const char *path);
int64_t rig_int(const cJSON *line, const char *path);      // fails where absent
const char *rig_text(const cJSON *line, const char *path); // "" where absent
// A size at a mark: rig_mark(line, "after_load", "peak_bytes").
int64_t rig_mark(const cJSON *line, const char *at, const char *key);
// The block's samples by `read`; *n is their count. Freed by the caller.
int64_t *rig_samples(const char *job, const cJSON *line, size_t *n);
// With RIG_SHOW in the environment every journal is printed when it is released.
// Starts, waits for the end, reads the journal; the job must have ended with this reason.
void rig_run(struct rig_journal *journal, const struct rig_job *job, const char *reason, int64_t limit_ns);

#endif
