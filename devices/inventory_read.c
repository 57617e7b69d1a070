// SPDX-License-Identifier: Apache-2.0
// One device of devices.json, read by the table of its keys.
#include <stdlib.h>

#include "base/nearest.h"
#include "devices/inventory_keys.h"
#include "devices/text_list.h"

#define KEYS_MAX 32

static enum ed_status unknown_transport(const struct ed_json_at *at, const char *word, struct ed_error *err) {
    const char *near = ed_nearest(word, ed_inventory_transports);
    char list[256] = "";
    size_t used = 0;
    if (near)
        return ed_json_fail(at, err, "there is no transport \"%.40s\"; did you mean \"%s\"?", word, near);
    for (size_t i = 0; ed_inventory_transports[i] && used < sizeof list; i++)
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", used ? ", " : "",
                                 ed_inventory_transports[i]);
    return ed_json_fail(at, err, "there is no transport \"%.40s\"; there are: %s", word, list);
}

static enum ed_status read_text(const struct ed_json_at *object, const struct ed_inventory_key *key,
                                char *field, struct ed_error *err) {
    const struct ed_json_at at = ed_json_member(object, key->name);
    enum ed_status status = key->required ? ed_json_get_string(object, key->name, field, key->bytes, err)
                                          : ed_json_opt_string(object, key->name, field, key->bytes, err);
    if (status || !field[0] || key->ok(field))
        return status;
    if (strcmp(key->name, "transport") == 0)
        return unknown_transport(&at, field, err);
    // It may hold a password, which a message must not tell again.
    if (key->ok == ed_inventory_is_via)
        return ed_json_fail(&at, err, "is not %s, where no password has a place", key->expected);
    return ed_json_fail(&at, err, "\"%.100s\" is not %s", field, key->expected);
}

static enum ed_status read_number(const struct ed_json_at *object, const struct ed_inventory_key *key,
                                  void *field, struct ed_error *err) {
    const struct ed_json_at at = ed_json_member(object, key->name);
    const bool is_time = key->kind == ED_INVENTORY_DURATION;
    enum ed_status status;
    int64_t number = 0;
    if (!at.value || cJSON_IsNull(at.value))
        return ED_OK;
    if (is_time)
        status = ed_json_opt_duration(object, key->name, &number, err);
    else if (key->kind == ED_INVENTORY_SIZE && cJSON_IsString(at.value))
        status = ed_json_opt_size(object, key->name, &number, err);
    else
        status = ed_json_opt_int(object, key->name, key->min, key->max, &number, err);
    if (status)
        return status;
    if (number < key->min || number > key->max)
        return ed_json_fail(&at, err, is_time ? "must be from 1 s to 720 h" : "must be from 1 B to 1024 TiB");
    if (key->bytes == sizeof(int))
        *(int *)field = (int)number;
    else
        *(int64_t *)field = number;
    return ED_OK;
}

static enum ed_status known_keys(const struct ed_json_at *at, const struct ed_inventory_key *keys, size_t n,
                                 struct ed_error *err) {
    const char *known[KEYS_MAX + 1] = {NULL};
    for (size_t i = 0; i < n && i < KEYS_MAX; i++)
        known[i] = keys[i].name;
    return ed_json_known_keys(at, known, err);
}

static enum ed_status read_key(const struct ed_json_at *object, const struct ed_inventory_key *key,
                               struct ed_device_entry *entry, struct ed_error *err) {
    void *field = (char *)entry + key->offset;
    const struct ed_json_at at = ed_json_member(object, key->name);
    enum ed_status status = ED_OK;
    switch (key->kind) {
    case ED_INVENTORY_TEXT:
        return read_text(object, key, field, err);
    case ED_INVENTORY_INT:
    case ED_INVENTORY_SIZE:
    case ED_INVENTORY_DURATION:
        return read_number(object, key, field, err);
    case ED_INVENTORY_BOOL:
        return ed_json_opt_bool(object, key->name, field, err);
    case ED_INVENTORY_TEXTS:
        return ed_text_list_read(object, key->name, key->ok, key->expected, field, err);
    case ED_INVENTORY_WORDS:
        return ed_text_list_read_words(object, key->name, key->ok, key->expected, field, err);
    case ED_INVENTORY_OBJECT:
        break;
    }
    if (!at.value || cJSON_IsNull(at.value))
        return ED_OK;
    status = known_keys(&at, key->members, key->n_members, err);
    for (size_t i = 0; i < key->n_members && !status; i++)
        status = read_key(&at, &key->members[i], entry, err);
    return status;
}

// A key that means nothing to the transport would be a silent misunderstanding.
static enum ed_status check_transport(const struct ed_json_at *object, const struct ed_inventory_key *keys,
                                      size_t n, const char *transport, struct ed_error *err) {
    const unsigned bit = ed_inventory_transport_bit(transport);
    enum ed_status status = ED_OK;
    for (size_t i = 0; i < n && !status; i++) {
        const struct ed_json_at place = ed_json_member(object, keys[i].name);
        const bool there = place.value && !cJSON_IsNull(place.value);
        if (there && !(keys[i].takes & bit))
            status = ed_json_fail(
                &place, err, "the transport \"%s\" takes no \"%s\"; remove it, or name another transport",
                transport, keys[i].name);
        else if (!there && (keys[i].needs & bit))
            status = ed_json_fail(object, err, "the transport \"%s\" needs \"%s\"", transport, keys[i].name);
        else if (there && keys[i].kind == ED_INVENTORY_OBJECT)
            status = check_transport(&place, keys[i].members, keys[i].n_members, transport, err);
    }
    return status;
}

enum ed_status ed_inventory_read_device(const struct ed_json_at *at, struct ed_device_entry *entry,
                                        struct ed_error *err) {
    enum ed_status status = known_keys(at, ed_inventory_keys, ed_inventory_n_keys, err);
    for (size_t i = 0; i < ed_inventory_n_keys && !status; i++)
        status = read_key(at, &ed_inventory_keys[i], entry, err);
    if (!status)
        status = check_transport(at, ed_inventory_keys, ed_inventory_n_keys, entry->transport, err);
    if (!status && entry->settings.frequency_min_khz && entry->settings.frequency_max_khz &&
        entry->settings.frequency_min_khz > entry->settings.frequency_max_khz) {
        const struct ed_json_at settings = ed_json_member(at, "settings");
        status = ed_json_fail(&settings, err, "frequency_min_khz is above frequency_max_khz");
    }
    return status;
}
