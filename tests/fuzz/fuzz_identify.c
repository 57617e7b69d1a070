// SPDX-License-Identifier: Apache-2.0
// Fuzz target: what a device's shell prints when it is asked what it is. What is accepted must keep the
// promises of the header.
#include <ctype.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "devices/identify.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds) {
    if (!holds)
        abort();
}

static void check_text(const char *text, size_t bytes) {
    size_t n = strnlen(text, bytes);
    check(n < bytes);
    for (size_t i = 0; i < n; i++)
        check(isprint((unsigned char)text[i]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct ed_identity identity;
    struct ed_error err = {0};
    const enum ed_status status = ed_identify_parse("device", (const char *)data, size, 7, &identity, &err);
    check_text(identity.kernel, sizeof identity.kernel);
    check_text(identity.machine, sizeof identity.machine);
    check_text(identity.model, sizeof identity.model);
    check_text(identity.cpuset, sizeof identity.cpuset);
    check_text(identity.boot_id, sizeof identity.boot_id);
    check_text(identity.libc_version, sizeof identity.libc_version);
    check_text(identity.work_dir, sizeof identity.work_dir);
    check_text(err.message, sizeof err.message);
    check(identity.free_bytes >= -1 && identity.real_us >= 0);
    if (status == ED_OK)
        check(identity.target[0] && identity.libc[0] && identity.work_dir[0] == '/');
    else
        check(err.message[0] != '\0' && identity.work_dir[0] == '\0');
    return 0;
}
