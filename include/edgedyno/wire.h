// SPDX-License-Identifier: Apache-2.0
// The wire between controller and runner: versioned JSON lines in files and on standard streams of short
// commands. Neither side trusts the other's sizes, names or numbers. Unknown keys are ignored; an unknown
// major version is refused with both named.
//
// Short commands (WORK is the work directory, made by `start` with mode 0700):
//   edgedyno-runner version                                 -> {"type":"version","wire":"1.0",...}
//   edgedyno-runner hardware                                -> {"type":"hardware",...}
//   edgedyno-runner survey  --adapter FILE [--engine-dir DIR] [--library FILE] [--environment NAME=VALUE]... -> {"type":"survey",...}
//   edgedyno-runner work    --work WORK                      -> {"type":"work","job":ID of the job that runs, or ""}
//   edgedyno-runner start   --work WORK                     <- job on standard input; -> {"type":"started",...}
//   edgedyno-runner status  --work WORK --job ID            -> {"type":"status",...}
//   edgedyno-runner read    --work WORK --job ID --file NAME --from BYTE --max BYTES   -> the bytes themselves
//   edgedyno-runner stop    --work WORK --job ID            -> {"type":"stopping",...}; status tells when it has ended
//   edgedyno-runner forget  --work WORK --job ID            -> {"type":"forgotten",...}; removes the directory of an ended job
// Since wire 1.1 (a message on standard input is one JSON object of at most ED_WIRE_LINE_MAX_BYTES, `have`
// and `adopt` ED_WIRE_JOB_MAX_BYTES):
//   edgedyno-runner lease  --work WORK  <- {"type":"lease","action":"take"|"renew"|"release"|"reserve"|"unreserve"|"show",
//                                           "holder":ID,"owner":TEXT,"purpose":TEXT,"token":TOKEN or "","for_ns":N,"wait":B}
//                                       -> {"type":"lease","granted":B,"token":TOKEN or "","left_ns":N,"owner","holder","purpose",
//                                           "reserved_by":TEXT or "","reserved_left_ns":N,"ahead":N,"job":ID or ""}
//   edgedyno-runner have   --work WORK  <- {"type":"have","verify":B,"sets":[SET]}
//                                       -> {"type":"have","free_bytes":N,"whole":[SET ID],"missing":[{"sha256","bytes","staged_bytes"}]}
//   edgedyno-runner stage  --work WORK --token TOKEN --bytes N --cache-max N --free-min N
//                                       -> {"type":"staging","directory":PATH,"evicted_bytes":N}
//   edgedyno-runner adopt  --work WORK --token TOKEN  <- {"type":"adopt","sets":[SET]} -> {"type":"adopted","sets":N}
//   edgedyno-runner sets   --work WORK  -> {"type":"sets","free_bytes":N,"sets":[SET with "bytes":N,"used_us":N,"made_us":N]}
//   edgedyno-runner clean  --work WORK --token TOKEN  <- {"type":"clean","ids":[SET ID],"keep":N or -1,"all":B}
//                                       -> {"type":"cleaned","removed":[SET ID],"freed_bytes":N}
//   edgedyno-runner restore --work WORK -> {"type":"restored","restored":[TEXT],"failed":[TEXT]}
//   edgedyno-runner doctor --work WORK  -> {"type":"doctor",...} (runners/doctor.h)
//   edgedyno-runner adopt-self --work WORK --sha256 HEX -> {"type":"adopted-self","path":PATH}: the running program itself
//                                          becomes WORK/objects/HEX when that is its digest
//   edgedyno-runner probe --work WORK [--papi EVENT,...] -> {"type":"probe","probes":[{"name","summary","costly":B,"sample_ns":N,
//                                          "between_ns":N,"channels":[{"id","quantity","unit","counter":B,"scope","source",
//                                          "period_ns","update_ns","resolution","wrap","first","last" or "reason"}]}]}: two
//                                          readings; the values are decimal text, null where one failed. Refused while a job runs
//   edgedyno-runner snapshot --work WORK -> lines {"type":"file","path":PATH,"text":TEXT or "status":ERRNO NAME} and
//                                          {"type":"command","name":NAME,"text":TEXT,"status":exit status or status word},
//                                          then {"type":"snapshot","wire","entries":N,"left_out":N}; ED_WIRE_SNAPSHOT_MAX_BYTES
//   status also takes --token TOKEN --extend-ns N: the lease is extended to at least N from now where TOKEN holds it;
//   stop also takes --by TEXT: who, for the journal's end line
//   SET   = {"id":HEX64,"kind":"engine"|"adapter"|"model"|"data"|"libc","name":TEXT,"variant":TEXT,"version":TEXT,
//            "files":[{"name":NAME,"bytes":N,"sha256":HEX64,"executable":B}]}
//   TOKEN = N "-" 8 hex digits: N grows with every lease that is given (a fencing token)
// Since wire 1.2: a case has "workload" (base/workload.h); the journal's "job" line gives every channel a
// number, its place in "channels", and a block line has "timeline":{"offset":BYTES,"records":N}: its run in
// ED_JOB_TIMELINE; `status` tells "monotonic_ns", the device's clock. A file of a set lies at
// WORK/sets/ID/NAME (a symbolic link to WORK/objects/SHA256), so the controller knows its path before it is
// there. Each reply is one line. A failure is one line
// {"type":"error","status":"busy","where":"...","message":"..."} on standard output and exit status 1; 2 for
// wrong usage.
#ifndef EDGEDYNO_WIRE_H
#define EDGEDYNO_WIRE_H

