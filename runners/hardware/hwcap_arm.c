// SPDX-License-Identifier: Apache-2.0
// What the kernel lets a program use on an Arm processor, by getauxval(3).
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>

#include "runners/hardware/sources.h"

void ed_source_hwcap(bool live, struct ed_cpu_facts *facts) {
    memset(facts, 0, sizeof *facts);
#if defined(__aarch64__) || defined(__arm__)
    if (!live) {
        snprintf(facts->reason, sizeof facts->reason,
                 "hwcap speaks of the running system, not of a recorded tree");
        return;
    }
    facts->available = facts->has_isa = true;
    facts->isa = sizeof(void *) == 8 ? ed_isa_from_hwcap64(getauxval(AT_HWCAP), getauxval(AT_HWCAP2))
                                     : ed_isa_from_hwcap32(getauxval(AT_HWCAP), getauxval(AT_HWCAP2));
#else
    (void)live;
    snprintf(facts->reason, sizeof facts->reason, "not an Arm processor");
#endif
}
