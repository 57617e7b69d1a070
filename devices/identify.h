// SPDX-License-Identifier: Apache-2.0
// Finding out what a device is by its own shell, before any program of ours is there: one short POSIX script
// in one exchange, the same for every transport that is not in place.
#ifndef EDGEDYNO_DEVICES_IDENTIFY_H
#define EDGEDYNO_DEVICES_IDENTIFY_H

#include "edgedyno/device.h"

// Runs a script by /bin/sh (Android: /system/bin/sh) through `transport->spawn` and fills `out`. The work
// directory is `work_dir`, or where that is "" $XDG_STATE_HOME/edgedyno/work,
// $HOME/.local/state/edgedyno/work, on Android /data/local/tmp/edgedyno; it is made with mode 0700 where it
// is missing, and refused (ED_ERR_IO, with what to do) where it belongs to somebody else, is a link, or
// others may enter it.
//
// Target: kernel name, machine and the class of a program there (a 32-bit system may run on a 64-bit kernel).
// ED_ERR_UNSUPPORTED for macOS (Darwin), iOS, Windows (MINGW, MSYS, CYGWIN, or no POSIX shell: words of
// cmd.exe or PowerShell) and other machines, each naming the system and the way out. What the script prints
// is hostile: sizes, characters and numbers are checked.
enum ed_status ed_identify(const struct ed_transport *transport, void *state, const char *id,
                           const char *work_dir, struct ed_identity *out, int64_t deadline_ns,
                           struct ed_error *err);
// The parser of the script's output, for tests. `asked_us` is the controller's clock.
enum ed_status ed_identify_parse(const char *id, const char *text, size_t bytes, int64_t asked_us,
                                 struct ed_identity *out, struct ed_error *err);

#endif
