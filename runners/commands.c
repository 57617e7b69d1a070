// SPDX-License-Identifier: Apache-2.0
// The short commands but `start`.
#include "runners/commands.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "runners/adapter.h"
#include "runners/contact.h"
#include "runners/evidence.h"
#include "runners/hardware/hardware.h"
#include "runners/jobdir.h"
#include "runners/lease.h"
#include "runners/lease_record.h"
#include "runners/reply.h"

#define ENDED_TRIES 400
#define ENDED_STEP_NS INT64_C(5000000)

enum ed_status ed_command_version(const struct ed_arguments *arguments, const char *program,
                                  struct ed_error *err) {
    struct ed_reply reply;
    (void)arguments, (void)program;
    ed_reply_begin(&reply, "version");
    ed_json_text(&reply.json, "version", ED_VERSION);
    ed_json_text(&reply.json, "target", ED_TARGET);
    ed_json_uint(&reply.json, "adapter_abi", ED_BACKEND_ABI);
    return ed_reply_send(&reply, STDOUT_FILENO, err);
}

enum ed_status ed_command_hardware(const struct ed_arguments *arguments, const char *program,
                                   struct ed_error *err) {
    struct ed_reply reply;
    char summary[512];
    (void)arguments, (void)program;
    int root_fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (root_fd < 0)
        return ed_fail_errno(err, ED_ERR_IO, "/", "cannot be opened: %m");
    ed_reply_begin(&reply, "hardware");
    ed_hardware_summary(summary, sizeof summary);
    ed_json_text(&reply.json, "summary", summary);
    enum ed_status status = ed_hardware_describe(root_fd, &reply.json, err);
    close(root_fd);
    if (status != ED_OK) {
        ed_buffer_release(&reply.text);
        return status;
    }
    return ed_reply_send(&reply, STDOUT_FILENO, err);
}

void ed_command_set_variable(const char *pair) {
    char name[256];
    const size_t n = strcspn(pair, "=");
    if (!pair[n] || !n || n >= sizeof name)
        return;
    memcpy(name, pair, n);
    name[n] = 0;
    setenv(name, pair + n + 1, 1);
}

int ed_command_keep_output(struct ed_error *err) {
    const int fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    if (fd >= 0 && dup2(STDERR_FILENO, STDOUT_FILENO) >= 0)
        return fd;
    ed_fail_errno(err, ED_ERR_IO, "standard output", "cannot be kept for the reply: %m");
    if (fd >= 0)
        close(fd);
    return -1;
}

void ed_command_environment(const struct ed_arguments *arguments) {
    for (size_t i = 0; i < arguments->n_values; i++)
        if (!strcmp(arguments->values[i].option->name, "environment"))
            ed_command_set_variable(arguments->values[i].text);
}

enum ed_status ed_command_survey(const struct ed_arguments *arguments, const char *program,
                                 struct ed_error *err) {
    struct ed_adapter adapter = {0};
    struct ed_survey *survey = calloc(1, sizeof *survey);
    const char *directory = ed_arguments_get(arguments, "engine-dir"),
               *library = ed_arguments_get(arguments, "library");
    (void)program;
    if (!survey)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for a survey");
    int reply_fd = ed_command_keep_output(err);
    if (reply_fd < 0) {
        free(survey);
        return ED_ERR_IO;
    }
    ed_command_environment(arguments);
    const struct ed_open_args args = {.engine_dir = directory ? directory : "",
                                      .engine_library = library ? library : "",
                                      .scratch_dir = "."};
    enum ed_status status = ed_adapter_open(&adapter, ed_arguments_get(arguments, "adapter"), err);
    if (status == ED_OK)
        status = adapter.backend->open(adapter.state, &args, err);
    if (status == ED_OK) {
        status = adapter.backend->survey(adapter.state, survey, err);
        adapter.backend->close(adapter.state);
    }
    if (status == ED_OK) {
        struct ed_reply reply;
        ed_reply_begin(&reply, "survey");
        ed_json_text(&reply.json, "engine", adapter.backend->name);
        ed_evidence_survey(&reply.json, survey);
        status = ed_reply_send(&reply, reply_fd, err);
    }
    // An engine's last words may come when the process exits: after a reply nothing more goes there.
    fflush(NULL);
    if (status != ED_OK)
        dup2(reply_fd, STDOUT_FILENO);
    close(reply_fd);
    ed_adapter_release(&adapter);
    free(survey);
    return status;
}

