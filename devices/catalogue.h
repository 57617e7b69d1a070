// SPDX-License-Identifier: Apache-2.0
// What the controller knows of adapters without loading one: their manifests, put into the program by the
// build as one JSON array.
#ifndef EDGEDYNO_DEVICES_CATALOGUE_H
#define EDGEDYNO_DEVICES_CATALOGUE_H

#include "base/path.h"
#include "edgedyno/backend.h"
#include "edgedyno/option.h"

struct ed_manifest_backend {
    char name[64];
    enum ed_processor processor;
};

// A value of an option that may need less memory than the default.
struct ed_manifest_lever {
    const char *option; // borrowed from the manifest's options
    char *value;        // owned
};

struct ed_manifest {
    char name[64], summary[256], versions[64];
    bool needs_model;
    bool language;       // its models are language models: the workload is tokens, not tensors
    bool requests;       // serves several requests at a time, so that its language workloads may have a rate
    bool speech;         // its models transcribe audio
    bool language_asked; // takes tokens where the suite asks for them, and tensors otherwise
    char library[128];   // glob of the engine's library in its build's directory; "" where it needs none
    char libc_floor[64];
    bool network;
    char address[8];    // "file" or "url": named with one, as NAME:FILE or NAME:URL; "" not
    char **formats;     // ".onnx"; NULL-terminated
    char **environment; // "K=V"; NULL-terminated
    struct ed_manifest_backend *backends;
    size_t n_backends;
    char option_prefix[64]; // options that begin so pass unchecked to the adapter, which checks them; "" none
    struct ed_option *options; // texts owned by the manifest
    size_t n_options;
    struct ed_manifest_lever *levers;
    size_t n_levers;
};

struct ed_catalogue {
    struct ed_manifest *manifests;
    size_t n;
};

// The built-in catalogue. Only a defect of the build makes it fail.
enum ed_status ed_catalogue_load(struct ed_catalogue *catalogue, struct ed_error *err);
// The same from text, for tests and adapters from outside the tree.
enum ed_status ed_catalogue_parse(struct ed_catalogue *catalogue, const char *name, const char *json,
                                  size_t bytes, struct ed_error *err);
// Takes the manifest of an adapter from outside the tree into the catalogue, in place of one of the same
// name. It lies beside `adapter` (NAME.so): NAME.json, else manifest.json; `manifest_path` is which. Pointers
// into the catalogue are void then.
enum ed_status ed_catalogue_adopt(struct ed_catalogue *catalogue, const char *adapter,
                                  char manifest_path[ED_PATH_BYTES], const char **name, struct ed_error *err);
// The text of a built-in manifest, appended to `out`.
enum ed_status ed_catalogue_text(const char *engine, struct ed_buffer *out, struct ed_error *err);
void ed_catalogue_release(struct ed_catalogue *catalogue);
const struct ed_manifest *ed_catalogue_find(const struct ed_catalogue *catalogue,
                                            const char *engine); // NULL:
                                                                 // none
const struct ed_manifest_backend *ed_manifest_find_backend(const struct ed_manifest *manifest,
                                                           const char *backend);
// The first engine whose formats hold the ending of `file`; NULL where none does.
const struct ed_manifest *ed_catalogue_for_file(const struct ed_catalogue *catalogue, const char *file);

#endif
