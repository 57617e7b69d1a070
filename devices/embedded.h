// SPDX-License-Identifier: Apache-2.0
// Texts that the build puts into the program: the adapters' manifests as one JSON array, engines.json and
// extract.py. Not terminated.
#ifndef EDGEDYNO_DEVICES_EMBEDDED_H
#define EDGEDYNO_DEVICES_EMBEDDED_H

#include <stddef.h>

extern const unsigned char ed_embedded_manifests[];
extern const size_t ed_embedded_manifests_bytes;
extern const unsigned char ed_embedded_engines[];
extern const size_t ed_embedded_engines_bytes;
extern const unsigned char ed_embedded_extract[];
extern const size_t ed_embedded_extract_bytes;

#endif
