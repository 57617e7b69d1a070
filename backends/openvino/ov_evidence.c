// SPDX-License-Identifier: Apache-2.0
// Where the model runs and with what precision, by the compiled model's own properties; times of its
// operators.
#include "backends/adapter_text.h"
#include "backends/openvino/ov.h"
#include "base/clock.h"

// The value of a property; "" where the compiled model does not have it.
static void property(const struct ov_state *ov, const char *key, char *text, size_t bytes) {
    char *value = NULL;
    text[0] = 0;
    if (!ov->api.compiled_model_get_property(ov->compiled, key, &value) && value)
        ed_adapter_text(text, bytes, value);
    ov->api.free(value);
}

// A device that hands the model on gives its members' properties in one text,
// {CPU:{INFERENCE_PRECISION_HINT:f32,...}}: the first value of the key.
static void member_property(const struct ov_state *ov, const char *key, char *text, size_t bytes) {
    char *all = NULL;
    text[0] = 0;
    if (!ov->api.compiled_model_get_property(ov->compiled, "DEVICE_PROPERTIES", &all) && all) {
        const size_t n = strlen(key);
        const char *at = strstr(all, key);
        while (at && at[n] != ':')
            at = strstr(at + n, key);
        if (at)
            snprintf(text, bytes, "%.*s", (int)strcspn(at + n + 1, ",}"), at + n + 1);
    }
    ov->api.free(all);
}

static void setting(const struct ov_state *ov, const char *key, char *text, size_t bytes) {
    property(ov, key, text, bytes);
    if (!text[0])
        member_property(ov, key, text, bytes);
}

static void add_detail(const struct ov_state *ov, struct ed_placement *out, const char *key) {
    char value[96];
    const size_t used = strlen(out->detail);
    setting(ov, key, value, sizeof value);
    snprintf(out->detail + used, sizeof out->detail - used, "%s%s=%s", used ? "; " : "", key,
             value[0] ? value : "not told");
}

// "meta=1.0;ov=2026.4.1;isa=Intel AVX2": which instructions the kernels were chosen for.
static void add_instructions(const struct ov_state *ov, struct ed_placement *out) {
    char value[256];
    const size_t used = strlen(out->detail);
    property(ov, "RUNTIME_REQUIREMENTS", value, sizeof value);
    const char *isa = strstr(value, "isa=");
    if (isa)
        snprintf(out->detail + used, sizeof out->detail - used, "; %.*s", (int)strcspn(isa, ";"), isa);
}

enum ed_status ov_evidence_placement(const struct ov_state *ov, struct ed_placement *out,
                                     struct ed_error *err) {
    char devices[128];
    memset(out, 0, sizeof *out);
    if (!ov->compiled)
        return ed_fail(err, ED_ERR_INTERNAL, NULL, "placement was asked for before a model was loaded");
    property(ov, "EXECUTION_DEVICES", devices, sizeof devices);
    snprintf(out->detail, sizeof out->detail, "EXECUTION_DEVICES=%s", devices[0] ? devices : "not told");
    add_detail(ov, out, "INFERENCE_PRECISION_HINT");
    add_detail(ov, out, "INFERENCE_NUM_THREADS");
    add_instructions(ov, out);
    // Of several devices the engine does not say how much of the model each one has.
    if (!devices[0] || strpbrk(devices, " ,"))
        return ED_OK;
    out->proven = true;
    out->total = out->n_places = 1;
    snprintf(out->unit, sizeof out->unit, "model");
    // By the backend's own name, so that AUTO is what was asked for whichever device it chose.
    snprintf(out->places[0].name, sizeof out->places[0].name, "%s",
             ov->plan.several ? ov->plan.native : devices);
    if (!ov->plan.several)
        out->places[0].name[strcspn(devices, ".")] = 0;
    out->places[0].processor = ov_device_processor(devices);
    out->places[0].count = 1;
    return ED_OK;
}

static const char *asked_for(const struct ov_plan *plan, const char *key) {
    for (size_t i = 0; i < plan->n_properties; i++)
        if (!strcmp(plan->properties[i].key, key))
            return plan->properties[i].value;
    for (size_t i = 0; i < plan->n_defaults; i++)
        if (!strcmp(plan->defaults[i].key, key))
            return plan->defaults[i].value;
    return "";
}

