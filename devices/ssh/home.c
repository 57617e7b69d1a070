// SPDX-License-Identifier: Apache-2.0
// The user's name and home folder.
#include "devices/ssh/home.h"

#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

#define ENTRY_BYTES 4096

static void from_password_file(char *name, size_t name_bytes, char *home, size_t home_bytes) {
    struct passwd entry, *found = NULL;
    char text[ENTRY_BYTES];
    name[0] = home[0] = '\0';
    if (getpwuid_r(getuid(), &entry, text, sizeof text, &found) != 0 || !found)
        return;
    snprintf(name, name_bytes, "%s", found->pw_name);
    snprintf(home, home_bytes, "%s", found->pw_dir);
}

enum ed_status ed_ssh_home(char out[ED_PATH_BYTES], struct ed_error *err) {
    const char *home = getenv("HOME");
    char name[64];
    if (home && home[0] == '/' && strlen(home) < ED_PATH_BYTES)
        snprintf(out, ED_PATH_BYTES, "%s", home);
    else
        from_password_file(name, sizeof name, out, ED_PATH_BYTES);
    return out[0] == '/' ? ED_OK
                         : ed_fail(err, ED_ERR_NOT_FOUND, "HOME", "there is no home folder; set HOME");
}

void ed_ssh_login(char *out, size_t bytes) {
    char home[ED_PATH_BYTES];
    from_password_file(out, bytes, home, sizeof home);
}

enum ed_status ed_ssh_path(char out[ED_PATH_BYTES], const char *base, const char *path,
                           struct ed_error *err) {
    char home[ED_PATH_BYTES];
    enum ed_status status;
    if (path[0] != '~')
        return ed_path_join(out, base, path, err);
    if (path[1] && path[1] != '/')
        return ed_fail(err, ED_ERR_UNSUPPORTED, path,
                       "the home folder of another user is not looked up; write the whole path");
    status = ed_ssh_home(home, err);
    return status || !path[1] ? (snprintf(out, ED_PATH_BYTES, "%s", status ? "" : home), status)
                              : ed_path_join(out, home, path + 2, err);
}
