// SPDX-License-Identifier: Apache-2.0
// Collecting evidence in the worker.
#include "runners/evidence.h"

#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/tasks.h"

static void write_shape(struct ed_json_writer *w, const int64_t *shape, uint32_t rank) {
    ed_json_array_begin(w, "shape");
    for (uint32_t d = 0; d < rank; d++)
        ed_json_int(w, NULL, shape[d]);
    ed_json_array_end(w);
}

static void write_info(struct ed_json_writer *w, const struct ed_tensor_info *info, const int64_t *shape) {
    ed_json_object_begin(w, NULL);
    ed_json_text(w, "name", info->name);
    ed_json_text(w, "dtype", ed_dtype_name(info->dtype));
    write_shape(w, shape, info->rank);
    if (info->quantized) {
        ed_json_real(w, "scale", info->scale);
        ed_json_int(w, "zero_point", info->zero_point);
    }
    ed_json_object_end(w);
}

void ed_evidence_io(struct ed_json_writer *w, const struct ed_io *io, const struct ed_inputs *inputs) {
    ed_json_array_begin(w, "inputs");
    for (size_t i = 0; i < io->n_inputs; i++)
        write_info(w, &io->inputs[i], inputs->tensors[i].shape);
    ed_json_array_end(w);
    ed_json_array_begin(w, "model_outputs");
    for (size_t i = 0; i < io->n_outputs; i++)
        write_info(w, &io->outputs[i], io->outputs[i].shape);
    ed_json_array_end(w);
}

static enum ed_status check_output(const struct ed_tensor *view, const struct ed_tensor_info *info,
                                   struct ed_error *err) {
    int64_t count = ed_shape_count(view->shape, view->rank <= ED_TENSOR_RANK_MAX ? view->rank : 0);
    if (view->rank > ED_TENSOR_RANK_MAX || count < 0 ||
        view->bytes != (size_t)count * ed_dtype_bytes(view->dtype))
        return ed_fail(err, ED_ERR_REFUSED, NULL,
                       "output '%s' has %zu bytes, which do not fit its shape and type", view->name,
                       view->bytes);
    bool same = view->rank == info->rank && view->dtype == info->dtype;
    for (uint32_t d = 0; same && d < view->rank; d++)
        same = info->shape[d] < 0 || info->shape[d] == view->shape[d];
    if (!same) {
        char promised[128];
        ed_shape_print(promised, sizeof promised, info);
        return ed_fail(err, ED_ERR_REFUSED, NULL, "output '%s' is not what the model promised (%s %s)",
                       view->name, ed_dtype_name(info->dtype), promised);
    }
    return ED_OK;
}

static enum ed_status run_once(const struct ed_adapter *adapter, const struct ed_io *io,
                               struct ed_tensor *views, size_t *n, char (*digests)[ED_DIGEST_HEX_BYTES],
                               struct ed_error *err) {
    enum ed_status status = adapter->backend->run(adapter->state, err);
    if (status == ED_OK)
        status = adapter->backend->outputs(adapter->state, views, ED_TENSORS_MAX, n, err);
    if (status == ED_OK && *n != io->n_outputs)
        status = ed_fail(err, ED_ERR_REFUSED, NULL, "the engine gave %zu outputs, the model has %zu", *n,
                         io->n_outputs);
    for (size_t i = 0; status == ED_OK && i < *n; i++) {
        status = check_output(&views[i], &io->outputs[i], err);
        if (status == ED_OK)
            ed_digest_bytes(digests[i], views[i].data, views[i].bytes);
    }
    return status;
}

enum ed_status ed_evidence_outputs(struct ed_json_writer *w, const struct ed_adapter *adapter,
                                   const struct ed_io *io, struct ed_error *err) {
    struct ed_tensor *views = calloc(ED_TENSORS_MAX, sizeof *views);
    char(*first)[ED_DIGEST_HEX_BYTES] = calloc(ED_TENSORS_MAX, sizeof *first);
    char(*second)[ED_DIGEST_HEX_BYTES] = calloc(ED_TENSORS_MAX, sizeof *second);
    size_t n = 0;
    enum ed_status status = views && first && second
                                ? ED_OK
                                : ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory to check the outputs");
    if (status == ED_OK)
        status = run_once(adapter, io, views, &n, first, err);
    if (status == ED_OK)
        status = run_once(adapter, io, views, &n, second, err);
    if (status == ED_OK) {
        bool same = true;
        ed_json_array_begin(w, "outputs");
        for (size_t i = 0; i < n; i++) {
            same = same && !strcmp(first[i], second[i]);
            ed_json_object_begin(w, NULL);
            ed_json_text(w, "name", views[i].name);
            ed_json_text(w, "dtype", ed_dtype_name(views[i].dtype));
            write_shape(w, views[i].shape, views[i].rank);
            ed_json_text(w, "sha256", first[i]);
            ed_json_object_end(w);
        }
        ed_json_array_end(w);
        if (n)
            ed_json_bool(w, "deterministic", same);
    }
    free(views);
    free(first);
    free(second);
    return status;
}