enum ed_status ed_command_work(const struct ed_arguments *arguments, const char *program,
                               struct ed_error *err) {
    struct ed_reply reply;
    char job[ED_WIRE_ID_MAX_BYTES + 1];
    (void)program;
    ed_contact_restore(ed_arguments_get(arguments, "work"));
    enum ed_status status = ed_jobdir_running(ed_arguments_get(arguments, "work"), job, err);
    if (status != ED_OK)
        return status;
    ed_reply_begin(&reply, "work");
    ed_json_text(&reply.json, "job", job);
    return ed_reply_send(&reply, STDOUT_FILENO, err);
}

static enum ed_status job_of(const struct ed_arguments *arguments, struct ed_jobdir *dir,
                             struct ed_error *err) {
    enum ed_status status =
        ed_jobdir_at(dir, ed_arguments_get(arguments, "work"), ed_arguments_get(arguments, "job"), err);
    if (status == ED_OK && !ed_path_is_directory(dir->path))
        return ed_fail(err, ED_ERR_NOT_FOUND, dir->work, "no job '%s' here", dir->id);
    return status;
}

// The last whole line of the journal says whether the job came to its end.
static bool has_end_line(const struct ed_jobdir *dir, char *reason, size_t reason_bytes, char *message,
                         size_t message_bytes) {
    char path[ED_PATH_BYTES], tail[4096];
    bool ended = false;
    reason[0] = message[0] = 0;
    int fd = ed_jobdir_file(path, dir, ED_JOB_JOURNAL, NULL) == ED_OK ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0)
        return false;
    off_t size = lseek(fd, 0, SEEK_END);
    ssize_t n =
        pread(fd, tail, sizeof tail - 1, size > (off_t)sizeof tail - 1 ? size - (off_t)sizeof tail + 1 : 0);
    close(fd);
    if (n < 2 || tail[n - 1] != '\n')
        return false;
    tail[n - 1] = 0;
    const char *line = strrchr(tail, '\n');
    line = line ? line + 1 : tail;
    struct ed_json_document document = {0};
    if (ed_json_parse(&document, "journal", line, strlen(line), NULL) == ED_OK) {
        struct ed_json_at root = ed_json_root(&document);
        const char *type = "";
        ed_json_opt_text(&root, "type", &type, NULL);
        ended = !strcmp(type, ED_JOURNAL_END);
        if (ended) {
            ed_json_opt_string(&root, "reason", reason, reason_bytes, NULL);
            ed_json_opt_string(&root, "message", message, message_bytes, NULL);
        }
        ed_json_document_release(&document);
    }
    return ended;
}

// Copies what the supervisor last said of itself, with the times made relative to now.
static void write_progress(struct ed_json_writer *w, const struct ed_jobdir *dir) {
    char path[ED_PATH_BYTES], block[ED_WIRE_ID_MAX_BYTES + 1] = "";
    struct ed_json_document state = {0};
    int64_t done = 0, total = 0, expected = 0, left = 0, cooling = 0, now_mc = 0, limit_mc = 0;
    double started = 0;
    if (ed_jobdir_file(path, dir, ED_JOB_STATE, NULL) != ED_OK ||
        ed_json_parse_file(&state, path, ED_WIRE_LINE_MAX_BYTES, NULL) != ED_OK)
        return;
    struct ed_json_at root = ed_json_root(&state);
    const int64_t most = INT64_C(1) << 53;
    ed_json_opt_string(&root, "block", block, sizeof block, NULL);
    ed_json_opt_int(&root, "done", 0, most, &done, NULL);
    ed_json_opt_int(&root, "total", 0, most, &total, NULL);
    // Beyond 2^53 after 104 days.
    ed_json_opt_real(&root, "block_started_boot_ns", 0, 9.2e18, &started, NULL);
    ed_json_opt_int(&root, "block_expected_ns", 0, most, &expected, NULL);
    ed_json_opt_int(&root, "left_ns", 0, most, &left, NULL);
    ed_json_opt_int(&root, "cooling_ns", 0, most, &cooling, NULL);
    ed_json_opt_int(&root, "cooling_now_mc", -most, most, &now_mc, NULL);
    ed_json_opt_int(&root, "cooling_limit_mc", -most, most, &limit_mc, NULL);
    ed_json_document_release(&state);
    const int64_t elapsed = ed_clock_read_ns(ED_CLOCK_BOOT) - (int64_t)started;
    ed_json_text(w, "block", block);
    ed_json_int(w, "blocks_done", done);
    ed_json_int(w, "blocks_total", total);
    ed_json_int(w, "next_news_ns", expected > elapsed ? expected - elapsed : 0);
    ed_json_int(w, "left_ns", left > elapsed ? left - elapsed : 0);
    if (cooling) {
        ed_json_int(w, "cooling_ns", cooling > elapsed ? cooling - elapsed : 0);
        ed_json_int(w, "cooling_now_mc", now_mc);
        ed_json_int(w, "cooling_limit_mc", limit_mc);
    }
}

