// SPDX-License-Identifier: Apache-2.0
// The JSON Schema of devices.json, from the parser's own table.
#include "base/json_write.h"
#include "devices/inventory_keys.h"
#include "devices/text_list.h"

static void write_text(struct ed_json_writer *writer, const struct ed_inventory_key *key, size_t bytes) {
    ed_json_text(writer, "type", "string");
    ed_json_int(writer, "minLength", 1);
    if (key->pattern) {
        ed_json_int(writer, "maxLength", (int64_t)bytes - 1);
        ed_json_text(writer, "pattern", key->pattern);
    }
}

static void write_transports(struct ed_json_writer *writer) {
    ed_json_array_begin(writer, "enum");
    for (size_t i = 0; ed_inventory_transports[i]; i++)
        ed_json_text(writer, NULL, ed_inventory_transports[i]);
    ed_json_array_end(writer);
}

static void write_comments(struct ed_json_writer *writer);

static void write_number(struct ed_json_writer *writer, const struct ed_inventory_key *key) {
    ed_json_text(writer, "type", "integer");
    ed_json_int(writer, "minimum", key->min);
    ed_json_int(writer, "maximum", key->max);
}

static void write_quantity(struct ed_json_writer *writer, const char *pattern) {
    ed_json_text(writer, "type", "string");
    ed_json_text(writer, "pattern", pattern);
}

static void write_key(struct ed_json_writer *writer, const struct ed_inventory_key *key) {
    ed_json_object_begin(writer, key->name);
    ed_json_text(writer, "description", key->help);
    switch (key->kind) {
    case ED_INVENTORY_TEXT:
        write_text(writer, key, key->bytes);
        if (!key->pattern)
            write_transports(writer);
        break;
    case ED_INVENTORY_INT:
        write_number(writer, key);
        break;
    case ED_INVENTORY_SIZE:
        ed_json_array_begin(writer, "anyOf");
        ed_json_object_begin(writer, NULL);
        write_quantity(writer, "^[0-9.]+ *([kKMGT]i?)?B$");
        ed_json_object_end(writer);
        ed_json_object_begin(writer, NULL);
        write_number(writer, key);
        ed_json_object_end(writer);
        ed_json_array_end(writer);
        break;
    case ED_INVENTORY_DURATION:
        write_quantity(writer, "^[0-9.]+ *(ms|s|min|h)$");
        break;
    case ED_INVENTORY_BOOL:
        ed_json_text(writer, "type", "boolean");
        break;
    case ED_INVENTORY_TEXTS:
    case ED_INVENTORY_WORDS:
        ed_json_text(writer, "type", "array");
        ed_json_int(writer, "maxItems", ED_TEXT_LIST_MAX);
        if (key->kind == ED_INVENTORY_TEXTS)
            ed_json_bool(writer, "uniqueItems", true);
        ed_json_object_begin(writer, "items");
        write_text(writer, key, key->kind == ED_INVENTORY_TEXTS ? 65 : 4096);
        ed_json_object_end(writer);
        break;
    case ED_INVENTORY_OBJECT:
        ed_json_text(writer, "type", "object");
        ed_json_object_begin(writer, "properties");
        for (size_t i = 0; i < key->n_members; i++)
            write_key(writer, &key->members[i]);
        ed_json_object_end(writer);
        write_comments(writer);
        break;
    }
    ed_json_object_end(writer);
}

// Keys that mean nothing to the transport.
static void write_forbidden(struct ed_json_writer *writer, const struct ed_inventory_key *keys, size_t n,
                            unsigned transport) {
    ed_json_object_begin(writer, "properties");
    for (size_t i = 0; i < n; i++) {
        if (!(keys[i].takes & transport))
            ed_json_bool(writer, keys[i].name, false);
        else if (keys[i].kind == ED_INVENTORY_OBJECT) {
            ed_json_object_begin(writer, keys[i].name);
            write_forbidden(writer, keys[i].members, keys[i].n_members, transport);
            ed_json_object_end(writer);
        }
    }
    ed_json_object_end(writer);
}

