// SPDX-License-Identifier: Apache-2.0
// The runner's own view of the device's fitness.
#include "runners/doctor.h"

#include <dirent.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "probes/proc_file.h"
#include "runners/doctor_mount.h"
#include "runners/jobdir.h"
#include "runners/lease.h"
#include "runners/settings.h"
#include "runners/started.h"

#define FILE_BYTES (1u << 20)

static void write_reason(struct ed_json_writer *json, const char *key, const char *reason) {
    char name[64];
    ed_json_null(json, key);
    snprintf(name, sizeof name, "%s_reason", key);
    ed_json_text(json, name, reason);
}

static bool read_text(const char *path, char *text, size_t bytes) {
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    const ssize_t n = fd < 0 ? -1 : ed_proc_pread(fd, text, bytes);
    if (fd >= 0)
        close(fd);
    return n > 0;
}

static void write_word(struct ed_json_writer *json, const char *key, const char *path) {
    char text[1024];
    if (!read_text(path, text, sizeof text)) {
        char reason[128];
        snprintf(reason, sizeof reason, "%.100s cannot be read", path);
        write_reason(json, key, reason);
        return;
    }
    text[strcspn(text, "\n")] = 0;
    ed_json_text(json, key, text);
}

static void write_disk(struct ed_json_writer *json, const char *work) {
    struct statvfs disk;
    if (statvfs(work, &disk) != 0) {
        char reason[160];
        snprintf(reason, sizeof reason, "the work directory cannot be looked at: %s", strerror(errno));
        write_reason(json, "free_bytes", reason);
        write_reason(json, "total_bytes", reason);
        write_reason(json, "noexec", reason);
        write_reason(json, "inodes_free", reason);
        return;
    }
    ed_json_int(json, "free_bytes", (int64_t)disk.f_bavail * (int64_t)disk.f_frsize);
    ed_json_int(json, "total_bytes", (int64_t)disk.f_blocks * (int64_t)disk.f_frsize);
    ed_json_bool(json, "noexec", (disk.f_flag & ST_NOEXEC) != 0);
    if (disk.f_files > 0)
        ed_json_int(json, "inodes_free", (int64_t)disk.f_favail);
    else
        write_reason(json, "inodes_free", "the file system does not count them");
}

static void write_mount(struct ed_json_writer *json, const char *work) {
    char real[ED_PATH_BYTES], point[ED_PATH_BYTES], type[64];
    struct ed_buffer text;
    ed_buffer_init(&text, FILE_BYTES);
    if (ed_path_real(real, work, NULL) == ED_OK &&
        ed_path_read("/proc/self/mountinfo", FILE_BYTES, &text, NULL) == ED_OK &&
        ed_doctor_mount(ed_buffer_text(&text), real, point, sizeof point, type, sizeof type)) {
        ed_json_text(json, "file_system", type);
        ed_json_text(json, "mount", point);
    } else {
        write_reason(json, "file_system", "/proc/self/mountinfo does not tell");
        write_reason(json, "mount", "/proc/self/mountinfo does not tell");
    }
    ed_buffer_release(&text);
}

static void write_memory(struct ed_json_writer *json) {
    char text[8192];
    const char *at = read_text("/proc/meminfo", text, sizeof text) ? strstr(text, "MemAvailable:") : NULL;
    int64_t kib = 0;
    if (at)
        at += strlen("MemAvailable:");
    if (at && ed_proc_number(&at, &kib) && kib >= 0 && kib < INT64_MAX / 1024)
        ed_json_int(json, "memory_available_bytes", kib * 1024);
    else
        write_reason(json, "memory_available_bytes", "/proc/meminfo does not tell");
}

static void write_load(struct ed_json_writer *json) {
    char text[128], *end = NULL;
    const bool there = read_text("/proc/loadavg", text, sizeof text);
    const double load = there ? strtod(text, &end) : 0;
    if (there && end != text && load >= 0)
        ed_json_real(json, "load_1min", load);
    else
        write_reason(json, "load_1min", "/proc/loadavg does not tell");
}

static void write_oom(struct ed_json_writer *json) {
    char text[64];
    int64_t value = 0;
    if (read_text("/proc/self/oom_score_adj", text, sizeof text) && ed_proc_number_alone(text, &value))
        ed_json_int(json, "oom_score_adj", value);
    else
        write_reason(json, "oom_score_adj", "/proc/self/oom_score_adj cannot be read");
}

// The later file wins; the drop-ins come after the main one, in the order of their names, wherever they lie.
static int logind_kills(void) {
    static const char *const mains[] = {"/usr/lib/systemd/logind.conf", "/run/systemd/logind.conf",
                                        "/etc/systemd/logind.conf"};
    static const char *const folders[] = {"/usr/lib/systemd/logind.conf.d", "/run/systemd/logind.conf.d",
                                          "/etc/systemd/logind.conf.d"};
    struct ed_buffer text;
    int verdict = -1;
    ed_buffer_init(&text, FILE_BYTES);
    for (size_t i = 0; i < sizeof mains / sizeof *mains; i++)
        if (ed_path_read(mains[i], FILE_BYTES, &text, NULL) == ED_OK &&
            ed_doctor_kills(ed_buffer_text(&text), true) >= 0)
            verdict = ed_doctor_kills(ed_buffer_text(&text), true);
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        struct dirent **entries = NULL;
        const int n = scandir(folders[i], &entries, NULL, alphasort);
        for (int k = 0; k < n; k++) {
            char path[ED_PATH_BYTES];
            const size_t bytes = strlen(entries[k]->d_name);
            if (bytes > 5 && !strcmp(entries[k]->d_name + bytes - 5, ".conf") &&
                ed_path_join(path, folders[i], entries[k]->d_name, NULL) == ED_OK &&
                ed_path_read(path, FILE_BYTES, &text, NULL) == ED_OK &&
                ed_doctor_kills(ed_buffer_text(&text), false) >= 0)
                verdict = ed_doctor_kills(ed_buffer_text(&text), false);
            free(entries[k]);
        }
        free(entries);
    }
    ed_buffer_release(&text);
    return verdict;
}

