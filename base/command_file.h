// SPDX-License-Identifier: Apache-2.0
// The FILE of `--on command:FILE`: a program, or a description of one (its name ends with .json):
//   {"command": ["python3", "wrap.py"], "files": ["wrap.py"], "environment": {"NAME": "VALUE"},
//    "processor": "npu", "network": false}
// Files lie beside the description, go to the device with it, and lie in one folder there. The controller
// reads it to know them, the adapter to start the program.
#ifndef EDGEDYNO_BASE_COMMAND_FILE_H
#define EDGEDYNO_BASE_COMMAND_FILE_H

#include "base/json_read.h"
#include "edgedyno/backend.h"

#define ED_COMMAND_WORDS_MAX 64
#define ED_COMMAND_FILES_MAX 256
#define ED_COMMAND_VARIABLES_MAX 64
#define ED_COMMAND_FILE_MAX_BYTES (64u << 10)

struct ed_command_file {
    struct ed_json_document document;             // of a description; texts point into it
    const char *words[ED_COMMAND_WORDS_MAX];      // program and arguments
    const char *files[ED_COMMAND_FILES_MAX];      // names without a folder, FILE itself not among them
    const char *names[ED_COMMAND_VARIABLES_MAX];  // of environment variables
    const char *values[ED_COMMAND_VARIABLES_MAX]; // theirs
    size_t n_words, n_files, n_variables;
    const char *processor; // "cpu", "gpu" or "npu": where the program runs its models
    bool network;          // it needs one
};

// Everything is checked but that the files exist. `path` outlives the result. Release in any case.
enum ed_status ed_command_file_read(struct ed_command_file *file, const char *path, struct ed_error *err);
void ed_command_file_release(struct ed_command_file *file);

#endif
