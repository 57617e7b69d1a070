// SPDX-License-Identifier: Apache-2.0
// A directory for the checks' files, removed at the end; and the library that the tests are written with.
#ifndef EDGEDYNO_TESTS_CONFORMANCE_SCRATCH_H
#define EDGEDYNO_TESTS_CONFORMANCE_SCRATCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/path.h"
#include "runners/conformance.h"

// Freed memory stays resident for a while under AddressSanitizer, so that growth is judged more coarsely
// there.
#if defined(__SANITIZE_ADDRESS__)
#define GROWTH_MAX_BYTES (40 << 20)
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define GROWTH_MAX_BYTES (40 << 20)
#endif
#endif
#ifndef GROWTH_MAX_BYTES
#define GROWTH_MAX_BYTES (2 << 20)
#endif

static char scratch[64];

static int make_scratch(void **state) {
    (void)state;
    snprintf(scratch, sizeof scratch, P_tmpdir "/edgedyno-conformance-XXXXXX");
    return mkdtemp(scratch) ? 0 : -1;
}

static int remove_scratch(void **state) {
    (void)state;
    return ed_path_remove(scratch, NULL) == ED_OK ? 0 : -1;
}

#endif