// The controller's lease lasts on while it asks. One that is lost is said, and the job's state all the same.
static void renew(struct ed_json_writer *w, const struct ed_jobdir *dir, const char *token, int64_t for_ns) {
    struct ed_error why = {0};
    if (ed_lease_renew(dir->work, token, for_ns, &why) == ED_OK)
        return;
    ed_json_bool(w, "lease_lost", true);
    ed_json_text(w, "lease_message", why.message);
}

enum ed_status ed_command_status(const struct ed_arguments *arguments, const char *program,
                                 struct ed_error *err) {
    struct ed_jobdir dir;
    char reason[64], message[1024];
    const char *token = ed_arguments_get(arguments, "token"),
               *extend = ed_arguments_get(arguments, "extend-ns");
    (void)program;
    enum ed_status status = job_of(arguments, &dir, err);
    if (status == ED_OK && !token != !extend)
        status = ed_fail(err, ED_ERR_USAGE, NULL, "--token and --extend-ns go together");
    if (status != ED_OK)
        return status;
    ed_contact_restore(dir.work);
    // In this order: a supervisor that ends between the two questions has written its end line before it let
    // go of the lock.
    const bool alive = ed_jobdir_alive(&dir);
    const bool ended = has_end_line(&dir, reason, sizeof reason, message, sizeof message);
    // Who hears that it has ended may start the next one: not before the supervisor is gone, with its locks.
    for (int tries = 0; ended && tries < ENDED_TRIES && ed_jobdir_alive(&dir); tries++)
        ed_clock_sleep_until(ed_clock_monotonic_ns() + ENDED_STEP_NS, NULL);
    struct ed_reply reply;
    ed_reply_begin(&reply, "status");
    ed_json_text(&reply.json, "job", dir.id);
    ed_json_text(&reply.json, "state", ended ? "ended" : alive ? "running" : "died");
    if (ended) {
        ed_json_text(&reply.json, "reason", reason);
        ed_json_text(&reply.json, "message", message);
    }
    // For who measures this device from outside.
    ed_json_int(&reply.json, "monotonic_ns", ed_clock_monotonic_ns());
    ed_json_int(&reply.json, "journal_bytes", ed_jobdir_size(&dir, ED_JOB_JOURNAL));
    write_progress(&reply.json, &dir);
    if (token)
        renew(&reply.json, &dir, token, strtoll(extend, NULL, 10));
    return ed_reply_send(&reply, STDOUT_FILENO, err);
}

// Only the files that a controller has business with, by name; outputs/NAME with a checked name.
static bool may_read(const char *name) {
    static const char prefix[] = ED_JOB_OUTPUTS "/";
    if (!strncmp(name, prefix, sizeof prefix - 1))
        return ed_path_name_ok(name + sizeof prefix - 1);
    return !strcmp(name, ED_JOB_JOURNAL) || !strcmp(name, ED_JOB_SAMPLES) || !strcmp(name, ED_JOB_TIMELINE) ||
           !strcmp(name, ED_JOB_LOG);
}