static bool lingers(void) {
    char path[512], text[4096];
    struct passwd entry, *found = NULL;
    if (getpwuid_r(geteuid(), &entry, text, sizeof text, &found) != 0 || !found ||
        !ed_path_name_ok(found->pw_name))
        return false;
    snprintf(path, sizeof path, "/var/lib/systemd/linger/%s", found->pw_name);
    return ed_path_exists(path);
}

static void write_linger(struct ed_json_writer *json) {
    char cgroup[4096];
    const char *word, *reason;
    const bool session =
        !read_text("/proc/self/cgroup", cgroup, sizeof cgroup) || strstr(cgroup, "/session-");
    const int kills = logind_kills();
    if (ed_path_exists("/system/build.prop") || getenv("ANDROID_ROOT")) {
        word = "no";
        reason = "adbd ends what it started when it stops";
    } else if (!ed_path_exists("/run/systemd/system")) {
        word = "yes";
        reason = "no systemd runs here";
    } else if (lingers()) {
        word = "yes";
        reason = "the user lingers (loginctl enable-linger)";
    } else if (!session) {
        word = "yes";
        reason = "this command runs outside of a login session";
    } else if (kills == 0) {
        word = "yes";
        reason = "KillUserProcesses of logind is off";
    } else if (kills == 1 && geteuid() == 0) {
        word = "yes";
        reason = "logind leaves root's processes alone (KillExcludeUsers)";
    } else if (kills == 1) {
        word = "no";
        reason = "KillUserProcesses of logind is on: loginctl enable-linger lets jobs outlive the login";
    } else {
        word = "unknown";
        reason = "logind's configuration does not say whether it ends processes at logout";
    }
    ed_json_text(json, "linger", word);
    ed_json_text(json, "linger_reason", reason);
}

static void write_lease(struct ed_json_writer *json, const char *work, const char *job) {
    struct ed_lease_view view = {0};
    struct ed_error failure = {0};
    if (!ed_path_is_directory(work)) {
        write_reason(json, "lease", "the work directory is not there yet");
        return;
    }
    if (ed_lease_show(work, &view, &failure) != ED_OK) {
        write_reason(json, "lease", failure.message);
        return;
    }
    ed_json_object_begin(json, "lease");
    ed_json_bool(json, "granted", view.granted);
    ed_json_text(json, "token", "");
    ed_json_int(json, "left_ns", view.left_ns);
    ed_json_text(json, "owner", view.owner);
    ed_json_text(json, "holder", view.holder);
    ed_json_text(json, "purpose", view.purpose);
    ed_json_text(json, "reserved_by", view.reserved_by);
    ed_json_int(json, "reserved_left_ns", view.reserved_left_ns);
    ed_json_int(json, "ahead", view.ahead);
    ed_json_text(json, "job", job);
    ed_json_object_end(json);
}

enum ed_status ed_doctor_describe(const char *work, struct ed_json_writer *json, struct ed_error *err) {
    char job[ED_WIRE_ID_MAX_BYTES + 1] = "";
    struct ed_started started = {0};
    struct ed_error failure = {0};
    if (work[0] != '/')
        return ed_fail(err, ED_ERR_USAGE, work, "the work directory must be an absolute path");
    ed_json_int(json, "real_us", ed_clock_read_ns(CLOCK_REALTIME) / 1000);
    ed_json_int(json, "boot_ns", ed_clock_read_ns(ED_CLOCK_BOOT));
    write_word(json, "boot_id", "/proc/sys/kernel/random/boot_id");
    write_disk(json, work);
    write_mount(json, work);
    write_memory(json);
    if (ed_started_find(&started, NULL, &failure) == ED_OK) {
        ed_json_text(json, "libc", started.libc);
        ed_json_text(json, "loader", started.loader);
    } else {
        write_reason(json, "libc", failure.message);
        write_reason(json, "loader", failure.message);
    }
    write_oom(json);
    write_word(json, "cpuset", "/proc/self/cpuset");
    ed_json_int(json, "uid", geteuid());
    ed_json_bool(json, "changed", ed_settings_pending(work));
    write_linger(json);
    write_word(json, "cgroup", "/proc/self/cgroup");
    write_load(json);
    // A lock that cannot be looked at is no free device.
    const bool known = ed_jobdir_running(work, job, &failure) == ED_OK;
    write_lease(json, work, job);
    if (known)
        ed_json_text(json, "job", job);
    else
        write_reason(json, "job", failure.message);
    return ED_OK;
}