enum ed_status ov_evidence_taken(const struct ov_state *ov, bool allow_fallback, struct ed_error *err) {
    const char *precision = asked_for(&ov->plan, "INFERENCE_PRECISION_HINT");
    const char *threads = asked_for(&ov->plan, "INFERENCE_NUM_THREADS");
    char got[32];
    setting(ov, "INFERENCE_PRECISION_HINT", got, sizeof got);
    if (precision[0] && got[0] && strcmp(precision, got) != 0 && !allow_fallback)
        return ed_fail(err, ED_ERR_UNSUPPORTED, "-o inference_precision",
                       "%s was asked for; OpenVINO %s runs the model in %s on %s (--allow-fallback takes it)",
                       precision, ov->version, got, ov->plan.device);
    setting(ov, "INFERENCE_NUM_THREADS", got, sizeof got);
    if (threads[0] && got[0] && strcmp(threads, got) != 0)
        return ed_fail(err, ED_ERR_UNSUPPORTED, "-t",
                       "%s threads were asked for; OpenVINO %s takes %s, as it has no more than one for each "
                       "processor that it may use",
                       threads, ov->version, got);
    return ED_OK;
}

// The first run is outside the whole time, though not outside the engine's own means.
static enum ed_status run_profiled(const struct ov_state *ov, struct ov_request *request, uint32_t runs,
                                   int64_t *whole_ns, struct ov_profile *profile, struct ed_error *err) {
    enum ed_status status = ov_tensors_give(ov, request, err);
    if (!status)
        status = ov_check(ov, ov->api.infer_request_infer(request), "running with a profile", err);
    const int64_t before_ns = ed_clock_raw_ns();
    for (uint32_t i = 0; i < runs && !status; i++)
        status = ov_check(ov, ov->api.infer_request_infer(request), "running with a profile", err);
    *whole_ns = ed_clock_raw_ns() - before_ns;
    return status ? status
                  : ov_check(ov, ov->api.infer_request_get_profiling_info(request, profile),
                             "asking for the profile", err);
}

static void take_rows(const struct ov_state *ov, const struct ov_profile *profile, uint32_t runs,
                      struct ed_op_profile_row *rows, size_t capacity, size_t *n) {
    const enum ed_processor processor =
        ov->plan.n_members == 1 ? ov_device_processor(ov->plan.members[0]) : ED_PROCESSOR_UNKNOWN;
    for (size_t i = 0; i < profile->n && *n < capacity; i++) {
        const struct ov_profile_row *from = &profile->rows[i];
        struct ed_op_profile_row *row = &rows[*n];
        if (from->status != OV_NODE_EXECUTED)
            continue;
        memset(row, 0, sizeof *row);
        ed_adapter_text(row->name, sizeof row->name, from->node_name ? from->node_name : "");
        ed_adapter_text(row->op, sizeof row->op, from->node_type ? from->node_type : "");
        row->processor = processor;
        row->calls = runs;
        row->total_ns = from->real_us > 0 ? from->real_us * 1000 * (int64_t)runs : 0;
        ++*n;
    }
}

enum ed_status ov_evidence_profile(const struct ov_state *ov, uint32_t runs, struct ed_op_profile_row *rows,
                                   size_t capacity, size_t *n, struct ed_error *err) {
    struct ov_compiled *compiled = NULL;
    struct ov_request *request = NULL;
    struct ov_profile profile = {0};
    int64_t whole_ns = 0;
    *n = 0;
    if (!ov->bound)
        return ed_fail(err, ED_ERR_INTERNAL, NULL, "a profile was asked for before inputs were bound");
    enum ed_status status = ov_plan_compile(ov, &ov->plan, true, &compiled, err);
    if (!status)
        status = ov_check(ov, ov->api.compiled_model_create_infer_request(compiled, &request),
                          "making a request", err);
    if (!status)
        status = run_profiled(ov, request, runs, &whole_ns, &profile, err);
    if (!status && capacity) {
        rows[(*n)++] = (struct ed_op_profile_row){.name = "inference",
                                                  .op = ED_PROFILE_WHOLE_RUN,
                                                  .processor = ED_PROCESSOR_UNKNOWN,
                                                  .calls = runs,
                                                  .total_ns = whole_ns};
        take_rows(ov, &profile, runs, rows, capacity, n);
    }
    ov->api.profiling_info_list_free(&profile);
    if (request)
        ov->api.infer_request_free(request);
    if (compiled)
        ov->api.compiled_model_free(compiled);
    return status;
}
