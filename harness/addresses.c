// SPDX-License-Identifier: Apache-2.0
// From NAME:ADDRESS to builds.
#include "harness/addresses.h"

#include "harness/suite_values.h"

static enum ed_status add(struct ed_engines *engines, const char *on, struct ed_error *err) {
    const char *address = on ? ed_suite_on_address(on) : NULL;
    char name[64];
    if (!address)
        return ED_OK;
    snprintf(name, sizeof name, "%.*s", (int)(address - 1 - on), on);
    enum ed_status status = ed_engines_add_address(engines, name, address, err);
    // A name that is not there is a mistake of whoever wrote it.
    return status == ED_ERR_NOT_FOUND ? (err ? (err->code = ED_ERR_USAGE) : ED_ERR_USAGE) : status;
}

enum ed_status ed_addresses_add(struct ed_engines *engines, const struct ed_suite *suite,
                                struct ed_error *err) {
    enum ed_status status = ED_OK;
    for (size_t i = 0; status == ED_OK && i < suite->n_on; i++)
        status = add(engines, suite->on[i], err);
    for (size_t side = 0; status == ED_OK && suite->gate.active && side < 2; side++)
        status = add(engines, suite->gate.side_on[side], err);
    return status;
}
