// SPDX-License-Identifier: Apache-2.0
// The channel of temperature that counts.
#include "base/heat_channel.h"

#include <stddef.h>
#include <string.h>

static bool holds_any(const char *id, const char *const *words, size_t n) {
    bool found = false;
    for (size_t i = 0; i < n; i++)
        found = found || strcasestr(id, words[i]);
    return found;
}

int ed_heat_channel_rank(const char *id, const char *quantity, bool accelerated) {
    static const char *const silent[] = {"passive_trip", "battery", "power_supply", "nvme",  "skin",
                                         "pmic",         "wifi",    "drive",        "modem", "charger"};
    static const char *const processors[] = {"cpu", "soc", "x86_pkg", "k10temp", "coretemp", "zenpower"};
    if (strcmp(quantity, "temperature") != 0 || holds_any(id, silent, sizeof silent / sizeof silent[0]))
        return 0;
    if (!strncmp(id, "nvml.", 5) || strcasestr(id, "gpu"))
        return accelerated ? 4 : 1;
    return holds_any(id, processors, sizeof processors / sizeof processors[0]) ? 3 : 2;
}
