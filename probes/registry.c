// SPDX-License-Identifier: Apache-2.0
// The table of probes. A new probe is one file and one line here.
#include "probes/registry.h"

#include <string.h>

static const struct ed_probe *const probes[] = {
    &ed_probe_process_memory,
    &ed_probe_process_cpu,
    &ed_probe_system_memory,
    &ed_probe_system_cpu,
    &ed_probe_cpu_frequency,
    &ed_probe_thermal,
    &ed_probe_process_schedule,
    &ed_probe_process_pss,
    &ed_probe_papi,
    &ed_probe_pressure,
    &ed_probe_cpu_policy,
    &ed_probe_cooling,
    &ed_probe_hwmon,
    &ed_probe_powercap,
    &ed_probe_power_supply,
    &ed_probe_power_rails,
    &ed_probe_raspberry_pi,
    &ed_probe_vcgencmd,
    &ed_probe_android,
    &ed_probe_nvml,
    &ed_probe_gpu,
    &ed_probe_network,
    &ed_probe_disk,
    NULL, // ends the table; not counted
};
#define N_PROBES (sizeof(probes) / sizeof(probes[0]) - 1)

const struct ed_probe *const *ed_probes(size_t *n) {
    *n = N_PROBES;
    return probes;
}

const struct ed_probe *ed_probe_find(const char *name) {
    for (size_t i = 0; i < N_PROBES; i++)
        if (strcmp(probes[i]->name, name) == 0)
            return probes[i];
    return NULL;
}

enum ed_status ed_probe_check(const struct ed_probe *probe, struct ed_error *err) {
    // abi and struct_bytes come first: nothing else may be read from a struct of another layout.
    if (probe->abi != ED_PROBE_ABI)
        return ed_fail(err, ED_ERR_VERSION, "probe",
                       "a probe has abi %u, this build needs %u: build it again", probe->abi, ED_PROBE_ABI);
    if (probe->struct_bytes != sizeof *probe)
        return ed_fail(err, ED_ERR_VERSION, "probe",
                       "a probe's struct has %u bytes, this build needs %zu: build it again",
                       probe->struct_bytes, sizeof *probe);
    if (!probe->name || !probe->name[0])
        return ed_fail(err, ED_ERR_INTERNAL, "probe", "a probe has no name");
    if (!probe->summary || !probe->summary[0])
        return ed_fail(err, ED_ERR_INTERNAL, probe->name, "the probe has no summary");
    if (!probe->detect || !probe->attach || !probe->sample || !probe->close)
        return ed_fail(err, ED_ERR_INTERNAL, probe->name,
                       "the probe has a NULL hook: use ed_probe_no_attach or a function that does nothing");
    if (probe->state_bytes == 0)
        return ed_fail(err, ED_ERR_INTERNAL, probe->name, "the probe's state_bytes is 0");
    if (probe->n_options && !probe->options)
        return ed_fail(err, ED_ERR_INTERNAL, probe->name,
                       "the probe counts options but has no table of them");
    return ED_OK;
}
