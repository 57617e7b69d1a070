// SPDX-License-Identifier: Apache-2.0
// Sets for tests.
#include "tests/runner/store_rig.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/random.h"

static char *content(const struct thing_file *file) {
    char *bytes = malloc(file->bytes + 8);
    uint64_t state = file->seed;
    assert_non_null(bytes);
    for (size_t i = 0; i < file->bytes; i += 8) {
        const uint64_t word = ed_random_splitmix64(&state);
        memcpy(bytes + i, &word, sizeof word);
    }
    return bytes;
}

const char *thing_sha256(const struct thing_file *file) {
    static char turns[8][ED_DIGEST_HEX_BYTES];
    static unsigned turn;
    char *hex = turns[turn++ % 8], *bytes = content(file);
    ed_digest_bytes(hex, bytes, file->bytes);
    free(bytes);
    return hex;
}

const char *thing_id(const struct thing *thing) {
    static char turns[8][ED_DIGEST_HEX_BYTES];
    static unsigned turn;
    char *hex = turns[turn++ % 8];
    struct ed_buffer text;
    ed_buffer_init(&text, 65536);
    ed_buffer_printf(&text, "%s %s %s %s", thing->kind, thing->name, thing->variant, thing->version);
    for (size_t i = 0; i < THING_FILES && thing->files[i].name; i++)
        ed_buffer_printf(&text, " %s %u %zu", thing->files[i].name, thing->files[i].seed,
                         thing->files[i].bytes);
    ed_digest_bytes(hex, ed_buffer_text(&text), text.size);
    ed_buffer_release(&text);
    return hex;
}

void thing_put(const char *directory, const struct thing_file *file, size_t bytes) {
    char path[ED_PATH_BYTES], *text = content(file);
    snprintf(path, sizeof path, "%s/%s", directory, thing_sha256(file));
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || ed_path_write_all(fd, text, bytes, path, NULL) != ED_OK)
        rig_fail("%s: %s", path, strerror(errno));
    close(fd);
    free(text);
}

const char *thing_object(const struct thing_file *file) {
    char name[128];
    snprintf(name, sizeof name, "work/" ED_WORK_OBJECTS "/%s", thing_sha256(file));
    return rig_path(name);
}

const char *thing_set(const struct thing *thing) {
    char name[128];
    snprintf(name, sizeof name, "work/" ED_WORK_SETS "/%s", thing_id(thing));
    return rig_path(name);
}

const char *thing_path(const struct thing *thing, const char *file) {
    char name[256];
    snprintf(name, sizeof name, "work/" ED_WORK_SETS "/%s/%s", thing_id(thing), file);
    return rig_path(name);
}

bool thing_is_right(const char *path, const struct thing_file *file) {
    char hex[ED_DIGEST_HEX_BYTES];
    int64_t bytes = 0;
    return ed_digest_file(hex, &bytes, path, NULL) == ED_OK && bytes == (int64_t)file->bytes &&
           !strcmp(hex, thing_sha256(file));
}

void store_lease(const char *holder, char token[ED_WIRE_TOKEN_MAX_BYTES + 1]) {
    char text[512];
    assert_int_equal(ed_path_make(rig_work, 0700, NULL), ED_OK);
    snprintf(text, sizeof text,
             "{\"type\":\"lease\",\"action\":\"take\",\"holder\":\"%s\",\"owner\":\"tester@here\","
             "\"purpose\":\"test\","
             "\"token\":\"\",\"for_ns\":3600000000000,\"wait\":false}",
             holder);
    struct rig_reply reply =
        rig_call(text, strlen(text), (const char *[]){"lease", "--work", rig_work, NULL});
    if (reply.exit_code != 0 || !rig_reply_text(&reply, "token")[0])
        rig_fail("no lease: %s", reply.text);
    snprintf(token, ED_WIRE_TOKEN_MAX_BYTES + 1, "%s", rig_reply_text(&reply, "token"));
    rig_reply_release(&reply);
}

void store_release(const char *token) {
    char text[512];
    snprintf(text, sizeof text, "{\"type\":\"lease\",\"action\":\"release\",\"token\":\"%s\"}", token);
    struct rig_reply reply =
        rig_call(text, strlen(text), (const char *[]){"lease", "--work", rig_work, NULL});
    assert_int_equal(reply.exit_code, 0);
    rig_reply_release(&reply);
}

void store_message(struct ed_buffer *text, const char *type, bool verify, const struct thing *things,
                   size_t n) {
    struct ed_json_writer w;
    ed_buffer_init(text, ED_WIRE_JOB_MAX_BYTES);
    ed_json_writer_init(&w, text, false);
    ed_json_object_begin(&w, NULL);
    ed_json_text(&w, "type", type);
    ed_json_text(&w, "wire", ED_WIRE_VERSION);
    ed_json_bool(&w, "verify", verify);
    ed_json_array_begin(&w, "sets");
    for (size_t i = 0; i < n; i++) {
        ed_json_object_begin(&w, NULL);
        ed_json_text(&w, "id", thing_id(&things[i]));
        ed_json_text(&w, "kind", things[i].kind);
        ed_json_text(&w, "name", things[i].name);
        ed_json_text(&w, "variant", things[i].variant);
        ed_json_text(&w, "version", things[i].version);
        ed_json_array_begin(&w, "files");
        for (size_t k = 0; k < THING_FILES && things[i].files[k].name; k++) {
            ed_json_object_begin(&w, NULL);
            ed_json_text(&w, "name", things[i].files[k].name);
            ed_json_uint(&w, "bytes", things[i].files[k].bytes);
            ed_json_text(&w, "sha256", thing_sha256(&things[i].files[k]));
            ed_json_bool(&w, "executable", things[i].files[k].executable);
            ed_json_object_end(&w);
        }
        ed_json_array_end(&w);
        ed_json_object_end(&w);
    }
    ed_json_array_end(&w);
    ed_json_object_end(&w);
    assert_int_equal(ed_buffer_status(text, "message", NULL), ED_OK);
}

