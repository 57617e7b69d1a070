// SPDX-License-Identifier: Apache-2.0
// From a suite to workloads.
#include "harness/workloads.h"

#include <stdlib.h>
#include <string.h>

#include "base/workload.h"

static enum ed_status add(struct ed_workloads *workloads, const struct ed_workload *workload,
                          struct ed_error *err) {
    enum ed_status status = ed_workload_check(workload, NULL, err);
    if (status != ED_OK)
        return status;
    for (size_t i = 0; i < workloads->n; i++)
        if (memcmp(&workloads->items[i], workload, sizeof *workload) == 0)
            return ED_OK;
    struct ed_workload *items = realloc(workloads->items, (workloads->n + 1) * sizeof *items);
    if (!items)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the workloads");
    workloads->items = items;
    // Copied as bytes, padding included, since that is how they are compared.
    memcpy(&items[workloads->n++], workload, sizeof *workload);
    return ED_OK;
}

// As llama-bench does where nothing is asked.
static enum ed_status add_language(struct ed_workloads *workloads, struct ed_error *err) {
    struct ed_workload workload;
    memset(&workload, 0, sizeof workload);
    workload.prompt_tokens = 512;
    enum ed_status status = add(workloads, &workload, err);
    workload.prompt_tokens = 0;
    workload.generate_tokens = 128;
    return status ? status : add(workloads, &workload, err);
}

enum ed_status ed_workloads_make(struct ed_workloads *workloads, const struct ed_suite *suite,
                                 const struct ed_manifest *manifest, struct ed_error *err) {
    struct ed_workload single;
    enum ed_status status = ED_OK;
    memset(workloads, 0, sizeof *workloads);
    memset(&single, 0, sizeof single);
    if (manifest->language)
        return add_language(workloads, err);
    for (size_t i = 0; status == ED_OK && i < suite->n_scenarios; i++)
        status = add(workloads, &suite->scenarios[i], err);
    return status == ED_OK && !workloads->n ? add(workloads, &single, err) : status;
}

void ed_workloads_release(struct ed_workloads *workloads) {
    free(workloads->items);
    memset(workloads, 0, sizeof *workloads);
}
