#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The tests labelled ci once more, in the build with AddressSanitizer and UndefinedBehaviorSanitizer (preset asan, build/asan).
#   tests/lint/sanitized.sh [ASAN_BUILD_DIR]
# That build is made beforehand (./bootstrap test does); one that is missing or older than the sources fails, for it would prove
# nothing. What looks at sources and pages only is left out: it has run already. ED_SANITIZED_EXCLUDE names more, as ctest's -E has it.
set -euo pipefail
unset CDPATH
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=${1:-$root/build/asan}
make_it="cmake --preset asan && cmake --build --preset asan"
fail() {
    echo "sanitized: $*"
    exit 1
}
[[ -f $build/CTestTestfile.cmake && -f $build/CMakeCache.txt ]] || fail "$build is not configured; make it: $make_it"
grep -Eq '^ED_SANITIZE:[A-Z]+=.*address' "$build/CMakeCache.txt" || fail "$build is a build without AddressSanitizer"
# `-n` only says what would be done; a build that has to be configured again says so, too.
pending=$(ninja -C "$build" -n 2>&1) || fail "ninja cannot read $build: $pending"
grep -q 'ninja: no work to do' <<<"$pending" || fail "$build is older than the sources: $make_it"
# The runner must really be instrumented, or all of this would be an ordinary run.
nm "$build"/lib/edgedyno/*/edgedyno-runner | grep __asan_report_load >/dev/null || fail "the runner in $build is not instrumented"

# abort_on_error: a report in a worker is a death by a signal, which no test takes for an answer of the engine.
# No leak is suppressed; workers end by _exit and are not looked at for leaks.
# alloc_dealloc_mismatch: our C has one allocator, and engines of C++ have theirs, which is seen by halves here.
export ASAN_OPTIONS=abort_on_error=1:alloc_dealloc_mismatch=0:detect_stack_use_after_return=1:strict_string_checks=1
export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
# Left out too: what stands on programs of others (package clients, a browser, emulated machines, the engines' own libraries)
# and would only run those once more; the adapters' sources are in the conformance tests. And campaign_energy, whose intervals
# are those of a machine at its own speed (energy_refusals and energy_meter go the same ways), and campaign_validity_states and
# campaign_contexts_*, whose readings a slow supervisor takes too rarely.
exclude='^(lint_.*|docs_.*|bench_.*|sanitized|install|supply_.*|html_.*|report_ci_rules|pack_.*|engines_.*|servers_example|test_engines_hooks|test_whisper|campaign_onnxruntime_.*|campaign_(engine_errors|llama_vulkan|quality|quantize|llama|speech_choice|speech_task|threads|whisper|energy|validity_states|contexts_.*)|rig_campaign_(arm64.*|armv7|other_libc)|rig_(machines|faults|arm|unprivileged))$'
[[ -z ${ED_SANITIZED_EXCLUDE-} ]] || exclude+="|$ED_SANITIZED_EXCLUDE"
log=$build/sanitized.log status=0
ctest --test-dir "$build" -j 2 -L '^ci$' -E "$exclude" --output-on-failure --no-tests=error --timeout 300 >"$log" 2>&1 || status=$?
# What failed, and nothing of what did not: this is one test's output among many.
((status == 0)) || awk '/^ *[0-9]+\/[0-9]+ Test|^ +Start +[0-9]+:/ { shown = /\*\*\*[^S]/ } /The following tests FAILED/ { shown = 1 } shown' "$log"
tail -n 5 -- "$log"
exit "$status"
