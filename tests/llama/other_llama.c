// SPDX-License-Identifier: Apache-2.0
// A library that says that it is another release of llama.cpp.
__attribute__((visibility("default"))) const char *llama_version(void);

const char *llama_version(void) {
    return "v0.6.1";
}
