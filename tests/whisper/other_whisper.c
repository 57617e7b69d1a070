// SPDX-License-Identifier: Apache-2.0
// A library that says that it is another release of whisper.cpp.
__attribute__((visibility("default"))) const char *whisper_version(void);

const char *whisper_version(void) {
    return "1.8.6";
}