// What a transport needs and what it does not take.
static void write_transport_rules(struct ed_json_writer *writer) {
    ed_json_array_begin(writer, "allOf");
    for (unsigned t = 0; ed_inventory_transports[t]; t++) {
        ed_json_object_begin(writer, NULL);
        ed_json_object_begin(writer, "if");
        ed_json_object_begin(writer, "properties");
        ed_json_object_begin(writer, "transport");
        ed_json_text(writer, "const", ed_inventory_transports[t]);
        ed_json_object_end(writer);
        ed_json_object_end(writer);
        ed_json_array_begin(writer, "required");
        ed_json_text(writer, NULL, "transport");
        ed_json_array_end(writer);
        ed_json_object_end(writer);
        ed_json_object_begin(writer, "then");
        write_forbidden(writer, ed_inventory_keys, ed_inventory_n_keys, 1u << t);
        ed_json_array_begin(writer, "required");
        for (size_t i = 0; i < ed_inventory_n_keys; i++)
            if (ed_inventory_keys[i].needs & (1u << t))
                ed_json_text(writer, NULL, ed_inventory_keys[i].name);
        ed_json_array_end(writer);
        ed_json_object_end(writer);
        ed_json_object_end(writer);
    }
    ed_json_array_end(writer);
}

// As the parser: keys that begin with "$" or "//" are comments.
static void write_comments(struct ed_json_writer *writer) {
    ed_json_object_begin(writer, "patternProperties");
    ed_json_bool(writer, "^(\\$|//)", true);
    ed_json_object_end(writer);
    ed_json_bool(writer, "additionalProperties", false);
}

// A file has devices, includes some, or both.
static void write_roots(struct ed_json_writer *writer) {
    static const char *const keys[] = {"devices", "include"};
    ed_json_array_begin(writer, "anyOf");
    for (size_t i = 0; i < 2; i++) {
        ed_json_object_begin(writer, NULL);
        ed_json_array_begin(writer, "required");
        ed_json_text(writer, NULL, keys[i]);
        ed_json_array_end(writer);
        ed_json_object_end(writer);
    }
    ed_json_array_end(writer);
}

void ed_inventory_schema(struct ed_buffer *out) {
    struct ed_json_writer writer;
    ed_json_writer_init(&writer, out, true);
    ed_json_object_begin(&writer, NULL);
    ed_json_text(&writer, "$schema", "https://json-schema.org/draft/2020-12/schema");
    ed_json_text(&writer, "title", "devices.json: the fleet of edgedyno");
    ed_json_text(&writer, "type", "object");
    write_roots(&writer);
    ed_json_object_begin(&writer, "properties");
    ed_json_object_begin(&writer, "include");
    ed_json_text(&writer, "description", "files with more devices, relative to this one");
    ed_json_text(&writer, "type", "array");
    ed_json_object_begin(&writer, "items");
    ed_json_text(&writer, "type", "string");
    ed_json_int(&writer, "minLength", 1);
    ed_json_object_end(&writer);
    ed_json_object_end(&writer);
    ed_json_object_begin(&writer, "devices");
    ed_json_text(&writer, "type", "array");
    ed_json_int(&writer, "maxItems", ED_INVENTORY_DEVICES_MAX);
    ed_json_object_begin(&writer, "items");
    ed_json_text(&writer, "type", "object");
    ed_json_array_begin(&writer, "required");
    for (size_t i = 0; i < ed_inventory_n_keys; i++)
        if (ed_inventory_keys[i].required)
            ed_json_text(&writer, NULL, ed_inventory_keys[i].name);
    ed_json_array_end(&writer);
    ed_json_object_begin(&writer, "properties");
    for (size_t i = 0; i < ed_inventory_n_keys; i++)
        write_key(&writer, &ed_inventory_keys[i]);
    ed_json_object_end(&writer);
    write_comments(&writer);
    write_transport_rules(&writer);
    ed_json_object_end(&writer);
    ed_json_object_end(&writer);
    ed_json_object_end(&writer);
    write_comments(&writer);
    ed_json_object_end(&writer);
}
