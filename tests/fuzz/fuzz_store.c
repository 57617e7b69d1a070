// SPDX-License-Identifier: Apache-2.0
// Fuzz target: what a device is told of sets, and what it reads back of them. The first byte chooses:
//   s  a message with sets; what is accepted must keep the promises of runners/store.h, and be the same when it is written
//      as set.json and read again
//   m  the text of /proc/self/mountinfo, a line feed being a path before it
//   k  a logind.conf
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runners/doctor_mount.h"
#include "runners/store_parts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds) {
    if (!holds)
        abort();
}

static void check_set(const struct ed_store_set *set) {
    check(ed_digest_ok(set->id) && set->name[0] && set->n_files >= 1 &&
          set->n_files <= ED_WIRE_SET_FILES_MAX && set->bytes >= 0);
    for (size_t i = 0; i < set->n_files; i++) {
        const struct ed_store_file *file = &set->files[i];
        check(ed_path_name_ok(file->name) && strcmp(file->name, ED_SET_FILE) && ed_digest_ok(file->sha256) &&
              file->bytes >= 0 && file->bytes <= INT64_C(1) << 53);
        for (size_t k = 0; k < i; k++)
            check(strcmp(set->files[k].name, file->name) != 0);
    }
}

static void write_and_read(const struct ed_store_set *set) {
    struct ed_buffer text;
    struct ed_json_writer w;
    struct ed_json_document document = {0};
    struct ed_store_set again;
    struct ed_error err = {0};
    ed_buffer_init(&text, ED_STORE_SET_FILE_MAX_BYTES);
    ed_json_writer_init(&w, &text, false);
    ed_json_object_begin(&w, NULL);
    ed_store_set_write(&w, set, SIZE_MAX);
    ed_json_object_end(&w);
    // A set that cannot be written down could never be whole.
    check(ed_buffer_status(&text, "set", &err) == ED_OK);
    check(ed_json_parse(&document, "set", ed_buffer_text(&text), text.size, &err) == ED_OK);
    const struct ed_json_at root = ed_json_root(&document);
    check(ed_store_set_parse(&again, &root, &err) == ED_OK);
    check(ed_store_set_same(set, &again) && !strcmp(set->id, again.id) && !strcmp(set->name, again.name) &&
          !strcmp(set->variant, again.variant) && !strcmp(set->version, again.version));
    ed_store_set_release(&again);
    ed_json_document_release(&document);
    ed_buffer_release(&text);
}

static void read_sets(const char *text, size_t size) {
    struct ed_json_document document = {0};
    struct ed_store_sets sets;
    struct ed_store_file *files;
    struct ed_error err = {0};
    size_t n, all = 0;
    if (ed_json_parse(&document, "input", text, size, &err) != ED_OK)
        return;
    const struct ed_json_at root = ed_json_root(&document);
    if (ed_store_sets_parse(&sets, &root, &err) != ED_OK) {
        check(sets.n == 0 && sets.items == NULL && err.message[0]);
        ed_json_document_release(&document);
        return;
    }
    ed_json_document_release(&document);
    check(sets.n <= ED_WIRE_SETS_MAX);
    for (size_t i = 0; i < sets.n; i++) {
        check_set(&sets.items[i]);
        write_and_read(&sets.items[i]);
        all += sets.items[i].n_files;
    }
    check(ed_store_distinct(&sets, &files, &n, &err) == ED_OK && n <= all);
    for (size_t i = 0; i < sets.n; i++)
        for (size_t k = 0; k < sets.items[i].n_files; k++) {
            const struct ed_store_file *file = ed_store_find(files, n, sets.items[i].files[k].sha256);
            check(file && file->bytes == sets.items[i].files[k].bytes);
        }
    free(files);
    ed_store_sets_release(&sets);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0 || size > 1u << 20)
        return 0;
    if (data[0] == 's') {
        read_sets((const char *)data + 1, size - 1);
        return 0;
    }
    char *text = calloc(1, size), point[ED_PATH_BYTES], type[64];
    check(text != NULL);
    memcpy(text, data + 1, size - 1);
    if (data[0] == 'm') {
        char *rest = strchr(text, '\n');
        if (rest)
            *rest++ = 0;
        if (rest && ed_doctor_mount(rest, text, point, sizeof point, type, sizeof type))
            check(point[0] && !strncmp(text, point, strlen(point)));
    } else if (data[0] == 'k') {
        check(ed_doctor_kills(text, true) >= ed_doctor_kills(text, false) ||
              ed_doctor_kills(text, false) >= 0);
    }
    free(text);
    return 0;
}
