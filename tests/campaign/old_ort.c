// SPDX-License-Identifier: Apache-2.0
// A library that says it is ONNX Runtime 1.16.3, older than the adapter serves, and offers nothing.
#include <stddef.h>
#include <stdint.h>

struct base {
    const void *(*get_api)(uint32_t version);
    const char *(*get_version_string)(void);
};

static const void *get_api(uint32_t version) {
    (void)version;
    return NULL;
}

static const char *get_version_string(void) {
    return "1.16.3";
}

static const struct base base = {get_api, get_version_string};

__attribute__((visibility("default"))) const struct base *OrtGetApiBase(void);

const struct base *OrtGetApiBase(void) {
    return &base;
}
