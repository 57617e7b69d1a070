// SPDX-License-Identifier: Apache-2.0
// Finished campaigns in a store (store.h), and out of it again. A campaign goes in whole or not at all; the
// store holds nothing that is not made from campaigns' directories.
#ifndef EDGEDYNO_HARNESS_HISTORY_HISTORY_H
#define EDGEDYNO_HARNESS_HISTORY_HISTORY_H

#include "harness/campaign.h"
#include "harness/history/store.h"

enum ed_history_import_state {
    ED_HISTORY_NEW,
    ED_HISTORY_SAME, // was there already, with as many blocks or more
    ED_HISTORY_MORE, // was there with fewer blocks: replaced
};

struct ed_history_import {
    enum ed_history_import_state state;
    size_t cases, values;
    bool partial; // blocks are missing, or a device did not take part: marked so, and never a change point
};

// ED_ERR_USAGE: nothing of it has been measured, or its id belongs to another campaign.
enum ed_status ed_history_import(struct ed_store *store, const struct ed_campaign *campaign,
                                 const struct ed_records *records, struct ed_history_import *done,
                                 struct ed_error *err);

struct ed_history_campaign {
    char id[64], started_utc[32], suite[128], label[256], version[32];
    int64_t blocks_planned, blocks_done, devices_absent;
};

struct ed_history_value {
    int field; // enum ed_result_index
    double value, low, high;
    bool has_span;
};

// A record: one case and task of one campaign on one device.
struct ed_history_record {
    size_t campaign; // index
    int64_t record;  // its number there
    char case_id[256], device[64], target[32];
    char engine[64], engine_version[64], engine_build_sha256[65];
    char backend[64], processor[16], model[128], variant[128], model_sha256[65];
    int64_t threads;
    char options[256], workload[256], accuracy_metric[64];
    bool simulated;
    bool fell_back; // not all of it ran where it was asked to
    char outcome[16], verdict[16];
    char invalid[256]; // "latency=throttled load_ns=page_cache_cold": what is void, and why; "" nothing known
    char hardware[512];              // the machine behind the device's name; "" unknown
    struct ed_history_value *values; // in the order of the result keys
    size_t n_values;
};

struct ed_history {
    struct ed_history_campaign *campaigns; // by start, then id
    size_t n_campaigns;
    struct ed_history_record *records; // by campaign, then number
    size_t n_records;
};

struct ed_history_filter {
    const char *const *labels; // KEY=VALUE; a campaign must have all of them
    size_t n_labels;
    const char *const *devices; // ids or globs; any of them; none: all
    size_t n_devices;
    const char *const *words; // each must be in the case's words; case ignored
    size_t n_words;
    const int *fields; // values of these result keys alone; none: all
    size_t n_fields;
};

// Campaigns that hold no record by the filter are left out.
enum ed_status ed_history_load(struct ed_history *history, struct ed_store *store,
                               const struct ed_history_filter *filter, struct ed_error *err);
void ed_history_release(struct ed_history *history); // safe on a zeroed struct

// The value of a key, or NULL.
const struct ed_history_value *ed_history_find(const struct ed_history_record *record, int field);
// Whether the record's value of a key is void: taken in a bad state, or no speed at all since it is
// simulated.
bool ed_history_void(const struct ed_history_record *record, int field);
bool ed_history_partial(const struct ed_history_campaign *campaign);
// The value of label `key` of "KEY=VALUE KEY=VALUE", cut to `bytes`; false where there is none.
bool ed_history_label(const char *label, const char *key, char *out, size_t bytes);

#endif
