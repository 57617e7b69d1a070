// SPDX-License-Identifier: Apache-2.0
// The rig: directories, short commands, waiting.
#include "tests/runner/rig.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "edgedyno/wire.h"

char rig_home[128], rig_work[160], rig_cgroup_procs[256];

void rig_fail(const char *format, ...) {
    va_list args;
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    fail();
    abort();
}

int rig_setup(void **state) {
    (void)state;
    snprintf(rig_home, sizeof rig_home, P_tmpdir "/edgedyno-runner-XXXXXX");
    if (!mkdtemp(rig_home))
        return -1;
    snprintf(rig_work, sizeof rig_work, "%s/work", rig_home);
    setenv("XDG_STATE_HOME", rig_home, 1);
    setenv("XDG_CACHE_HOME", rig_home, 1);
    setenv("XDG_DATA_HOME", rig_home, 1);
    return 0;
}

// A failed test may leave a job running: it is stopped, and must be gone, before its files are removed.
static void stop_jobs(void) {
    char path[ED_PATH_BYTES];
    snprintf(path, sizeof path, "%s/jobs", rig_work);
    DIR *jobs = opendir(path);
    for (struct dirent *entry; jobs && (entry = readdir(jobs));) {
        if (entry->d_name[0] == '.')
            continue;
        for (int i = 0; i < 300; i++) {
            struct rig_reply reply = rig_call_job("status", entry->d_name);
            bool running = !strcmp(rig_reply_text(&reply, "state"), "running");
            rig_reply_release(&reply);
            if (!running)
                break;
            reply = rig_call_job("stop", entry->d_name);
            rig_reply_release(&reply);
            usleep(20000);
        }
    }
    if (jobs)
        closedir(jobs);
}

int rig_teardown(void **state) {
    (void)state;
    stop_jobs();
    return ed_path_remove(rig_home, NULL) == ED_OK ? 0 : -1;
}

static void join_cgroup(void) {
    char text[32];
    int fd = open(rig_cgroup_procs, O_WRONLY | O_CLOEXEC);
    int n = snprintf(text, sizeof text, "%d", (int)getpid());
    if (fd < 0 || write(fd, text, (size_t)n) != n)
        _exit(99);
    close(fd);
}

static char *read_all(int fd, size_t *bytes) {
    struct stat file;
    assert_int_equal(fstat(fd, &file), 0);
    char *text = malloc((size_t)file.st_size + 1);
    assert_non_null(text);
    assert_int_equal(pread(fd, text, (size_t)file.st_size, 0), file.st_size);
    text[file.st_size] = 0;
    *bytes = (size_t)file.st_size;
    return text;
}

struct rig_reply rig_call(const char *input, size_t input_bytes, const char *const *arguments) {
    struct rig_reply reply = {0};
    const char *other = getenv("RIG_RUNNER");
    char *argv[16] = {(char *)(uintptr_t)(other ? other : ED_TEST_RUNNER)};
    int wait_status = 0;
    for (size_t i = 0; arguments[i]; i++)
        argv[i + 1] = (char *)(uintptr_t)arguments[i];
    int in = memfd_create("rig-in", MFD_CLOEXEC), out = memfd_create("rig-out", MFD_CLOEXEC);
    assert_true(in >= 0 && out >= 0);
    assert_int_equal(ed_path_write_all(in, input ? input : "", input_bytes, "rig", NULL), ED_OK);
    assert_int_equal(lseek(in, 0, SEEK_SET), 0);
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        if (rig_cgroup_procs[0])
            join_cgroup();
        if (dup2(in, 0) < 0 || dup2(out, 1) < 0)
            _exit(99);
        execv(argv[0], argv);
        _exit(99);
    }
    while (waitpid(pid, &wait_status, 0) != pid)
        assert_int_equal(errno, EINTR);
    reply.exit_code = WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : -1;
    reply.text = read_all(out, &reply.bytes);
    ed_json_parse(&reply.json, "reply", reply.text, reply.bytes, NULL);
    close(in);
    close(out);
    return reply;
}

struct rig_reply rig_call_job(const char *command, const char *job) {
    return rig_call(NULL, 0, (const char *[]){command, "--work", rig_work, "--job", job, NULL});
}

void rig_reply_release(struct rig_reply *reply) {
    ed_json_document_release(&reply->json);
    free(reply->text);
    memset(reply, 0, sizeof *reply);
}

const char *rig_reply_text(const struct rig_reply *reply, const char *key) {
    const cJSON *value = reply->json.root ? cJSON_GetObjectItemCaseSensitive(reply->json.root, key) : NULL;
    return cJSON_IsString(value) ? value->valuestring : "";
}

void rig_expect_error(struct rig_reply *reply, const char *status, const char *words) {
    const char *message = rig_reply_text(reply, "message"), *where = rig_reply_text(reply, "where");
    if (reply->exit_code != 1 || strcmp(rig_reply_text(reply, "type"), "error") ||
        strcmp(rig_reply_text(reply, "status"), status) || (!strstr(message, words) && !strstr(where, words)))
        rig_fail("expected exit 1, %s and '%s', got exit %d and: %s", status, words, reply->exit_code,
                 reply->text);
    // One line, and nothing behind it.
    assert_true(reply->bytes > 1 && strchr(reply->text, '\n') == reply->text + reply->bytes - 1);
    rig_reply_release(reply);
}

const char *rig_path(const char *name) {
    static char paths[8][ED_PATH_BYTES];
    static unsigned turn;
    char *path = paths[turn++ % 8];
    snprintf(path, ED_PATH_BYTES, "%s/%s", rig_home, name);
    return path;
}

