// SPDX-License-Identifier: Apache-2.0
// Reading a profile, which a device wrote: everything in it is checked.
#include "harness/profile.h"

#include <stdlib.h>
#include <string.h>

#include "edgedyno/backend.h"
#include "harness/seal.h"

#define FILE_MAX_BYTES (4u << 20)
#define MOST (INT64_C(1) << 53)
#define CODE_DONE "profiled"
#define CODE_NONE "not_profiled"

static int by_time(const void *a, const void *b) {
    const struct ed_report_op *left = a, *right = b;
    if (left->total_ns != right->total_ns)
        return left->total_ns < right->total_ns ? 1 : -1;
    const int order = strcmp(left->name, right->name);
    return order ? order : strcmp(left->op, right->op);
}

static enum ed_status read_op(const struct ed_json_at *at, struct ed_report_op *op, struct ed_error *err) {
    int64_t calls = 0;
    enum ed_status status = ed_json_get_text(at, "name", &op->name, err);
    if (status == ED_OK)
        status = ed_json_get_text(at, "op", &op->op, err);
    if (status == ED_OK)
        status = ed_json_get_text(at, "processor", &op->processor, err);
    if (status == ED_OK)
        status = ed_json_get_int(at, "calls", 0, MOST, &calls, err);
    if (status == ED_OK)
        status = ed_json_get_int(at, "total_ns", 0, MOST, &op->total_ns, err);
    op->calls = (uint64_t)calls;
    return status;
}

static enum ed_status read_ops(struct ed_profile *profile, struct ed_error *err) {
    const struct ed_json_at root = ed_json_root(&profile->document), ops = ed_json_member(&root, "ops");
    const size_t n = ed_json_count(&ops);
    double sum = 0;
    enum ed_status status = ed_json_expect_array(&ops, err);
    if (status == ED_OK && n > ED_PROFILE_OPS_MAX)
        status = ed_json_fail(&ops, err, "%zu operators; at most %d are allowed", n, ED_PROFILE_OPS_MAX);
    if (status != ED_OK)
        return status;
    profile->ops = calloc(n ? n : 1, sizeof *profile->ops);
    if (!profile->ops)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the operators of a profile");
    for (struct ed_json_at at = ed_json_element(&ops, 0); status == ED_OK && at.value;
         at = ed_json_next(&at)) {
        struct ed_report_op *op = &profile->ops[profile->n++];
        status = read_op(&at, op, err);
        sum += (double)op->total_ns;
    }
    for (size_t i = 0; status == ED_OK && i < profile->n; i++)
        profile->ops[i].share = sum > 0 ? (double)profile->ops[i].total_ns / sum : 0;
    if (status == ED_OK)
        qsort(profile->ops, profile->n, sizeof *profile->ops, by_time);
    return status;
}

static enum ed_status read_file(struct ed_profile *profile, const struct ed_campaign_device *device,
                                const cJSON *evidence, const char *name, struct ed_error *err) {
    char directory[ED_PATH_BYTES], path[ED_PATH_BYTES];
    if (!ed_path_name_ok(name))
        return ed_fail(err, ED_ERR_PARSE, device->id, "the journal names no file of the profile");
    enum ed_status status = ed_path_join(directory, device->directory, ED_CAMPAIGN_OUTPUTS, err);
    if (status == ED_OK)
        status = ed_path_join(path, directory, name, err);
    if (status == ED_OK)
        status = ed_seal_output(path, evidence, 0, err);
    if (status == ED_OK)
        status = ed_json_parse_file(&profile->document, path, FILE_MAX_BYTES, err);
    return status == ED_OK ? read_ops(profile, err) : status;
}

