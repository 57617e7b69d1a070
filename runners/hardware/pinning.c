// SPDX-License-Identifier: Apache-2.0
// Binding processes to CPUs through hwloc.
#include "runners/hardware/pinning.h"

#include <errno.h>
#include <hwloc.h>
#include <string.h>

#include "runners/hardware/sources.h"

bool ed_cpu_set_has(const struct ed_cpu_set *set, unsigned cpu) {
    return cpu < ED_PIN_CPUS_MAX && (set->bits[cpu / 8] >> cpu % 8 & 1);
}

static void set_add(struct ed_cpu_set *set, unsigned cpu) {
    if (cpu < ED_PIN_CPUS_MAX)
        set->bits[cpu / 8] |= (unsigned char)(1u << cpu % 8);
}

size_t ed_cpu_set_count(const struct ed_cpu_set *set) {
    size_t n = 0;
    for (unsigned cpu = 0; cpu < ED_PIN_CPUS_MAX; cpu++)
        n += ed_cpu_set_has(set, cpu);
    return n;
}

void ed_cpu_set_print(const struct ed_cpu_set *set, char *text, size_t bytes) {
    int cpus[ED_PIN_CPUS_MAX];
    size_t n = 0;
    for (unsigned cpu = 0; cpu < ED_PIN_CPUS_MAX; cpu++)
        if (ed_cpu_set_has(set, cpu))
            cpus[n++] = (int)cpu;
    ed_cpu_list_print(text, bytes, cpus, n);
}

// Digits at *cursor as a CPU number, spaces around them skipped; -1 where there are none or it is too large.
static int parse_cpu(const char **cursor) {
    const char *p = *cursor + strspn(*cursor, " ");
    int value = *p >= '0' && *p <= '9' ? 0 : -1;
    for (; *p >= '0' && *p <= '9'; p++)
        if (value >= 0) {
            value = value * 10 + (*p - '0');
            if (value >= ED_PIN_CPUS_MAX)
                value = -1;
        }
    *cursor = p + strspn(p, " ");
    return value;
}

enum ed_status ed_cpu_set_parse(const char *text, struct ed_cpu_set *set, struct ed_error *err) {
    const char *p = text;
    memset(set, 0, sizeof *set);
    for (;;) {
        int first = parse_cpu(&p), last = first;
        if (first >= 0 && *p == '-') {
            p++;
            last = parse_cpu(&p);
        }
        if (first < 0 || last < first)
            break;
        for (int cpu = first; cpu <= last; cpu++)
            set_add(set, (unsigned)cpu);
        if (!*p)
            return ED_OK;
        if (*p++ != ',')
            break;
    }
    memset(set, 0, sizeof *set);
    return ed_fail(err, ED_ERR_USAGE, "pin",
                   "\"%.64s\" is no list of CPUs: write numbers from 0 to %d like 0,2-3", text,
                   ED_PIN_CPUS_MAX - 1);
}

static void from_hwloc(hwloc_const_bitmap_t bitmap, struct ed_cpu_set *set) {
    memset(set, 0, sizeof *set);
    for (unsigned cpu = 0; cpu < ED_PIN_CPUS_MAX; cpu++)
        if (hwloc_bitmap_isset(bitmap, cpu))
            set_add(set, cpu);
}

enum ed_status ed_pinning_init(struct ed_pinning *pinning, struct ed_error *err) {
    hwloc_topology_t topology = NULL;
    hwloc_bitmap_t start = NULL;
    enum ed_status status = ED_OK;
    memset(pinning, 0, sizeof *pinning);
    if (hwloc_topology_init(&topology) != 0)
        return ed_fail_errno(err, ED_ERR_UNSUPPORTED, "pin", "hwloc cannot start: %m");
    if (hwloc_topology_load(topology) != 0) {
        status = ed_fail_errno(err, ED_ERR_UNSUPPORTED, "pin", "hwloc cannot read the topology: %m");
        goto out;
    }
    if (!hwloc_topology_is_thissystem(topology)) {
        status =
            ed_fail(err, ED_ERR_UNSUPPORTED, "pin",
                    "hwloc was told by its environment variables to show another machine: unset HWLOC_*");
        goto out;
    }
    from_hwloc(hwloc_topology_get_allowed_cpuset(topology), &pinning->allowed);
    start = hwloc_bitmap_alloc();
    if (!start || hwloc_get_cpubind(topology, start, HWLOC_CPUBIND_PROCESS) != 0)
        pinning->start = pinning->allowed;
    else
        from_hwloc(start, &pinning->start);
    pinning->topology = topology;
    topology = NULL;
out:
    hwloc_bitmap_free(start);
    if (topology)
        hwloc_topology_destroy(topology);
    return status;
}

