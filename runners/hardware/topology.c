// SPDX-License-Identifier: Apache-2.0
// The machine's topology as hwloc sees it: packages, NUMA nodes, cores, processing units, caches, kinds of
// CPU.
#include <errno.h>
#include <hwloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runners/hardware/sources.h"

static void missing(struct ed_json_writer *writer, const char *reason) {
    ed_json_bool(writer, "available", false);
    ed_json_text(writer, "reason", reason);
}

static void caches_write(hwloc_topology_t topology, struct ed_json_writer *writer) {
    struct ed_cpu_facts facts = {0};
    int depth = hwloc_topology_get_depth(topology);
    for (int d = 0; d < depth; d++) {
        hwloc_obj_type_t type = hwloc_get_depth_type(topology, d);
        if (!hwloc_obj_type_is_cache(type))
            continue;
        for (hwloc_obj_t object = NULL; (object = hwloc_get_next_obj_by_depth(topology, d, object));) {
            const struct hwloc_cache_attr_s *cache = &object->attr->cache;
            ed_cpu_cache_add(&facts, (int)cache->depth,
                             cache->type == HWLOC_OBJ_CACHE_DATA          ? "data"
                             : cache->type == HWLOC_OBJ_CACHE_INSTRUCTION ? "instruction"
                                                                          : "unified",
                             (int64_t)cache->size, hwloc_bitmap_weight(object->cpuset));
        }
    }
    ed_json_array_begin(writer, "caches");
    for (size_t i = 0; i < facts.n_caches; i++) {
        ed_json_object_begin(writer, NULL);
        ed_json_int(writer, "level", facts.caches[i].level);
        ed_json_text(writer, "type", facts.caches[i].type);
        ed_json_int(writer, "bytes", facts.caches[i].bytes);
        ed_json_int(writer, "shared_by", facts.caches[i].shared_by);
        ed_json_int(writer, "count", facts.caches[i].count);
        ed_json_object_end(writer);
    }
    ed_json_array_end(writer);
}

static void kinds_write(hwloc_topology_t topology, struct ed_json_writer *writer) {
    hwloc_bitmap_t set = hwloc_bitmap_alloc();
    int n = set ? hwloc_cpukinds_get_nr(topology, 0) : 0;
    ed_json_array_begin(writer, "cpu_kinds");
    for (int i = 0; i < n; i++) {
        char *cpus = NULL;
        int efficiency = -1;
        unsigned n_infos = 0;
        struct hwloc_info_s *infos = NULL;
        if (hwloc_cpukinds_get_info(topology, (unsigned)i, set, &efficiency, &n_infos, &infos, 0) != 0 ||
            hwloc_bitmap_list_asprintf(&cpus, set) < 0)
            continue;
        ed_json_object_begin(writer, NULL);
        ed_json_text(writer, "cpus", cpus);
        if (efficiency < 0)
            ed_json_null(writer, "efficiency");
        else
            ed_json_int(writer, "efficiency", efficiency);
        for (unsigned k = 0; k < n_infos; k++)
            ed_json_text(writer, infos[k].name, infos[k].value);
        ed_json_object_end(writer);
        free(cpus);
    }
    ed_json_array_end(writer);
    hwloc_bitmap_free(set);
}

static void counts_write(hwloc_topology_t topology, struct ed_json_writer *writer) {
    static const struct {
        const char *key;
        hwloc_obj_type_t type;
    } counts[] = {{"packages", HWLOC_OBJ_PACKAGE},
                  {"numa_nodes", HWLOC_OBJ_NUMANODE},
                  {"cores", HWLOC_OBJ_CORE},
                  {"processing_units", HWLOC_OBJ_PU}};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        int n = hwloc_get_nbobjs_by_type(topology, counts[i].type);
        // 0: the system does not say; a machine without one package or core does not exist.
        if (n > 0)
            ed_json_int(writer, counts[i].key, n);
        else
            ed_json_null(writer, counts[i].key);
    }
}

void ed_topology_write(bool live, struct ed_json_writer *writer) {
    hwloc_topology_t topology = NULL;
    char text[192];
    ed_json_object_begin(writer, "topology");
    ed_json_text(writer, "source", "hwloc");
    ed_json_text(writer, "version", HWLOC_VERSION);
    if (!live) {
        missing(writer, "hwloc speaks of the running system, not of a recorded tree");
        goto out;
    }
    if (hwloc_topology_init(&topology) != 0 ||
        hwloc_topology_set_icache_types_filter(topology, HWLOC_TYPE_FILTER_KEEP_ALL) != 0 ||
        hwloc_topology_load(topology) != 0) {
        snprintf(text, sizeof text, "hwloc cannot read the topology: %s", strerror(errno));
        missing(writer, text);
        goto out;
    }
    if (!hwloc_topology_is_thissystem(topology)) {
        missing(writer, "hwloc was told by its environment variables to show another machine: unset HWLOC_*");
        goto out;
    }
    ed_json_bool(writer, "available", true);
    counts_write(topology, writer);
    caches_write(topology, writer);
    kinds_write(topology, writer);
out:
    if (topology)
        hwloc_topology_destroy(topology);
    ed_json_object_end(writer);
}