// "42 operators in 50 runs; a run took 1.26 of the timed median".
static void tell(struct ed_result *result, const struct ed_profile *profile, int64_t left_out) {
    char overhead[160] = "its overhead is not known: the engine does not tell how long a profiled run took";
    char cut[64] = "";
    const double median_ns = (double)result->latency_p50_ns;
    if (profile->run_ns >= 0 && result->has[ED_FIELD_latency_p50_ns] && median_ns > 0)
        snprintf(overhead, sizeof overhead, "a profiled run took %.2f of the timed median",
                 (double)profile->run_ns / median_ns);
    else if (profile->run_ns >= 0)
        snprintf(overhead, sizeof overhead, "its overhead is not known: nothing was timed to compare with");
    if (left_out > 0)
        snprintf(cut, sizeof cut, " (%lld more are left out)", (long long)left_out);
    ed_result_reason(result, "", CODE_DONE,
                     "profiled in a pass of its own: %zu operator%s%s in %lld run%s; %s", profile->n,
                     profile->n == 1 ? "" : "s", cut, (long long)profile->runs, profile->runs == 1 ? "" : "s",
                     overhead);
}

static int64_t number(const struct ed_json_at *object, const char *key, int64_t otherwise) {
    int64_t value = otherwise;
    ed_json_opt_int(object, key, 0, MOST, &value, NULL);
    return value;
}

static void load_block(struct ed_profile *profile, const struct ed_campaign_device *device,
                       const struct ed_json_document *line, struct ed_result *result, struct ed_error *err) {
    const struct ed_json_at root = ed_json_root(line), evidence = ed_json_member(&root, "evidence"),
                            told = ed_json_member(&evidence, "profile"),
                            files = ed_json_member(&evidence, "output_files"),
                            first = ed_json_element(&files, 0);
    const char *reason = "", *name = "";
    struct ed_error wrong = {0};
    ed_json_opt_text(&evidence, "profile_reason", &reason, NULL);
    if (reason[0]) {
        ed_result_reason(result, "", CODE_NONE, "no profile: %.300s", reason);
        return;
    }
    if (first.value)
        ed_json_as_text(&first, &name, NULL);
    profile->runs = number(&told, "runs", 0);
    profile->run_ns = number(&told, "run_ns", -1);
    enum ed_status status = read_file(profile, device, evidence.value, name, &wrong);
    if (status == ED_OK) {
        tell(result, profile, number(&told, "left_out", 0));
        return;
    }
    ed_profile_release(profile);
    if (status == ED_ERR_NO_MEMORY)
        ed_fail(err, status, NULL, "%s", wrong.message);
    else
        ed_result_reason(result, "", CODE_NONE, "no profile: %.100s: %.200s", wrong.where, wrong.message);
}

void ed_profile_load(struct ed_profile *profile, const struct ed_campaign_device *device,
                     const struct ed_blocks *blocks, size_t case_index, struct ed_result *result,
                     struct ed_error *err) {
    memset(profile, 0, sizeof *profile);
    profile->run_ns = -1;
    for (size_t i = 0; i < blocks->n; i++) {
        const struct ed_block *block = &blocks->items[i];
        if (block->case_index != case_index || strcmp(block->pass, ED_PASS_PROFILE) || block->skipped)
            continue;
        if (block->outcome == ED_OUTCOME_OK)
            load_block(profile, device, &blocks->documents[i], result, err);
        else
            ed_result_reason(result, "", CODE_NONE, "no profile: the profile block failed: %.300s",
                             block->message[0] ? block->message : "no reason is known");
        return;
    }
}

void ed_profile_release(struct ed_profile *profile) {
    free(profile->ops);
    ed_json_document_release(&profile->document);
    memset(profile, 0, sizeof *profile);
}

void ed_profile_ops(const struct ed_records *records, const struct ed_result *result,
                    const struct ed_report_op **ops, size_t *n) {
    *ops = NULL;
    *n = 0;
    if (!records->profiles || result < records->items || result >= records->items + records->n)
        return;
    const struct ed_profile *profile = &records->profiles[result - records->items];
    *ops = profile->ops;
    *n = profile->n;
}
