// SPDX-License-Identifier: Apache-2.0
// The JSON Schema of devices.json, from the parser's own table.
#include "base/json_write.h"
#include "devices/inventory_keys.h"
#include "devices/text_list.h"
#include "devices/transport.h"

static void write_text(struct ed_json_writer *writer, const struct ed_inventory_key *key, size_t bytes) {
    ed_json_text(writer, "type", "string");
    ed_json_int(writer, "minLength", 1);
    if (key->pattern) {
        ed_json_int(writer, "maxLength", (int64_t)bytes - 1);
        ed_json_text(writer, "pattern", key->pattern);
    }
}

static void write_transports(struct ed_json_writer *writer, bool in_place_only) {
    size_t n;
    const struct ed_transport *const *table = ed_transports(&n);
    ed_json_array_begin(writer, "enum");
    for (size_t i = 0; i < n; i++)
        if (!in_place_only || table[i]->in_place)
            ed_json_text(writer, NULL, table[i]->name);
    ed_json_array_end(writer);
}

static void write_key(struct ed_json_writer *writer, const struct ed_inventory_key *key) {
    ed_json_object_begin(writer, key->name);
    ed_json_text(writer, "description", key->help);
    switch (key->kind) {
    case ED_INVENTORY_TEXT:
        write_text(writer, key, key->bytes);
        if (!key->pattern)
            write_transports(writer, false);
        break;
    case ED_INVENTORY_INT:
        ed_json_text(writer, "type", "integer");
        ed_json_int(writer, "minimum", key->min);
        ed_json_int(writer, "maximum", key->max);
        break;
    case ED_INVENTORY_TEXTS:
        ed_json_text(writer, "type", "array");
        ed_json_int(writer, "maxItems", ED_TEXT_LIST_MAX);
        ed_json_bool(writer, "uniqueItems", true);
        ed_json_object_begin(writer, "items");
        write_text(writer, key, 65);
        ed_json_object_end(writer);
        break;
    }
    ed_json_object_end(writer);
}

// A transport to this machine takes no address; every other one needs a host.
static void write_address_rule(struct ed_json_writer *writer) {
    ed_json_object_begin(writer, "if");
    ed_json_object_begin(writer, "properties");
    ed_json_object_begin(writer, "transport");
    write_transports(writer, true);
    ed_json_object_end(writer);
    ed_json_object_end(writer);
    ed_json_object_end(writer);
    ed_json_object_begin(writer, "then");
    ed_json_object_begin(writer, "properties");
    for (size_t i = 0; i < ed_inventory_n_keys; i++)
        if (ed_inventory_keys[i].remote)
            ed_json_bool(writer, ed_inventory_keys[i].name, false);
    ed_json_object_end(writer);
    ed_json_object_end(writer);
    ed_json_object_begin(writer, "else");
    ed_json_array_begin(writer, "required");
    ed_json_text(writer, NULL, "host");
    ed_json_array_end(writer);
    ed_json_object_end(writer);
}

// As the parser: keys that begin with "$" or "//" are comments.
static void write_comments(struct ed_json_writer *writer) {
    ed_json_object_begin(writer, "patternProperties");
    ed_json_bool(writer, "^(\\$|//)", true);
    ed_json_object_end(writer);
    ed_json_bool(writer, "additionalProperties", false);
}

void ed_inventory_schema(struct ed_buffer *out) {
    struct ed_json_writer writer;
    ed_json_writer_init(&writer, out, true);
    ed_json_object_begin(&writer, NULL);
    ed_json_text(&writer, "$schema", "https://json-schema.org/draft/2020-12/schema");
    ed_json_text(&writer, "title", "devices.json: the fleet of edgedyno");
    ed_json_text(&writer, "type", "object");
    ed_json_array_begin(&writer, "required");
    ed_json_text(&writer, NULL, "devices");
    ed_json_array_end(&writer);
    ed_json_object_begin(&writer, "properties");
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
    write_address_rule(&writer);
    ed_json_object_end(&writer);
    ed_json_object_end(&writer);
    ed_json_object_end(&writer);
    write_comments(&writer);
    ed_json_object_end(&writer);
}
