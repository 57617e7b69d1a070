// SPDX-License-Identifier: Apache-2.0
// A folder of images with their classes. Which file has which class, by the first of these that there is:
//   a .csv that the task names, or labels.csv in the folder: lines of FILE,CLASS, a heading allowed; FILE is
//     relative to the folder and stays in it; samples are in the order of the lines
//   folders in the folder: each is a class, 0 for the first by name; samples in the order of their names
//   neither: images in the folder itself, by name, without classes
// Images are files whose names end in .png, .jpg or .jpeg.
#ifndef EDGEDYNO_HARNESS_DATA_FOLDER_H
#define EDGEDYNO_HARNESS_DATA_FOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "edgedyno/error.h"

#define ED_FOLDER_FILES_MAX 1000000
#define ED_FOLDER_LABELS "labels.csv"
#define ED_FOLDER_LABELS_MAX_BYTES (256u << 20)

struct ed_folder {
    char **files; // relative to the folder
    int64_t *labels;
    size_t n;
    bool labelled;
};

// `labels` is a .csv, or "" for the folder's own. ED_ERR_USAGE names the line that is wrong.
enum ed_status ed_folder_read(struct ed_folder *folder, const char *path, const char *labels,
                              struct ed_error *err);
// The same of the lines of a .csv.
enum ed_status ed_folder_parse(struct ed_folder *folder, const char *text, size_t bytes, const char *where,
                               struct ed_error *err);
void ed_folder_release(struct ed_folder *folder); // safe on a zeroed one

// What a folder holds, in the order of the names' bytes: that of alphasort goes by the locale. *n is below 0
// after a failure; release all the same.
struct dirent;
enum ed_status ed_folder_list(const char *path, struct dirent ***names, int *n, struct ed_error *err);
void ed_folder_list_release(struct dirent **names, int n);

// Relative, and every part of it a name: nothing that leads out of the folder.
bool ed_folder_stays_inside(const char *name);
// ED_ERR_USAGE where a name is there twice; `where` is the list that has them.
enum ed_status ed_folder_check_twice(char *const *files, size_t n, const char *where, struct ed_error *err);

#endif