enum ed_status ed_command_read(const struct ed_arguments *arguments, const char *program,
                               struct ed_error *err) {
    struct ed_jobdir dir;
    char path[ED_PATH_BYTES], chunk[65536];
    const char *name = ed_arguments_get(arguments, "file");
    int64_t from = strtoll(ed_arguments_get(arguments, "from"), NULL, 10);
    int64_t left = strtoll(ed_arguments_get(arguments, "max"), NULL, 10);
    (void)program;
    enum ed_status status = job_of(arguments, &dir, err);
    if (status == ED_OK && !may_read(name))
        status = ed_fail(err, ED_ERR_USAGE, NULL, "'%.80s' is not a file of a job that can be read", name);
    if (status == ED_OK)
        status = ed_jobdir_file(path, &dir, name, err);
    if (status != ED_OK)
        return status;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return ed_fail_errno(err, ED_ERR_IO, path, "cannot be opened: %m");
    while (status == ED_OK && left > 0) {
        ssize_t n = pread(fd, chunk, left < (int64_t)sizeof chunk ? (size_t)left : sizeof chunk, from);
        if (n == 0)
            break;
        status = n < 0 ? ed_fail_errno(err, ED_ERR_IO, path, "cannot be read: %m")
                       : ed_path_write_all(STDOUT_FILENO, chunk, (size_t)n, "standard output", err);
        from += n;
        left -= n;
    }
    close(fd);
    return status;
}

// The file is there at once with who asked, or not at all; on a full disk it is there without.
static enum ed_status ask_to_stop(const struct ed_jobdir *dir, const char *by, struct ed_error *err) {
    char path[ED_PATH_BYTES], made[ED_PATH_BYTES];
    enum ed_status status = ed_jobdir_file(path, dir, ED_JOB_STOP, err);
    if (status == ED_OK)
        status = ed_jobdir_file(made, dir, ED_JOB_STOP ".new", err);
    if (status != ED_OK || ed_path_exists(path))
        return status;
    int fd = by[0] ? open(made, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600) : -1;
    if (fd >= 0) {
        const bool written = ed_path_write_all(fd, by, strlen(by), made, NULL) == ED_OK;
        close(fd);
        if (written && rename(made, path) == 0)
            return ED_OK;
        unlink(made);
    }
    fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return ed_fail_errno(err, ED_ERR_IO, path, "cannot be made: %m");
    close(fd);
    return ED_OK;
}

enum ed_status ed_command_stop(const struct ed_arguments *arguments, const char *program,
                               struct ed_error *err) {
    const char *by = ed_arguments_get(arguments, "by");
    struct ed_jobdir dir;
    (void)program;
    enum ed_status status = job_of(arguments, &dir, err);
    if (status == ED_OK && by && !ed_lease_text_ok(by, ED_WIRE_OWNER_MAX_BYTES, true))
        status = ed_fail(err, ED_ERR_USAGE, "--by", "expected printable text of at most %d bytes",
                         ED_WIRE_OWNER_MAX_BYTES);
    if (status == ED_OK)
        status = ask_to_stop(&dir, by ? by : "", err);
    if (status != ED_OK)
        return status;
    struct ed_reply reply;
    ed_reply_begin(&reply, "stopping");
    ed_json_text(&reply.json, "job", dir.id);
    return ed_reply_send(&reply, STDOUT_FILENO, err);
}

enum ed_status ed_command_forget(const struct ed_arguments *arguments, const char *program,
                                 struct ed_error *err) {
    struct ed_jobdir dir;
    (void)program;
    enum ed_status status = job_of(arguments, &dir, err);
    if (status == ED_OK && ed_jobdir_alive(&dir))
        status = ed_fail(err, ED_ERR_BUSY, dir.path, "the job still runs: stop it first");
    if (status == ED_OK)
        status = ed_path_remove(dir.path, err);
    if (status != ED_OK)
        return status;
    struct ed_reply reply;
    ed_reply_begin(&reply, "forgotten");
    ed_json_text(&reply.json, "job", dir.id);
    return ed_reply_send(&reply, STDOUT_FILENO, err);
}