struct rig_reply store_have(const struct thing *things, size_t n, bool verify) {
    struct ed_buffer text;
    store_message(&text, "have", verify, things, n);
    struct rig_reply reply =
        rig_call(ed_buffer_text(&text), text.size, (const char *[]){"have", "--work", rig_work, NULL});
    ed_buffer_release(&text);
    return reply;
}

struct rig_reply store_adopt(const char *token, const struct thing *things, size_t n) {
    struct ed_buffer text;
    store_message(&text, "adopt", false, things, n);
    struct rig_reply reply = rig_call(ed_buffer_text(&text), text.size,
                                      (const char *[]){"adopt", "--work", rig_work, "--token", token, NULL});
    ed_buffer_release(&text);
    return reply;
}

struct rig_reply store_stage(const char *token, int64_t bytes, int64_t cache_max, int64_t free_min) {
    char bytes_text[32], cache_text[32], free_text[32];
    snprintf(bytes_text, sizeof bytes_text, "%lld", (long long)bytes);
    snprintf(cache_text, sizeof cache_text, "%lld", (long long)cache_max);
    snprintf(free_text, sizeof free_text, "%lld", (long long)free_min);
    return rig_call(NULL, 0,
                    (const char *[]){"stage", "--work", rig_work, "--token", token, "--bytes", bytes_text,
                                     "--cache-max", cache_text, "--free-min", free_text, NULL});
}

struct rig_reply store_clean(const char *token, const char *message) {
    char text[4096];
    snprintf(text, sizeof text, "{\"type\":\"clean\"%s}", message);
    return rig_call(text, strlen(text),
                    (const char *[]){"clean", "--work", rig_work, "--token", token, NULL});
}

void store_staged(const char *token, int64_t bytes, char directory[ED_PATH_BYTES]) {
    struct rig_reply reply = store_stage(token, bytes, 0, 0);
    if (reply.exit_code != 0)
        rig_fail("stage: %s", reply.text);
    snprintf(directory, ED_PATH_BYTES, "%s", rig_reply_text(&reply, "directory"));
    rig_reply_release(&reply);
}

void store_push(const char *token, const struct thing *things, size_t n) {
    char directory[ED_PATH_BYTES];
    struct rig_reply reply = store_have(things, n, false);
    const cJSON *missing;
    if (reply.exit_code != 0)
        rig_fail("have: %s", reply.text);
    store_staged(token, 0, directory);
    cJSON_ArrayForEach(missing, cJSON_GetObjectItemCaseSensitive(reply.json.root, "missing")) {
        const char *wanted = rig_text(missing, "sha256");
        for (size_t i = 0; i < n; i++)
            for (size_t k = 0; k < THING_FILES && things[i].files[k].name; k++)
                if (!strcmp(thing_sha256(&things[i].files[k]), wanted))
                    thing_put(directory, &things[i].files[k], things[i].files[k].bytes);
    }
    rig_reply_release(&reply);
    reply = store_adopt(token, things, n);
    if (reply.exit_code != 0)
        rig_fail("adopt: %s", reply.text);
    assert_int_equal(store_number(&reply, "sets"), n);
    rig_reply_release(&reply);
}

size_t store_count(const struct rig_reply *reply, const char *key) {
    const cJSON *array = reply->json.root ? cJSON_GetObjectItemCaseSensitive(reply->json.root, key) : NULL;
    if (!cJSON_IsArray(array))
        rig_fail("no array %s in %s", key, reply->text);
    return (size_t)cJSON_GetArraySize(array);
}

int64_t store_number(const struct rig_reply *reply, const char *key) {
    return rig_int(reply->json.root, key);
}

bool store_is_whole(const struct thing *thing) {
    struct rig_reply reply = store_have(thing, 1, false);
    if (reply.exit_code != 0)
        rig_fail("have: %s", reply.text);
    const bool whole = store_count(&reply, "whole") == 1;
    // Whole or something missing, never both nor neither.
    assert_int_equal(store_count(&reply, "missing") == 0, whole);
    rig_reply_release(&reply);
    return whole;
}

size_t store_entries(const char *part) {
    char path[ED_PATH_BYTES];
    size_t n = 0;
    snprintf(path, sizeof path, "%s/%s", rig_work, part);
    DIR *stream = opendir(path);
    for (const struct dirent *entry; stream && (entry = readdir(stream));)
        n += strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..");
    if (stream)
        closedir(stream);
    return n;
}

void store_reset(void) {
    // Named one by one: the work directory itself may be a mount point.
    static const char *const parts[] = {"objects", "sets",    "staging",    "digests.jsonl", "wanted.json",
                                        "tickets", "runtime", "lease.json", "lease.lock",    "changed.lock"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        char name[64];
        snprintf(name, sizeof name, "work/%s", parts[i]);
        assert_int_equal(ed_path_remove(rig_path(name), NULL), ED_OK);
    }
}
