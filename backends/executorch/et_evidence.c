// SPDX-License-Identifier: Apache-2.0
// Where the program runs: each of its instructions names the kernel or the delegate that carries it out, and
// the engine takes no other. An operator inside a delegate counts as one, as a kernel does.
#include <stdio.h>
#include <string.h>

#include "backends/executorch/et.h"

// The device that an OpenVINO delegate was made for: "GPU.0", "AUTO:GPU,CPU".
static enum ed_processor processor_of_device(const char *device) {
    return !strncmp(device, "CPU", 3)   ? ED_PROCESSOR_CPU
           : !strncmp(device, "GPU", 3) ? ED_PROCESSOR_GPU
           : !strncmp(device, "NPU", 3) ? ED_PROCESSOR_NPU
                                        : ED_PROCESSOR_UNKNOWN;
}

enum ed_processor et_processor_of(const struct et_delegate *delegate) {
    const struct et_offer *offer = et_offer_of_delegate(delegate->id);
    if (!offer || offer->processor == ED_PROCESSOR_UNKNOWN)
        return processor_of_device(delegate->device);
    return offer->processor;
}

// Adds the words of a list to another one that does not have them yet; what is too long is left out.
static void add_words(char *list, size_t bytes, const char *words) {
    while (*words) {
        const size_t n = strcspn(words, ","), used = strlen(list);
        bool there = false;
        for (const char *at = list; *at && !there; at += strcspn(at, ","), at += *at == ',')
            there = strcspn(at, ",") == n && !strncmp(at, words, n);
        if (!there && used + n + 2 <= bytes)
            snprintf(list + used, bytes - used, "%s%.*s", used ? "," : "", (int)n, words);
        words += n + (words[n] == ',');
    }
}

static void add_place(struct ed_placement *out, const char *name, enum ed_processor processor, uint32_t count,
                      const char *operators) {
    size_t i = 0;
    while (i < out->n_places &&
           (strcmp(out->places[i].name, name) != 0 || out->places[i].processor != processor))
        i++;
    // More kinds than there is room for go together as what is not known.
    if (i == ED_PLACES_MAX) {
        i--;
        snprintf(out->places[i].name, sizeof out->places[i].name, "others");
        out->places[i].processor = ED_PROCESSOR_UNKNOWN;
    } else if (i == out->n_places) {
        out->n_places++;
        snprintf(out->places[i].name, sizeof out->places[i].name, "%s", name);
        out->places[i].processor = processor;
    }
    out->places[i].count += count;
    out->total += count;
    add_words(out->places[i].operators, sizeof out->places[i].operators, operators);
}

enum ed_status et_evidence_placement(const struct et_state *et, struct ed_placement *out,
                                     struct ed_error *err) {
    const struct et_program *program = &et->program;
    const char *kernels = et_kernels(et, et->backend);
    memset(out, 0, sizeof *out);
    if (!et->session.method.ok)
        return ed_fail(err, ED_ERR_INTERNAL, NULL, "placement was asked for before a model was loaded");
    for (size_t i = 0; i < program->n_instructions; i++) {
        const struct et_instruction *instruction = &program->instructions[i];
        if (instruction->call == ET_CALL_KERNEL) {
            add_place(out, kernels ? kernels : "core", ED_PROCESSOR_CPU, 1,
                      program->operators[instruction->index].name);
        } else if (instruction->call == ET_CALL_DELEGATE) {
            const struct et_delegate *delegate = &program->delegates[instruction->index];
            add_place(out, delegate->id, et_processor_of(delegate), delegate->n_nodes, delegate->nodes);
        }
    }
    out->proven = true;
    snprintf(out->unit, sizeof out->unit, "operator");
    snprintf(out->detail, sizeof out->detail, "method %.100s; %zu delegates; %s%s%d threads", program->method,
             program->n_delegates, et->opened, et->opened[0] ? "; " : "", et->threads ? et->threads : 1);
    return ED_OK;
}