const char *rig_file(const char *name, const char *text) {
    const char *path = rig_path(name);
    struct ed_error err = {0};
    if (ed_path_write_atomic(path, text, strlen(text), 0600, &err) != ED_OK)
        rig_fail("%s: %s", err.where, err.message);
    return path;
}

struct rig_reply rig_try_start(const struct rig_job *job) {
    struct ed_buffer text;
    rig_job_text(&text, job);
    struct rig_reply reply =
        rig_call(ed_buffer_text(&text), text.size, (const char *[]){"start", "--work", rig_work, NULL});
    ed_buffer_release(&text);
    return reply;
}

pid_t rig_start(const struct rig_job *job) {
    struct rig_reply reply = rig_try_start(job);
    if (reply.exit_code != 0 || strcmp(rig_reply_text(&reply, "type"), "started"))
        rig_fail("the job did not start (exit %d): %s", reply.exit_code, reply.text);
    assert_string_equal(rig_reply_text(&reply, "job"), job->id);
    pid_t pid = (pid_t)rig_int(reply.json.root, "pid");
    rig_reply_release(&reply);
    return pid;
}

const char *rig_wait(const char *job, int64_t limit_ns) {
    const int64_t deadline = ed_clock_monotonic_ns() + limit_ns;
    for (;;) {
        struct rig_reply reply = rig_call_job("status", job);
        if (reply.exit_code != 0)
            rig_fail("no status of %s: %s", job, reply.text);
        const char *state = !strcmp(rig_reply_text(&reply, "state"), "ended")  ? "ended"
                            : !strcmp(rig_reply_text(&reply, "state"), "died") ? "died"
                                                                               : NULL;
        if (!state && ed_clock_monotonic_ns() > deadline)
            rig_fail("%s still runs after %lld ms: %s", job, (long long)(limit_ns / RIG_MS), reply.text);
        rig_reply_release(&reply);
        if (state)
            return state;
        usleep(10000);
    }
}

void rig_wait_block(const char *job, const char *block, int64_t limit_ns) {
    const int64_t deadline = ed_clock_monotonic_ns() + limit_ns;
    for (bool there = false; !there;) {
        struct rig_reply reply = rig_call_job("status", job);
        there = !strcmp(rig_reply_text(&reply, "block"), block);
        if (!there && ed_clock_monotonic_ns() > deadline)
            rig_fail("%s never came to block %s: %s", job, block, reply.text);
        rig_reply_release(&reply);
        usleep(2000);
    }
}

bool rig_proc_status(pid_t pid, const char *key, char *value, size_t bytes) {
    char path[64], line[512];
    const size_t n = strlen(key);
    bool found = false;
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *file = fopen(path, "re");
    while (file && !found && fgets(line, sizeof line, file)) {
        if (strncmp(line, key, n) || line[n] != ':')
            continue;
        line[strcspn(line, "\n")] = 0;
        snprintf(value, bytes, "%s", line + n + 1 + strspn(line + n + 1, " \t"));
        found = true;
    }
    if (file)
        fclose(file);
    return found;
}

static bool is_worker(pid_t pid, pid_t supervisor) {
    char path[64], text[ED_PATH_BYTES] = "", parent[32] = "";
    if (!rig_proc_status(pid, "PPid", parent, sizeof parent) || strtol(parent, NULL, 10) != supervisor)
        return false;
    snprintf(path, sizeof path, "/proc/%d/cmdline", (int)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, text, sizeof text - 1) : 0;
    if (fd >= 0)
        close(fd);
    const char *second = n > 0 ? memchr(text, 0, (size_t)n) : NULL;
    return second && second + 1 < text + n && !strcmp(second + 1, "worker");
}

pid_t rig_worker(pid_t supervisor, int64_t limit_ns) {
    const int64_t deadline = ed_clock_monotonic_ns() + limit_ns;
    pid_t found = 0;
    do {
        DIR *processes = opendir("/proc");
        assert_non_null(processes);
        for (struct dirent *entry; !found && (entry = readdir(processes));) {
            pid_t pid = isdigit((unsigned char)entry->d_name[0]) ? (pid_t)strtol(entry->d_name, NULL, 10) : 0;
            if (pid > 0 && is_worker(pid, supervisor))
                found = pid;
        }
        closedir(processes);
        if (!found)
            usleep(2000);
    } while (!found && ed_clock_monotonic_ns() < deadline);
    return found;
}

bool rig_gone(pid_t pid, int64_t limit_ns) {
    const int64_t deadline = ed_clock_monotonic_ns() + limit_ns;
    for (;;) {
        char word[64] = "";
        // An orphan whose reaper is slow is dead all the same.
        if (!rig_proc_status(pid, "State", word, sizeof word) || word[0] == 'Z' || word[0] == 'X')
            return true;
        if (ed_clock_monotonic_ns() > deadline)
            return false;
        usleep(2000);
    }
}

void rig_run(struct rig_journal *journal, const struct rig_job *job, const char *reason, int64_t limit_ns) {
    rig_start(job);
    const char *state = rig_wait(job->id, limit_ns);
    rig_journal_read(journal, job->id);
    if (strcmp(state, "ended"))
        rig_fail("%s %s; its journal: %s", job->id, state, journal->text);
    const char *found = rig_text(rig_line(journal, NULL), "reason");
    if (strcmp(found, reason))
        rig_fail("%s ended with '%s', expected '%s': %s", job->id, found, reason, journal->text);
}
