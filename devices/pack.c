// SPDX-License-Identifier: Apache-2.0
// Choosing a pack.
#include "devices/pack.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_read.h"
#include "devices/version_range.h"

#define PACK_FILE "pack.json"
#define PACK_MAX_BYTES (64u << 10)

static enum ed_status read_libc(struct ed_pack *pack, const struct ed_json_at *root, struct ed_error *err) {
    static const char *const known[] = {"version", "loader", NULL};
    const struct ed_json_at libc = ed_json_member(root, "libc");
    if (!libc.value || cJSON_IsNull(libc.value))
        return ED_OK;
    enum ed_status status = ed_json_known_keys(&libc, known, err);
    if (status == ED_OK)
        status = ed_json_get_string(&libc, "version", pack->libc_version, sizeof pack->libc_version, err);
    if (status == ED_OK)
        status = ed_json_get_string(&libc, "loader", pack->loader, sizeof pack->loader, err);
    if (status == ED_OK && !ed_path_name_ok(pack->loader))
        status = ed_json_fail(&libc, err, "\"%.64s\" is not the name of a loader", pack->loader);
    if (status == ED_OK)
        status = ed_path_join(pack->libc_dir, pack->directory, "libc", err);
    return status;
}

static enum ed_status read_pack(struct ed_pack *pack, struct ed_error *err) {
    static const char *const known[] = {"target", "libc_floor", "libc", NULL};
    char path[ED_PATH_BYTES];
    struct ed_json_document document = {0};
    enum ed_status status = ed_path_join(path, pack->directory, PACK_FILE, err);
    if (status != ED_OK || !ed_path_exists(path))
        return status;
    status = ed_json_parse_file(&document, path, PACK_MAX_BYTES, err);
    if (status != ED_OK)
        return status;
    const struct ed_json_at root = ed_json_root(&document);
    status = ed_json_known_keys(&root, known, err);
    if (status == ED_OK)
        status = ed_json_opt_string(&root, "libc_floor", pack->libc_floor, sizeof pack->libc_floor, err);
    if (status == ED_OK)
        status = read_libc(pack, &root, err);
    ed_json_document_release(&document);
    return status;
}

// Fills the places of LIBRARY_DIR/packs/TARGET or LIBRARY_DIR/TARGET; false: neither has a runner.
static bool find_directory(struct ed_pack *pack, const char *library_dir, const char *target) {
    memset(pack, 0, sizeof *pack);
    snprintf(pack->target, sizeof pack->target, "%s", target);
    for (int i = 0; i < 2; i++) {
        char name[64];
        snprintf(name, sizeof name, i ? "%s" : "packs/%s", target);
        if (ed_path_join(pack->directory, library_dir, name, NULL) == ED_OK &&
            ed_path_join(pack->runner, pack->directory, "edgedyno-runner", NULL) == ED_OK &&
            ed_path_exists(pack->runner))
            return true;
    }
    return false;
}

// "linux-aarch64, linux-x86_64" of what is installed.
static void list_targets(char *out, size_t bytes, const char *library_dir) {
    static const char *const all[] = {"linux-x86_64", "linux-aarch64", "linux-armv7", "android-aarch64",
                                      "android-armv7"};
    struct ed_pack pack;
    size_t used = 0;
    out[0] = 0;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (find_directory(&pack, library_dir, all[i]) && used < bytes)
            used += (size_t)snprintf(out + used, bytes - used, "%s%s", used ? ", " : "", all[i]);
    if (!used)
        snprintf(out, bytes, "none");
}

bool ed_pack_needs_libc(const struct ed_pack *pack, const struct ed_identity *identity, const char *floor) {
    if (!strncmp(pack->target, "android-", 8))
        return false;
    if (strcmp(identity->libc, "glibc"))
        return identity->libc[0] != 0;
    return floor[0] && identity->libc_version[0] && ed_version_compare(identity->libc_version, floor) < 0;
}

static const char *linux_target(const struct ed_identity *identity) {
    if (!strcmp(identity->target, "android-aarch64"))
        return "linux-aarch64";
    if (!strcmp(identity->target, "android-armv7"))
        return "linux-armv7";
    return !strcmp(identity->target, "android-x86_64") ? "linux-x86_64" : identity->target;
}

enum ed_status ed_pack_find(struct ed_pack *pack, const char *library_dir, const struct ed_identity *identity,
                            const char *id, struct ed_error *err) {
    char targets[256];
    bool found = find_directory(pack, library_dir, identity->target);
    const bool own = found;
    if (!found && strcmp(linux_target(identity), identity->target))
        found = find_directory(pack, library_dir, linux_target(identity));
    if (!found) {
        list_targets(targets, sizeof targets, library_dir);
        return ed_fail(
            err, ED_ERR_UNSUPPORTED, id,
            "is a %s, for which this installation has no runner (it has: %s); build one as docs/packs.md "
            "says",
            identity->target, targets);
    }
    enum ed_status status = read_pack(pack, err);
    pack->foreign = identity->android && !own;
    pack->runner_libc = status == ED_OK && ed_pack_needs_libc(pack, identity, pack->libc_floor);
    if (status == ED_OK && pack->runner_libc && !pack->loader[0])
        status = ed_fail(
            err, ED_ERR_UNSUPPORTED, id,
            "has the C library %s%s%s, and the runner needs glibc %s; the pack of %s has no C library of "
            "its own: build the packs (docs/packs.md)",
            identity->libc[0] ? identity->libc : "(unknown)", identity->libc_version[0] ? " " : "",
            identity->libc_version, pack->libc_floor[0] ? pack->libc_floor : "(of any version)",
            pack->target);
    return status;
}

enum ed_status ed_pack_adapter(const struct ed_pack *pack, const char *name, char out[ED_PATH_BYTES],
                               struct ed_error *err) {
    char file[128];
    snprintf(file, sizeof file, "adapters/%.100s.so", name);
    enum ed_status status = ed_path_join(out, pack->directory, file, err);
    if (status == ED_OK && !ed_path_exists(out))
        status =
            ed_fail(err, ED_ERR_NOT_FOUND, out, "the pack of %s has no adapter for %s", pack->target, name);
    return status;
}
