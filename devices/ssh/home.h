// SPDX-License-Identifier: Apache-2.0
// Who and where the user is, for files below ~ and names in ~/.ssh/config.
#ifndef EDGEDYNO_DEVICES_SSH_HOME_H
#define EDGEDYNO_DEVICES_SSH_HOME_H

#include "base/path.h"

// $HOME, or what the password file says. ED_ERR_NOT_FOUND.
enum ed_status ed_ssh_home(char out[ED_PATH_BYTES], struct ed_error *err);
// The login name; "" where it is not known.
void ed_ssh_login(char *out, size_t bytes);
// "~" and "~/x" become the home folder's; "~name" is ED_ERR_UNSUPPORTED; a relative path lies below `base`
// ("": stays).
enum ed_status ed_ssh_path(char out[ED_PATH_BYTES], const char *base, const char *path, struct ed_error *err);

#endif
