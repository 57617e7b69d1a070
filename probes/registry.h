// SPDX-License-Identifier: Apache-2.0
// The one visible table of probes, and what the conformance test holds against each. A probe's state is
// `state_bytes` of zeroed memory from the caller; detect is called once on it, close once after (close on
// zeroed memory does nothing). args->root_fd is borrowed and stays open until close. Values of an unavailable
// channel are INT64_MIN. Where a probe finds nothing to read, it still gives one unavailable channel with the
// reason.
#ifndef EDGEDYNO_PROBES_REGISTRY_H
#define EDGEDYNO_PROBES_REGISTRY_H

#include "edgedyno/probe.h"

extern const struct ed_probe ed_probe_process_memory, ed_probe_process_cpu;
extern const struct ed_probe ed_probe_system_memory, ed_probe_system_cpu;
extern const struct ed_probe ed_probe_cpu_frequency, ed_probe_thermal;
extern const struct ed_probe ed_probe_process_schedule, ed_probe_process_pss, ed_probe_papi;
extern const struct ed_probe ed_probe_pressure, ed_probe_cpu_policy, ed_probe_cooling, ed_probe_hwmon;
extern const struct ed_probe ed_probe_powercap, ed_probe_power_supply, ed_probe_power_rails;
extern const struct ed_probe ed_probe_raspberry_pi, ed_probe_vcgencmd, ed_probe_android;
extern const struct ed_probe ed_probe_nvml, ed_probe_gpu, ed_probe_network, ed_probe_disk;

// All probes, in the order in which they are sampled; static storage.
const struct ed_probe *const *ed_probes(size_t *n);
// The probe of that name, or NULL.
const struct ed_probe *ed_probe_find(const char *name);
// ED_ERR_VERSION where abi or struct_bytes differ, ED_ERR_INTERNAL where a hook, the name or the state's size
// is missing.
enum ed_status ed_probe_check(const struct ed_probe *probe, struct ed_error *err);

#endif
