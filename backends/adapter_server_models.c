// SPDX-License-Identifier: Apache-2.0
// What a server says of itself, and the models that it lists. Some servers answer to any name with the one
// that they have, so that a name of which the list knows nothing would be measured as something that it is
// not.
#include "backends/adapter_server.h"
#include "base/nearest.h"

#define NAMED_MAX 64 // of the list, to find a near one
#define LISTED_MAX 8 // of which so many are told
#define NAME_BYTES 200
#define LATEST ":latest"

enum ed_status srv_ask(struct srv *srv, const char *path, const char *body, struct ed_json_document *document,
                       struct ed_error *err) {
    struct ed_buffer answer;
    char words[120];
    enum ed_status status = ed_http_ask(&srv->http, path, body, srv->answer_limit_ns, &answer, err);
    if (status == ED_OK && ed_json_parse(document, path, ed_buffer_text(&answer), answer.size, NULL)) {
        ed_http_words(&srv->http, ed_buffer_text(&answer), words, sizeof words);
        status = ed_fail(err, ED_ERR_REFUSED, srv->http.url,
                         "the server answered %.40s with no JSON: %s; is the address right?", path, words);
    }
    ed_buffer_release(&answer);
    return status;
}

bool srv_has_model(const struct srv *srv, const cJSON *models, const char *key) {
    const size_t n = strlen(srv->model);
    const cJSON *one;
    cJSON_ArrayForEach(one, models) {
        const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(one, key));
        if (n && name && !strncmp(name, srv->model, n) &&
            (!name[n] || (!strchr(srv->model, ':') && !strcmp(name + n, LATEST))))
            return true;
    }
    return false;
}

enum ed_status srv_choose_model(struct srv *srv, const cJSON *models, const char *key, struct ed_error *err) {
    char names[NAMED_MAX][NAME_BYTES], listed[LISTED_MAX * (NAME_BYTES + 2) + 16] = "";
    const char *known[NAMED_MAX + 1] = {NULL};
    const cJSON *one;
    size_t n = 0;
    if (srv->model[0] && srv_has_model(srv, models, key))
        return ED_OK;
    cJSON_ArrayForEach(one, models) {
        const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(one, key));
        if (!name || n == NAMED_MAX)
            continue;
        ed_http_words(&srv->http, name, names[n], sizeof names[n]);
        const size_t used = strlen(listed);
        if (n < LISTED_MAX)
            snprintf(listed + used, sizeof listed - used, "%s%s", n ? ", " : "", names[n]);
        known[n] = names[n];
        n++;
    }
    if (n > LISTED_MAX)
        snprintf(listed + strlen(listed), sizeof listed - strlen(listed), " ...");
    if (!n)
        return ed_fail(err, ED_ERR_NOT_FOUND, srv->http.url, "the server lists no model");
    if (srv->model[0]) {
        const char *near = ed_nearest(srv->model, known);
        return ed_fail(err, ED_ERR_NOT_FOUND, srv->http.url,
                       "the server has no model '%.100s'; %s%s%s: %.500s", srv->model,
                       near ? "did you mean '" : "", near ? near : "", near ? "'? It has" : "it has", listed);
    }
    if (n > 1)
        return ed_fail(err, ED_ERR_USAGE, srv->http.url,
                       "the server has more than one model; name one, as in `edgedyno run MODEL --on ...`: "
                       "%.500s",
                       listed);
    snprintf(srv->model, sizeof srv->model, "%s", names[0]);
    srv->found = true;
    return ED_OK;
}
