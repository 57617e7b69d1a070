// SPDX-License-Identifier: Apache-2.0
// The main of a fuzz target where there is no libFuzzer: feeds it every file of the folders that are named,
// and every beginning of the small ones; behind "-whole" the files alone.
#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/path.h"

#define FILE_MAX_BYTES (16u << 20)
#define CUT_MAX_BYTES 2048

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// From memory of exactly that size, so that a sanitizer sees a read behind the end.
static void feed(const char *bytes, size_t n) {
    uint8_t *exact = malloc(n ? n : 1);
    if (!exact)
        abort();
    memcpy(exact, bytes, n);
    LLVMFuzzerTestOneInput(exact, n);
    free(exact);
}

static size_t feed_file(const char *path, bool whole) {
    struct ed_buffer bytes;
    struct ed_error err = {0};
    ed_buffer_init(&bytes, FILE_MAX_BYTES);
    if (ed_path_read(path, FILE_MAX_BYTES, &bytes, &err) != ED_OK) {
        fprintf(stderr, "%s: %s\n", path, err.message);
        exit(1);
    }
    for (size_t n = 0; !whole && bytes.size <= CUT_MAX_BYTES && n < bytes.size; n++)
        feed(ed_buffer_text(&bytes), n);
    feed(ed_buffer_text(&bytes), bytes.size);
    ed_buffer_release(&bytes);
    return 1;
}

int main(int argc, char **argv) {
    size_t n = 0;
    const bool whole = argc > 1 && strcmp(argv[1], "-whole") == 0;
    for (int i = whole ? 2 : 1; i < argc; i++) {
        DIR *folder = opendir(argv[i]);
        char path[ED_PATH_BYTES];
        if (!folder) {
            fprintf(stderr, "%s: no such folder\n", argv[i]);
            return 1;
        }
        for (const struct dirent *entry; (entry = readdir(folder));)
            if (entry->d_name[0] != '.' && ed_path_join(path, argv[i], entry->d_name, NULL) == ED_OK)
                n += feed_file(path, whole);
        closedir(folder);
    }
    printf("%zu seeds\n", n);
    // A folder without seeds would be a test that cannot fail.
    return n > 0 ? 0 : 1;
}