#include <stdint.h>

#define ED_WIRE_MAJOR 1
#define ED_WIRE_MINOR 2
#define ED_WIRE_VERSION "1.2"

// Limits of one message, in bytes with the line feed.
#define ED_WIRE_JOB_MAX_BYTES (16u << 20) // a job with its blocks
#define ED_WIRE_EVENTS_MAX_BYTES 1023     // of the list of events of hardware counters, with commas between
#define ED_WIRE_COOL_DOWN_MAX_NS \
    INT64_C(3600000000000)                          // longest wait for a device to cool down before a block
#define ED_WIRE_MEMORY_MAX_BYTES (INT64_C(1) << 50) // of a memory limit, or of a ballast
#define ED_WIRE_LINE_MAX_BYTES (256u << 10)         // one journal line or reply
#define ED_WIRE_READ_MAX_BYTES (4u << 20)           // one `read`
#define ED_WIRE_SNAPSHOT_MAX_BYTES (4u << 20)       // all lines of a snapshot
#define ED_WIRE_ID_MAX_BYTES 64 // ids are [A-Za-z0-9._@+-], not starting with a dot or dash
#define ED_WIRE_BLOCKS_MAX 100000u
#define ED_WIRE_CASES_MAX 10000u
#define ED_WIRE_SAMPLES_MAX 1000000u // per block
#define ED_WIRE_TIMELINE_MAX 262144u // records of one block

// Files of a job directory (WORK/jobs/ID/).
#define ED_JOB_FILE "job.json"         // what to do, as received
#define ED_JOB_JOURNAL "journal.jsonl" // one line per finished block, synced before the next starts
#define ED_JOB_SAMPLES \
    "samples.bin" // int64 nanoseconds, little endian; a block's run is named by its journal line
#define ED_JOB_TIMELINE "timeline.bin"    // what the probes read; records as struct ed_timeline_record
#define ED_JOB_OUTPUTS "outputs"          // directory: one file of float32 rows per accuracy block
#define ED_JOB_STATE "state.json"         // what the supervisor does now, replaced atomically
#define ED_JOB_STOP "stop"                // exists: end after killing the worker
#define ED_JOB_LOG "runner.log"           // the supervisor's own words
#define ED_JOB_WORKER_OUTPUT "worker.out" // the current worker's standard streams, capped
#define ED_WORK_LOCK "lock"               // flock: held by the supervisor of the running job

