// SPDX-License-Identifier: Apache-2.0
// The package client pip, run by Python, and Python's reader of zip archives (a wheel is one). Nothing of a
// package is executed.
#ifndef EDGEDYNO_DEVICES_PIP_H
#define EDGEDYNO_DEVICES_PIP_H

#include "devices/engines.h"

// Where Python is looked for: /usr/bin/python3, then python3 of PATH. NULL-terminated.
const char *const *ed_pip_candidates(void);
// Moves *candidates (NULL-terminated, programs) on to the first that has pip. ED_ERR_NO_PROGRAM says whether
// Python or pip is missing and which packages bring it.
enum ed_status ed_pip_find(const char *const **candidates, struct ed_error *err);
// Downloads the build's package, without what it depends on, into the empty directory `directory`; pip's own
// temporary files go to `scratch`. `archive` is the one file that came. ED_ERR_NO_SPACE for a full disk,
// ED_ERR_REFUSED where pip itself failed.
enum ed_status ed_pip_download(const char *python, const struct ed_engine_build *build, const char *directory,
                               const char *scratch, char archive[ED_PATH_BYTES], struct ed_error *err);
// Writes the build's files, and nothing else, from the archive to `directory` under their names of
// engines.json; never more bytes than it says.
enum ed_status ed_pip_extract(const char *python, const struct ed_engine_build *build, const char *archive,
                              const char *directory, struct ed_error *err);

#endif
