// SPDX-License-Identifier: Apache-2.0
// Reading a FlatBuffer that nobody has checked.
#include "backends/executorch/et_flat.h"

#include <string.h>

static bool inside(const struct et_flat *flat, size_t at, size_t bytes) {
    return flat->bytes <= INT32_MAX && at <= flat->bytes && bytes <= flat->bytes - at;
}

// Little endian, as every target is.
static uint64_t number_at(const struct et_flat *flat, size_t at, size_t bytes) {
    uint64_t value = 0;
    if (bytes <= sizeof value && inside(flat, at, bytes))
        memcpy(&value, flat->data + at, bytes);
    return value;
}

// What the four bytes at `at` refer to.
static size_t follow(const struct et_flat *flat, size_t at) {
    const uint64_t offset = number_at(flat, at, 4);
    return at && offset && inside(flat, at, 4) && inside(flat, at + offset, 4) ? at + offset : 0;
}

size_t et_flat_root(const struct et_flat *flat, const char *identifier) {
    const uint64_t offset = number_at(flat, 0, 4);
    if (!inside(flat, 0, 8) || memcmp(flat->data + 4, identifier, 4) != 0)
        return 0;
    return inside(flat, offset, 4) ? offset : 0;
}

size_t et_flat_field(const struct et_flat *flat, size_t table, unsigned id, size_t bytes) {
    if (!table || !inside(flat, table, 4))
        return 0;
    const int64_t layout = (int64_t)table - (int32_t)(uint32_t)number_at(flat, table, 4);
    if (layout <= 0 || !inside(flat, (size_t)layout, 4))
        return 0;
    const uint64_t entry = 4 + 2 * (uint64_t)id;
    if (number_at(flat, (size_t)layout, 2) < entry + 2)
        return 0;
    const uint64_t offset = number_at(flat, (size_t)layout + entry, 2);
    return offset && inside(flat, table + offset, bytes) ? table + offset : 0;
}

uint64_t et_flat_number(const struct et_flat *flat, size_t table, unsigned id, size_t bytes,
                        uint64_t fallback) {
    const size_t at = et_flat_field(flat, table, id, bytes);
    return at ? number_at(flat, at, bytes) : fallback;
}

size_t et_flat_table(const struct et_flat *flat, size_t table, unsigned id) {
    return follow(flat, et_flat_field(flat, table, id, 4));
}

struct et_flat_vector et_flat_vector(const struct et_flat *flat, size_t table, unsigned id, size_t bytes) {
    const size_t at = et_flat_table(flat, table, id);
    const uint64_t n = at ? number_at(flat, at, 4) : 0;
    if (!at || !inside(flat, at + 4, n * bytes))
        return (struct et_flat_vector){0, 0};
    return (struct et_flat_vector){at + 4, n};
}

uint64_t et_flat_element(const struct et_flat *flat, const struct et_flat_vector *vector, size_t i,
                         size_t bytes) {
    return i < vector->n ? number_at(flat, vector->at + i * bytes, bytes) : 0;
}

size_t et_flat_element_table(const struct et_flat *flat, const struct et_flat_vector *vector, size_t i) {
    return i < vector->n ? follow(flat, vector->at + i * 4) : 0;
}

void et_flat_text(const struct et_flat *flat, size_t table, unsigned id, char *text, size_t bytes) {
    const struct et_flat_vector letters = et_flat_vector(flat, table, id, 1);
    const size_t n = letters.n < bytes - 1 ? letters.n : bytes - 1;
    for (size_t i = 0; i < n; i++) {
        const uint8_t c = flat->data[letters.at + i];
        text[i] = (char)(c < ' ' || c == 0x7f ? '?' : c);
    }
    text[n] = 0;
}
