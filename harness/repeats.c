// SPDX-License-Identifier: Apache-2.0
// One campaign.json against another.
#include "harness/repeats.h"

#include <string.h>

#include "base/json_read.h"
#include "base/path.h"
#include "harness/campaign.h"

static bool same(const cJSON *a, const cJSON *b, const char *key) {
    const cJSON *x = cJSON_GetObjectItemCaseSensitive(a, key), *y = cJSON_GetObjectItemCaseSensitive(b, key);
    return !x && !y ? true : x && y && cJSON_Compare(x, y, true);
}

// The case of `cases` that is called as `c` is.
static const cJSON *find(const cJSON *list, const char *key, const cJSON *c) {
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(c, key));
    const cJSON *item;
    cJSON_ArrayForEach(item, list) {
        const char *other = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, key));
        if (name && other && strcmp(name, other) == 0)
            return item;
    }
    return NULL;
}

static enum ed_status differs(const char *directory, struct ed_error *err, const char *what, const char *of) {
    return ed_fail(err, ED_ERR_USAGE, directory,
                   "%s%s%.200s changed after this gate began, so that nothing can repeat its fail: put that "
                   "back, or run a gate of what is there now",
                   what, of[0] ? " of " : "", of);
}

static enum ed_status check_device(const cJSON *device, const cJSON *first, const char *directory,
                                   struct ed_error *err) {
    const cJSON *cases = cJSON_GetObjectItemCaseSensitive(first, "cases"), *c;
    const cJSON *mine = cJSON_GetObjectItemCaseSensitive(device, "cases");
    if (cJSON_GetArraySize(cases) != cJSON_GetArraySize(mine) || !same(device, first, "pairs"))
        return differs(directory, err, "what is measured", "");
    cJSON_ArrayForEach(c, mine) {
        const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(c, "case"));
        const cJSON *other = find(cases, "id", c);
        if (!other || !same(c, other, "case"))
            return differs(directory, err, "what is measured", "");
        if (!same(c, other, "model_sha256"))
            return differs(directory, err, "the model", name ? name : "");
        if (!same(c, other, "engine_build_sha256"))
            return differs(directory, err, "the engine build or its adapter", name ? name : "");
        if (!cJSON_Compare(c, other, true))
            return differs(directory, err, "what is measured", "");
    }
    return ED_OK;
}

static enum ed_status check(const cJSON *text, const cJSON *first, const char *directory,
                            struct ed_error *err) {
    static const struct {
        const char *key, *what;
    } members[] = {{"require", "the requirements"},
                   {"tasks", "the tasks or their data"},
                   {"blocks", "what is measured"},
                   {"max_time_ns", "--max-time"},
                   {"pin", "--pin"},
                   {"ballast_bytes", "--ballast"},
                   {"allow_fallback", "--allow-fallback"},
                   {"min_placed", "--min-placed"},
                   {"on_invalid", "--on-invalid"}},
      limits[] = {{"metrics", "what is compared, or its mde,"},
                  {"chosen", "what is compared"},
                  {"inconclusive", "--inconclusive"},
                  {"need", "--need"},
                  {"max_time_ns", "--max-time"},
                  {"min_ns", "the length of blocks"},
                  {"max_ns", "the length of blocks"},
                  {"min_inferences", "the length of blocks"},
                  {"inferences", "the length of blocks"}};
    const cJSON *gate = cJSON_GetObjectItemCaseSensitive(text, "gate"),
                *gate_first = cJSON_GetObjectItemCaseSensitive(first, "gate"), *device;
    const cJSON *devices = cJSON_GetObjectItemCaseSensitive(first, "devices");
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
        if (!same(text, first, members[i].key))
            return differs(directory, err, members[i].what, "");
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++)
        if (!same(gate, gate_first, limits[i].key))
            return differs(directory, err, limits[i].what, "");
    cJSON_ArrayForEach(device, cJSON_GetObjectItemCaseSensitive(text, "devices")) {
        const cJSON *other = find(devices, "id", device);
        enum ed_status status = other ? check_device(device, other, directory, err) : ED_OK;
        if (status != ED_OK)
            return status;
    }
    return ED_OK;
}

enum ed_status ed_repeats_check(const struct ed_buffer *text, const char *directory, struct ed_error *err) {
    struct ed_json_document mine = {0}, first = {0};
    char path[ED_PATH_BYTES];
    enum ed_status status = ed_path_join(path, directory, ED_CAMPAIGN_FILE, err);
    if (status == ED_OK)
        status = ed_json_parse_file(&first, path, ED_CAMPAIGN_FILE_MAX_BYTES, err);
    if (status == ED_OK)
        status = ed_json_parse(&mine, ED_CAMPAIGN_FILE, ed_buffer_text(text), text->size, err);
    if (status == ED_OK)
        status = check(mine.root, first.root, directory, err);
    ed_json_document_release(&first);
    ed_json_document_release(&mine);
    return status;
}
