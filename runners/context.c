// SPDX-License-Identifier: Apache-2.0
// The device's state before and after a block.
#include "runners/context.h"

#include <stdlib.h>
#include <string.h>

#include "runners/sampler_parts.h"

enum ed_status ed_context_init(struct ed_context *context, const struct ed_sampler *sampler,
                               struct ed_error *err) {
    context->n = 0;
    context->values = calloc(sampler->n_channels ? sampler->n_channels : 1, sizeof *context->values);
    return context->values
               ? ED_OK
               : ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the state of the device around a block");
}

void ed_context_release(struct ed_context *context) {
    free(context->values);
    memset(context, 0, sizeof *context);
}

static bool belongs(const struct ed_channel *channel) {
    static const char *const left_out[] = {"uw", "uj", "uv", "ua", "uah"};
    bool wanted = channel->available && channel->scope != ED_SCOPE_PROCESS;
    for (size_t i = 0; i < sizeof left_out / sizeof left_out[0]; i++)
        wanted = wanted && strcmp(channel->unit, left_out[i]) != 0;
    return wanted;
}

void ed_context_take(struct ed_context *context, struct ed_sampler *sampler) {
    context->n = sampler->n_channels;
    for (size_t i = 0; i < sampler->n; i++) {
        const struct ed_sampler_source *source = &sampler->sources[i];
        bool wanted = false;
        for (size_t c = 0; c < source->n; c++)
            wanted = wanted || belongs(&source->channels[c]);
        if (wanted)
            source->probe->sample(source->state, source->values, source->n);
        for (size_t c = 0; c < source->n; c++)
            context->values[source->number + c] =
                wanted && belongs(&source->channels[c]) ? source->values[c] : INT64_MIN;
    }
}

void ed_context_write(const struct ed_context *context, const struct ed_sampler *sampler, const char *key,
                      struct ed_json_writer *w) {
    if (!context->n)
        return;
    ed_json_object_begin(w, key);
    for (size_t i = 0; i < sampler->n; i++)
        for (size_t c = 0; c < sampler->sources[i].n; c++) {
            const int64_t value = context->values[sampler->sources[i].number + c];
            if (value != INT64_MIN)
                ed_json_int(w, sampler->sources[i].channels[c].id, value);
        }
    ed_json_object_end(w);
}
