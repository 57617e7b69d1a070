// SPDX-License-Identifier: Apache-2.0
// What a device is: processor, topology, system, memory, counters. Everything says where it comes from, and
// what is absent says why. Nothing that identifies a person or a network (host name, serial numbers) is read;
// boot_id changes with each boot.
#ifndef EDGEDYNO_RUNNERS_HARDWARE_H
#define EDGEDYNO_RUNNERS_HARDWARE_H

#include <stddef.h>

#include "base/json_write.h"
#include "edgedyno/error.h"

// Writes the keys "cpu", "topology", "system", "memory", "papi" and "cpu_pinning" into the object that is
// open in `writer`. Files are read below root_fd (borrowed). Where that is not the running system's own root,
// sources that can only speak of the running system (cpuid, hwcap, libcpuinfo, hwloc, PAPI, libc) are
// unavailable, with that reason. Absent sources are no error; ED_ERR_LIMIT or ED_ERR_NO_MEMORY where the
// writer's buffer failed. libcpuinfo and PAPI are used in child processes with two seconds each, since a
// library of the device may print, leak, abort or hang. Call it from a process with one thread.
enum ed_status ed_hardware_describe(int root_fd, struct ed_json_writer *writer, struct ed_error *err);

// One line for people: "AMD EPYC (2 cores, avx2), 23.4 GiB, Linux 6.18, glibc 2.36, virtual machine". Always
// terminated, cut to fit; what is unknown is left out. Opens no library.
void ed_hardware_summary(char *text, size_t bytes);
// The same of the tree below root_fd.
void ed_hardware_summary_at(int root_fd, char *text, size_t bytes);

#endif
