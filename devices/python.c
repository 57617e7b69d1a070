// SPDX-License-Identifier: Apache-2.0
// Python, which runs pip and reads archives. It gets its programs as text and everything else as arguments;
// the current directory is taken out of its search path, since a file pip.py or zipfile.py there would be run
// instead of the real one.
#include "devices/client.h"

#include "base/clock.h"
#include "devices/process.h"
#include "devices/words.h"

#define PROBE_TIME_NS 60000000000ll
#define PROBE_LIMIT_BYTES (64u << 10)
#define EXIT_NO_MODULE 9

static const char probe_program[] = "import sys\n"
                                    "sys.path[:] = [p for p in sys.path if p]\n"
                                    "import importlib.util\n"
                                    "sys.exit(0 if importlib.util.find_spec(sys.argv[1]) else 9)\n";

const char *const *ed_python_candidates(void) {
    static const char *const usual[] = {"/usr/bin/python3", "python3", NULL};
    return usual;
}

enum ed_status ed_python_find(const char *const **candidates, const char *module, struct ed_error *err) {
    const char *without = NULL, *broken = NULL;
    struct ed_spawn_result result;
    struct ed_error inner = {0};
    char said[ED_WORDS_BYTES] = "";
    for (; **candidates; (*candidates)++) {
        const char *const argv[] = {**candidates, "-c", probe_program, module, NULL};
        struct ed_spawn_args args = {.argv = argv, .out_limit_bytes = PROBE_LIMIT_BYTES};
        args.deadline_ns = ed_clock_monotonic_ns() + PROBE_TIME_NS;
        enum ed_status status = ed_process_run(&args, &result, &inner);
        if (status == ED_ERR_NO_PROGRAM)
            continue;
        if (status)
            return ed_fail(err, status, argv[0], "Python cannot be run: %.500s", inner.message);
        if (result.exit_code == 0) {
            ed_spawn_result_release(&result);
            return ED_OK;
        }
        if (result.exit_code == EXIT_NO_MODULE) {
            without = argv[0];
        } else {
            broken = argv[0];
            ed_words_said(said, result.err_out);
        }
        ed_spawn_result_release(&result);
    }
    if (without)
        return ed_fail(
            err, ED_ERR_NO_PROGRAM, without,
            "this Python has no %s, which is needed to bring engine packages; run `apt-get install "
            "python3-%s`, or put a python3 with %s first in PATH",
            module, module, module);
    if (broken)
        return ed_fail(err, ED_ERR_NO_PROGRAM, broken, "this Python does not work%s", said);
    return ed_fail(err, ED_ERR_NO_PROGRAM, "python3",
                   "there is no Python, which brings and opens engine packages; run `apt-get install python3 "
                   "python3-pip`");
}
