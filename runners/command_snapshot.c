// SPDX-License-Identifier: Apache-2.0
// `edgedyno-runner snapshot`: every file and command that a probe may read, as JSON lines. Ids are taken out
// here, so that they never leave the device.
#include <dirent.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/path.h"
#include "edgedyno/wire.h"
#include "probes/proc_file.h"
#include "probes/registry.h"
#include "runners/commands.h"
#include "runners/probe_host.h"
#include "runners/probe_scrub.h"
#include "runners/reply.h"

#define FILE_BYTES (64u << 10)
#define WORDS_MAX 8

struct snapshot {
    struct ed_probe_place place;
    char host[256];
    char *text; // FILE_BYTES
    struct ed_buffer out;
    int64_t files, left_out;
};

// One line, unless the whole would become too large.
static void add_line(struct snapshot *snapshot, const char *type, const char *key, const char *name,
                     const char *status, const char *text) {
    struct ed_buffer line;
    struct ed_json_writer w;
    ed_buffer_init(&line, ED_WIRE_LINE_MAX_BYTES);
    ed_json_writer_init(&w, &line, false);
    ed_json_object_begin(&w, NULL);
    ed_json_text(&w, "type", type);
    ed_json_text(&w, key, name);
    if (status)
        ed_json_text(&w, "status", status);
    if (text)
        ed_json_text(&w, "text", text);
    ed_json_object_end(&w);
    ed_buffer_text_append(&line, "\n");
    // The last line, which tells how many there are, must still fit.
    if (ed_buffer_status(&line, "a line", NULL) == ED_OK &&
        snapshot->out.size + line.size + 4096 < snapshot->out.max_bytes) {
        ed_buffer_append(&snapshot->out, line.data, line.size);
        snapshot->files++;
    } else {
        snapshot->left_out++;
    }
    ed_buffer_release(&line);
}

static void add_file(struct snapshot *snapshot, const char *path) {
    char name[512];
    snprintf(name, sizeof name, "%s", path);
    ed_probe_scrub(name, snapshot->host);
    const ssize_t n = ed_proc_read(snapshot->place.root_fd, path, snapshot->text, FILE_BYTES);
    if (n == -ENOENT || n == -ENOTDIR || n == -ENOTSUP)
        return;
    if (n < 0) {
        add_line(snapshot, "file", "path", name, ed_proc_error_name((int)-n), NULL);
        return;
    }
    // A text ends at its first NUL, as it does for the probes.
    ed_probe_scrub(snapshot->text, snapshot->host);
    add_line(snapshot, "file", "path", name, NULL, snapshot->text);
}

// Expands the first component of `pattern` with a '*' below `done`, then the rest.
static void add_pattern(struct snapshot *snapshot, const char *done, const char *pattern, int depth) {
    char path[512], component[64];
    const size_t n = strcspn(pattern, "/");
    if (depth > 16 || n >= sizeof component)
        return;
    memcpy(component, pattern, n);
    component[n] = 0;
    const char *rest = pattern[n] ? pattern + n + 1 : NULL;
    if (strcmp(component, "PID") == 0)
        snprintf(component, sizeof component, "self");
    if (!strchr(component, '*')) {
        const int size = snprintf(path, sizeof path, "%s%s%s", done, done[0] ? "/" : "", component);
        if (size < 0 || (size_t)size >= sizeof path)
            return;
        if (rest)
            add_pattern(snapshot, path, rest, depth + 1);
        else
            add_file(snapshot, path);
        return;
    }
    char(*names)[ED_PROC_NAME_BYTES] = calloc(1024, sizeof *names);
    const int found = names ? ed_proc_list_names(snapshot->place.root_fd, done, "", names, 1024) : 0;
    for (int i = 0; i < found; i++) {
        const int size = snprintf(path, sizeof path, "%s/%s", done, names[i]);
        if (fnmatch(component, names[i], FNM_PERIOD) != 0 || size < 0 || (size_t)size >= sizeof path)
            continue;
        if (rest)
            add_pattern(snapshot, path, rest, depth + 1);
        else
            add_file(snapshot, path);
    }
    free(names);
}

