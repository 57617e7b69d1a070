// SPDX-License-Identifier: Apache-2.0
// Names of a folder against one that is not there.
#include "harness/near_file.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"

#define NAMES_MAX 4096 // of a folder with more the first ones

bool ed_near_file(char near[ED_PATH_BYTES], const char *directory, const char *text) {
    char whole[ED_PATH_BYTES], folder[ED_PATH_BYTES];
    char *names[NAMES_MAX + 1] = {NULL};
    const char *base = strrchr(text, '/');
    size_t n = 0;
    base = base ? base + 1 : text;
    if (!*base || ed_path_join(whole, directory, text, NULL) != ED_OK)
        return false;
    ed_path_directory(folder, whole);
    DIR *listing = opendir(folder);
    if (!listing)
        return false;
    for (const struct dirent *entry; n < NAMES_MAX && (entry = readdir(listing));)
        if (entry->d_name[0] != '.' && (names[n] = strdup(entry->d_name)))
            n++;
    closedir(listing);
    const char *found = ed_nearest(base, (const char *const *)names);
    if (found)
        snprintf(near, ED_PATH_BYTES, "%.*s%s", (int)(base - text), text, found);
    for (size_t i = 0; i < n; i++)
        free(names[i]);
    return found != NULL;
}