void ed_pinning_release(struct ed_pinning *pinning) {
    if (pinning->topology)
        hwloc_topology_destroy(pinning->topology);
    memset(pinning, 0, sizeof *pinning);
}

enum ed_status ed_pinning_check(const struct ed_pinning *pinning, const struct ed_cpu_set *set,
                                struct ed_error *err) {
    struct ed_cpu_set there;
    char list[256];
    from_hwloc(hwloc_topology_get_topology_cpuset(pinning->topology), &there);
    for (unsigned cpu = 0; cpu < ED_PIN_CPUS_MAX; cpu++) {
        if (!ed_cpu_set_has(set, cpu) || ed_cpu_set_has(&pinning->allowed, cpu))
            continue;
        if (ed_cpu_set_has(&there, cpu)) {
            ed_cpu_set_print(&pinning->allowed, list, sizeof list);
            return ed_fail(err, ED_ERR_USAGE, "pin",
                           "CPU %u may not be used here (cgroup cpuset): use some of %s", cpu, list);
        }
        ed_cpu_set_print(&there, list, sizeof list);
        return ed_fail(err, ED_ERR_USAGE, "pin", "there is no CPU %u that is online here: use some of %s",
                       cpu, list);
    }
    if (ed_cpu_set_count(set) == 0)
        return ed_fail(err, ED_ERR_USAGE, "pin", "the list of CPUs is empty");
    return ED_OK;
}

bool ed_pinning_rest(const struct ed_pinning *pinning, const struct ed_cpu_set *set,
                     struct ed_cpu_set *rest) {
    for (size_t i = 0; i < sizeof rest->bits; i++)
        rest->bits[i] = pinning->start.bits[i] & (unsigned char)~set->bits[i];
    if (ed_cpu_set_count(rest) > 0)
        return true;
    *rest = pinning->start;
    return false;
}

enum ed_status ed_pinning_bind(const struct ed_pinning *pinning, const struct ed_cpu_set *set,
                               struct ed_error *err) {
    char wanted[256], got[256];
    struct ed_cpu_set now;
    enum ed_status status = ED_OK;
    hwloc_bitmap_t bitmap = hwloc_bitmap_alloc(), bound = hwloc_bitmap_alloc();
    ed_cpu_set_print(set, wanted, sizeof wanted);
    if (!bitmap || !bound) {
        status = ed_fail(err, ED_ERR_NO_MEMORY, "pin", "no memory to bind the process to CPUs %s", wanted);
        goto out;
    }
    for (unsigned cpu = 0; cpu < ED_PIN_CPUS_MAX; cpu++)
        if (ed_cpu_set_has(set, cpu))
            hwloc_bitmap_set(bitmap, cpu);
    if (hwloc_set_cpubind(pinning->topology, bitmap, HWLOC_CPUBIND_PROCESS) != 0) {
        status = ed_fail_errno(err, errno == ENOSYS ? ED_ERR_UNSUPPORTED : ED_ERR_IO, "pin",
                               "the system does not bind the process to CPUs %s: %m", wanted);
        goto out;
    }
    // The kernel takes what it can of a set and says nothing of the rest.
    if (hwloc_get_cpubind(pinning->topology, bound, HWLOC_CPUBIND_PROCESS) != 0) {
        status =
            ed_fail_errno(err, ED_ERR_IO, "pin", "cannot read back which CPUs the process is bound to: %m");
        goto out;
    }
    from_hwloc(bound, &now);
    if (memcmp(&now, set, sizeof now) != 0) {
        ed_cpu_set_print(&now, got, sizeof got);
        status = ed_fail(err, ED_ERR_IO, "pin", "CPUs %s were asked for, the system gave %s", wanted, got);
    }
out:
    hwloc_bitmap_free(bitmap);
    hwloc_bitmap_free(bound);
    return status;
}