// Lines without `word` are taken out.
static void keep_lines(char *text, const char *word) {
    char *to = text;
    for (char *line = text; *line;) {
        const size_t bytes = strcspn(line, "\n"), whole = bytes + (line[bytes] == '\n');
        char *next = line + whole;
        if (memmem(line, bytes, word, strlen(word))) {
            memmove(to, line, whole);
            to += whole;
        }
        line = next;
    }
    *to = 0;
}

// "dumpsys power # mWakefulness": words, and what a line must hold to be kept.
static void add_command(struct snapshot *snapshot, const char *command) {
    char copy[128], name[ED_PROBE_COMMAND_NAME_BYTES], status[16] = "", *save = NULL;
    const char *argv[WORDS_MAX + 1] = {NULL}, *kept = NULL;
    int code = -1;
    size_t n = 0;
    snprintf(copy, sizeof copy, "%s", command);
    char *filter = strstr(copy, " # ");
    if (filter) {
        *filter = 0;
        kept = filter + 3;
    }
    for (char *word = strtok_r(copy, " ", &save); word && n < WORDS_MAX; word = strtok_r(NULL, " ", &save))
        argv[n++] = word;
    if (n == 0 || !ed_probe_command_name(argv, name))
        return;
    const struct ed_probe_host *host = &snapshot->place.host;
    const enum ed_status result = host->command(host->context, argv, snapshot->text, FILE_BYTES, &code, NULL);
    // No such program: a device without it, like one without a file.
    if (result == ED_ERR_NOT_FOUND)
        return;
    if (result == ED_OK && code != 0)
        snprintf(status, sizeof status, "%d", code);
    if (kept)
        keep_lines(snapshot->text, kept);
    ed_probe_scrub(snapshot->text, snapshot->host);
    add_line(snapshot, "command", "name", name,
             result      ? ed_status_word(result)
             : status[0] ? status
                         : NULL,
             snapshot->text);
}

// Several probes may read one file.
static bool seen_before(const struct ed_probe *const *probes, size_t probe, size_t pattern) {
    for (size_t i = 0; i <= probe; i++)
        for (size_t k = 0; probes[i]->files && probes[i]->files[k]; k++) {
            if (i == probe && k == pattern)
                return false;
            if (strcmp(probes[i]->files[k], probes[probe]->files[pattern]) == 0)
                return true;
        }
    return false;
}

enum ed_status ed_command_snapshot(const struct ed_arguments *arguments, const char *program,
                                   struct ed_error *err) {
    struct snapshot snapshot = {.place = {.root_fd = -1}};
    size_t n;
    const struct ed_probe *const *probes = ed_probes(&n);
    (void)arguments, (void)program;
    ed_buffer_init(&snapshot.out, ED_WIRE_SNAPSHOT_MAX_BYTES);
    snapshot.text = malloc(FILE_BYTES);
    gethostname(snapshot.host, sizeof snapshot.host - 1);
    enum ed_status status =
        snapshot.text ? ED_OK : ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for a snapshot");
    if (status == ED_OK)
        status = ed_probe_place_open(&snapshot.place, err);
    for (size_t i = 0; status == ED_OK && i < n; i++) {
        for (size_t k = 0; probes[i]->files && probes[i]->files[k]; k++)
            if (!seen_before(probes, i, k))
                add_pattern(&snapshot, "", probes[i]->files[k], 0);
        for (size_t k = 0; probes[i]->commands && probes[i]->commands[k]; k++)
            add_command(&snapshot, probes[i]->commands[k]);
    }
    if (status == ED_OK) {
        ed_buffer_printf(&snapshot.out,
                         "{\"type\":\"snapshot\",\"wire\":\"%s\",\"entries\":%lld,\"left_out\":%lld}\n",
                         ED_WIRE_VERSION, (long long)snapshot.files, (long long)snapshot.left_out);
        status = ed_buffer_status(&snapshot.out, "a snapshot", err);
    }
    if (status == ED_OK)
        status = ed_path_write_all(STDOUT_FILENO, ed_buffer_text(&snapshot.out), snapshot.out.size,
                                   "standard output", err);
    ed_buffer_release(&snapshot.out);
    free(snapshot.text);
    if (snapshot.place.root_fd >= 0)
        close(snapshot.place.root_fd);
    return status;
}
