// SPDX-License-Identifier: Apache-2.0
// Where the nodes of the loaded model run, by the engine's own graph assignment.
#include "backends/onnxruntime/ort.h"

// Adds "Conv" to "Add,Relu" once; what does not fit is left out whole.
static void operators_add(char *list, size_t bytes, const char *name) {
    size_t length = strlen(name), used = strlen(list);
    for (const char *at = list; *at;) {
        size_t word = strcspn(at, ",");
        if (word == length && !memcmp(at, name, length))
            return;
        at += word + (at[word] == ',');
    }
    if (used + length + 2 <= bytes)
        snprintf(list + used, bytes - used, "%s%s", used ? "," : "", name);
}

static enum ed_status place_find(const struct ort_state *ort, struct ed_placement *out, const char *name,
                                 size_t *index, struct ed_error *err) {
    for (*index = 0; *index < out->n_places; ++*index)
        if (!strcmp(out->places[*index].name, name))
            return ED_OK;
    if (out->n_places == ED_PLACES_MAX)
        return ed_fail(err, ED_ERR_LIMIT, NULL, "the model runs on more than %d execution providers",
                       ED_PLACES_MAX);
    snprintf(out->places[*index].name, sizeof out->places[*index].name, "%s", name);
    out->places[*index].processor =
        strcmp(name, ort->provider) ? ort_provider_processor(name, NULL) : ort->processor;
    out->n_places++;
    return ED_OK;
}

enum ed_status ort_placement_add(const struct ort_state *ort, struct ed_placement *out, const char *provider,
                                 const char *type, struct ed_error *err) {
    size_t index = 0;
    enum ed_status status = place_find(ort, out, provider, &index, err);
    if (status)
        return status;
    operators_add(out->places[index].operators, sizeof out->places[index].operators, type);
    out->places[index].count++;
    out->total++;
    return ED_OK;
}

static enum ed_status add_subgraph(struct ort_state *ort, const struct ort_assigned_subgraph *subgraph,
                                   struct ed_placement *out, struct ed_error *err) {
    const struct ort_assigned_node *const *nodes = NULL;
    const char *provider = NULL;
    size_t n = 0;
    enum ed_status status =
        ort_check(ort, ort_subgraph_get_ep_name(ort->api, subgraph, &provider), "reading a subgraph", err);
    if (!status)
        status =
            ort_check(ort, ort_subgraph_get_nodes(ort->api, subgraph, &nodes, &n), "reading a subgraph", err);
    for (size_t i = 0; i < n && !status; i++) {
        const char *type = NULL;
        status = ort_check(ort, ort_node_get_operator(ort->api, nodes[i], &type), "reading a node", err);
        if (!status)
            status = ort_placement_add(ort, out, provider ? provider : "", type ? type : "", err);
    }
    return status;
}

// Without the assignment, one thing is certain all the same: a session that was given no other provider has
// nothing but the CPU's.
static void place_by_construction(const struct ort_state *ort, struct ed_placement *out) {
    if (ort->profiled.proven) {
        *out = ort->profiled;
        return;
    }
    if (!ort->cpu_alone) {
        snprintf(
            out->detail, sizeof out->detail,
            "ONNX Runtime %s does not tell where nodes run (releases from 1.24 on do); a profile tells%s",
            ort->version.text,
            ort->fallback_disabled ? "; fallback to the CPU was forbidden and the model accepted" : "");
        return;
    }
    out->proven = true;
    out->total = 1;
    out->n_places = 1;
    snprintf(out->unit, sizeof out->unit, "session");
    snprintf(out->places[0].name, sizeof out->places[0].name, "%s", ort->provider);
    out->places[0].processor = ED_PROCESSOR_CPU;
    out->places[0].count = 1;
    snprintf(out->detail, sizeof out->detail,
             "the session has no other execution provider; nodes are not listed by ONNX Runtime %s",
             ort->version.text);
}

// What really ran, by one run under the profiler, unless the profile pass has made it already.
static enum ed_status place_by_profile(struct ort_state *ort, struct ed_placement *out,
                                       struct ed_error *err) {
    struct ed_error why = {0};
    if (!ort->profiled.total && ort_profile_places(ort, &why) == ED_ERR_NO_MEMORY)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "%s", why.message);
    *out = ort->profiled;
    if (!out->total)
        ort_text_cut(out->detail, sizeof out->detail, why.message);
    return ED_OK;
}

enum ed_status ort_placement_read(struct ort_state *ort, struct ed_placement *out, struct ed_error *err) {
    const struct ort_assigned_subgraph *const *subgraphs = NULL;
    size_t n = 0;
    memset(out, 0, sizeof *out);
    if (!ort->session)
        return ed_fail(err, ED_ERR_INTERNAL, NULL, "placement was asked for before a model was loaded");
    if (!ort->records_assignment) {
        place_by_construction(ort, out);
        return ED_OK;
    }
    if (!ort_provider_assigned_whole(ort->provider))
        return place_by_profile(ort, out, err);
    enum ed_status status = ort_check(ort, ort_get_assignment(ort->api, ort->session, &subgraphs, &n),
                                      "asking for the graph assignment", err);
    snprintf(out->unit, sizeof out->unit, "node");
    for (size_t i = 0; i < n && !status; i++)
        status = add_subgraph(ort, subgraphs[i], out, err);
    out->proven = !status;
    snprintf(out->detail, sizeof out->detail,
             "nodes as they were assigned, before the engine's last fusions");
    return status;
}
