// SPDX-License-Identifier: Apache-2.0
// Reading a FlatBuffer that nobody has checked: every step looks whether it stays inside the bytes, and what
// does not is as if it were absent. A position of 0 is "absent"; nothing else can lie there.
#ifndef EDGEDYNO_BACKENDS_ET_FLAT_H
#define EDGEDYNO_BACKENDS_ET_FLAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct et_flat {
    const uint8_t *data;
    size_t bytes; // at most 2 GiB are looked at
};

// A vector of `n` elements from `at` on, all of them inside the bytes.
struct et_flat_vector {
    size_t at, n;
};

// The root table. `identifier`: the four letters that must follow the root's offset.
size_t et_flat_root(const struct et_flat *flat, const char *identifier);
// Where field `id` of a table lies, `bytes` long; 0 where the table leaves it out.
size_t et_flat_field(const struct et_flat *flat, size_t table, unsigned id, size_t bytes);
// A number of 1, 2, 4 or 8 bytes, zero-extended; `fallback` where the table leaves it out.
uint64_t et_flat_number(const struct et_flat *flat, size_t table, unsigned id, size_t bytes,
                        uint64_t fallback);
// The table that a field refers to.
size_t et_flat_table(const struct et_flat *flat, size_t table, unsigned id);
struct et_flat_vector et_flat_vector(const struct et_flat *flat, size_t table, unsigned id, size_t bytes);
// Element `i` of a vector of numbers, zero-extended; 0 beyond its end.
uint64_t et_flat_element(const struct et_flat *flat, const struct et_flat_vector *vector, size_t i,
                         size_t bytes);
// The table that element `i` of a vector of references refers to.
size_t et_flat_element_table(const struct et_flat *flat, const struct et_flat_vector *vector, size_t i);
// Copies a text field, cut where too long; "" where it is absent. Control characters become '?'.
void et_flat_text(const struct et_flat *flat, size_t table, unsigned id, char *text, size_t bytes);

#endif