void ed_evidence_survey(struct ed_json_writer *w, const struct ed_survey *survey) {
    ed_json_text(w, "engine_version", survey->engine_version);
    ed_json_text(w, "build_info", survey->build_info);
    ed_json_array_begin(w, "backends");
    for (size_t i = 0; i < survey->n_rows && i < ED_SURVEY_MAX; i++) {
        const struct ed_survey_row *row = &survey->rows[i];
        ed_json_object_begin(w, NULL);
        ed_json_text(w, "backend", row->backend);
        ed_json_text(w, "processor", ed_processor_word(row->processor));
        ed_json_text(w, "native", row->native);
        ed_json_text(w, "device_name", row->device_name);
        ed_json_bool(w, "simulated", row->simulated);
        ed_json_bool(w, "available", row->available);
        ed_json_text(w, "reason", row->reason);
        ed_json_object_end(w);
    }
    ed_json_array_end(w);
}

static void write_placement(struct ed_json_writer *w, const struct ed_placement *placement) {
    ed_json_object_begin(w, "placement");
    ed_json_bool(w, "proven", placement->proven);
    ed_json_text(w, "unit", placement->unit);
    ed_json_int(w, "total", placement->total);
    ed_json_text(w, "detail", placement->detail);
    ed_json_array_begin(w, "places");
    for (size_t i = 0; i < placement->n_places && i < ED_PLACES_MAX; i++) {
        ed_json_object_begin(w, NULL);
        ed_json_text(w, "name", placement->places[i].name);
        ed_json_text(w, "processor", ed_processor_word(placement->places[i].processor));
        ed_json_int(w, "count", placement->places[i].count);
        ed_json_text(w, "operators", placement->places[i].operators);
        ed_json_object_end(w);
    }
    ed_json_array_end(w);
    ed_json_object_end(w);
}

void ed_evidence_facts(struct ed_json_writer *w, const struct ed_adapter *adapter) {
    struct ed_facts *facts = calloc(1, sizeof *facts);
    struct ed_error failure = {0};
    if (!facts || !adapter->backend->facts ||
        adapter->backend->facts(adapter->state, facts, &failure) != ED_OK) {
        free(facts);
        return;
    }
    ed_json_object_begin(w, "facts");
    for (size_t i = 0; i < facts->n && i < ED_FACTS_MAX; i++)
        ed_json_int(w, facts->items[i].key, facts->items[i].value);
    if (facts->note[0])
        ed_json_text(w, "note", facts->note);
    ed_json_object_end(w);
    free(facts);
}

void ed_evidence_engine(struct ed_json_writer *w, const struct ed_adapter *adapter) {
    struct ed_error failure = {0};
    struct ed_placement *placement = calloc(1, sizeof *placement);
    struct ed_survey *survey = calloc(1, sizeof *survey);
    struct ed_engine_memory memory = {-1, -1, -1, -1};
    ed_json_int(w, "threads_seen", ed_tasks_count());
    if (placement && adapter->backend->placement(adapter->state, placement, &failure) == ED_OK)
        write_placement(w, placement);
    else
        ed_json_text(w, "placement_reason", failure.message);
    memset(&failure, 0, sizeof failure);
    if (adapter->backend->engine_memory(adapter->state, &memory, &failure) == ED_OK) {
        const struct {
            const char *key;
            int64_t bytes;
        } sizes[] = {{"weights_bytes", memory.weights_bytes},
                     {"arena_bytes", memory.arena_bytes},
                     {"kv_cache_bytes", memory.kv_cache_bytes},
                     {"compute_buffer_bytes", memory.compute_buffer_bytes}};
        ed_json_object_begin(w, "engine_memory");
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
            if (sizes[i].bytes >= 0)
                ed_json_int(w, sizes[i].key, sizes[i].bytes);
        ed_json_object_end(w);
    } else {
        ed_json_text(w, "engine_memory_reason", failure.message);
    }
    memset(&failure, 0, sizeof failure);
    if (survey && adapter->backend->survey(adapter->state, survey, &failure) == ED_OK)
        ed_evidence_survey(w, survey);
    else
        ed_json_text(w, "survey_reason", failure.message);
    free(placement);
    free(survey);
}