// Other names in the work directory.
#define ED_WORK_LEASE "lease.json"      // the lease record, replaced atomically under ED_WORK_LEASE_LOCK
#define ED_WORK_LEASE_LOCK "lease.lock" // flock: held for microseconds by whoever changes the record
#define ED_WORK_TICKETS "tickets"       // directory: one file per controller that waits
#define ED_WORK_STATE "changed.jsonl"   // what was changed on the device and is to be put back
#define ED_WORK_OBJECTS "objects"       // files by SHA-256
#define ED_WORK_SETS "sets"             // directories of links to objects, each with its set.json
#define ED_WORK_STAGING "staging"       // pushes that are not checked yet, one directory a token
#define ED_SET_FILE "set.json"
#define ED_WIRE_TOKEN_MAX_BYTES 40
#define ED_WIRE_OWNER_MAX_BYTES 128 // "anna@ci-7", printable
#define ED_WIRE_SETS_MAX 4096u
#define ED_WIRE_SET_FILES_MAX 1024u

// Journal lines of a device have "type":
//   "job"    first line of a job: {"type","wire","job","campaign","runner_version","started":{...},"channels":[...]}
//   "block"  one finished block (see docs/architecture.md for its keys)
//   "end"    last line: {"type","job","reason":"done"|"stopped"|"deadline"|"lease"|"error","message"}
#define ED_JOURNAL_JOB "job"
#define ED_JOURNAL_BLOCK "block"
#define ED_JOURNAL_END "end"

// Passes: what a block is for.
#define ED_PASS_TIMING "timing"
#define ED_PASS_PILOT "pilot"       // as timing, to plan by; its figures are in no result
#define ED_PASS_COLD "cold"         // load with the files out of the page cache; one inference
#define ED_PASS_ACCURACY "accuracy" // the whole data set, outputs kept
#define ED_PASS_PROFILE "profile"   // the time of each operator; nothing else of it is a figure

// Of a job's data: what is asked of a language model, instead of a text.
#define ED_JOB_QUESTIONS_CHOICE "choice"
#define ED_JOB_QUESTIONS_MATCH "match"

// One reading of one channel, 24 bytes, little endian, in the order in which they were taken. Appended when
// the block has ended, never while it is timed. A reading that failed has the value INT64_MIN.
#define ED_TIMELINE_RECORD_BYTES 24
struct ed_timeline_record {
    int64_t monotonic_ns; // half way between the clock before and after the reading
    uint32_t channel;     // place in the job line's "channels"
    uint32_t spread_ns;   // half of the time that the reading took: it happened within +- this
    int64_t value;
};

// Phases of a block, in order; died_in_phase is one of these.
#define ED_PHASES(X)        \
    X(START, "start")       \
    X(OPEN, "open")         \
    X(LOAD, "load")         \
    X(BIND, "bind")         \
    X(WARMUP, "warmup")     \
    X(TIMED, "timed")       \
    X(EVIDENCE, "evidence") \
    X(UNLOAD, "unload")     \
    X(DONE, "done")

enum ed_phase {
#define ED_PHASE_INDEX(name, word) ED_PHASE_##name,
    ED_PHASES(ED_PHASE_INDEX)
#undef ED_PHASE_INDEX
        ED_PHASE_COUNT
};

// Outcomes of a block.
#define ED_OUTCOMES(X)    \
    X(OK, "ok")           \
    X(OOM, "oom")         \
    X(CRASHED, "crashed") \
    X(TIMEOUT, "timeout") \
    X(REFUSED, "refused") \
    X(CANCELLED, "cancelled")

enum ed_outcome {
#define ED_OUTCOME_INDEX(name, word) ED_OUTCOME_##name,
    ED_OUTCOMES(ED_OUTCOME_INDEX)
#undef ED_OUTCOME_INDEX
        ED_OUTCOME_COUNT
};

#endif
