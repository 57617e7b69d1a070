// SPDX-License-Identifier: Apache-2.0
// Takes out of a text what names one device or its owner, before it leaves the device.
#ifndef EDGEDYNO_RUNNERS_PROBE_SCRUB_H
#define EDGEDYNO_RUNNERS_PROBE_SCRUB_H

// In place, the length stays: hexadecimal digits of UUIDs and of hardware addresses become 0 (also behind
// "enx" and "wlx", where interfaces are named so), letters and digits of `host` where it stands as a word,
// and of what follows a key with "serial" in it on the same line, become x. `host` shorter than three
// characters is left alone.
void ed_probe_scrub(char *text, const char *host);

#endif
