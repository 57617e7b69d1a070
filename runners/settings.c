// SPDX-License-Identifier: Apache-2.0
// Changing a device's state for a job, and putting it back.
#include "runners/settings.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "probes/proc_file.h"
#include "runners/settings_change.h"

#define CPUFREQ "/sys/devices/system/cpu/cpufreq"
#define POLICIES_MAX 256

static void read_boot_id(int root_fd, char boot_id[64]) {
    if (!ed_proc_read_word(root_fd, "proc/sys/kernel/random/boot_id", boot_id, 64))
        snprintf(boot_id, 64, "unknown");
}

bool ed_settings_pending(const char *work) {
    char path[ED_PATH_BYTES];
    struct stat info;
    return ed_path_join(path, work, ED_WORK_STATE, NULL) == ED_OK && lstat(path, &info) == 0;
}

// What a job wants, by kind; "" where it says nothing.
struct wishes {
    char values[ED_SETTING_KIND_COUNT][ED_SETTING_VALUE_BYTES];
};

static bool is_listed(const char *list, const char *word) {
    const size_t n = strlen(word);
    for (const char *at = list; (at = strstr(at, word)); at += n)
        if ((at == list || strchr(" \t", at[-1])) && strchr(" \t\r\n", at[n]))
            return true;
    return false;
}

// Answers before anything is changed what the kernel would only answer afterwards.
static enum ed_status check_governor(int root_fd, int policy, const char *governor, struct ed_error *err) {
    char path[128], list[512];
    snprintf(path, sizeof path, CPUFREQ "/policy%d/scaling_available_governors", policy);
    const ssize_t n = ed_proc_read(root_fd, path, list, sizeof list);
    if (n <= 0 || n >= (ssize_t)sizeof list - 1 || is_listed(list, governor))
        return ED_OK;
    list[strcspn(list, "\r\n")] = 0;
    return ed_fail(err, ED_ERR_UNSUPPORTED, path, "this device has no governor '%s'; choose one of: %s",
                   governor, list);
}

static enum ed_status check_frequency(int root_fd, const struct ed_change *change, struct ed_error *err) {
    char path[128];
    int64_t low = 0, high = INT64_MAX;
    const int64_t wanted = strtoll(change->new_value, NULL, 10);
    snprintf(path, sizeof path, CPUFREQ "/policy%d/cpuinfo_min_freq", change->policy);
    ed_proc_read_number(root_fd, path, &low);
    snprintf(path, sizeof path, CPUFREQ "/policy%d/cpuinfo_max_freq", change->policy);
    ed_proc_read_number(root_fd, path, &high);
    if (wanted >= low && wanted <= high)
        return ED_OK;
    return ed_fail(
        err, ED_ERR_UNSUPPORTED, path, "%s of %s kHz is outside what policy%d can do, %lld to %lld kHz",
        ed_setting_word(change->kind), change->new_value, change->policy, (long long)low, (long long)high);
}

static void add(struct ed_changes *plan, enum ed_setting_kind kind, int policy, const char *value) {
    struct ed_change *change = &plan->items[plan->n++];
    memset(change, 0, sizeof *change);
    change->kind = kind;
    change->policy = policy;
    change->lasting = ed_setting_lasts(kind);
    snprintf(change->new_value, sizeof change->new_value, "%s", value);
}

// The lower limit first, but where it would pass the upper one as it is now: the kernel refuses the lower
// above the upper. Putting back goes the same way backwards, through the same allowed states.
static enum ed_status plan_frequencies(int root_fd, int policy, const struct wishes *wishes,
                                       struct ed_changes *plan, struct ed_error *err) {
    const char *low = wishes->values[ED_SETTING_FREQUENCY_MIN],
               *high = wishes->values[ED_SETTING_FREQUENCY_MAX];
    const char *const now_paths[] = {"scaling_min_freq", "scaling_max_freq"};
    int64_t now[2] = {0, INT64_MAX};
    char path[128];
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, CPUFREQ "/policy%d/%s", policy, now_paths[i]);
        ed_proc_read_number(root_fd, path, &now[i]);
    }
    snprintf(path, sizeof path, CPUFREQ "/policy%d", policy);
    if (low[0] && !high[0] && strtoll(low, NULL, 10) > now[1])
        return ed_fail(err, ED_ERR_USAGE, path,
                       "frequency_min_khz of %s is above this upper limit, %lld; set "
                       "frequency_max_khz as well",
                       low, (long long)now[1]);
    if (high[0] && !low[0] && strtoll(high, NULL, 10) < now[0])
        return ed_fail(err, ED_ERR_USAGE, path,
                       "frequency_max_khz of %s is below the lower limit, %lld; set "
                       "frequency_min_khz as well",
                       high, (long long)now[0]);
    const size_t first = plan->n;
    if (low[0] && high[0] && strtoll(low, NULL, 10) > now[1]) {
        add(plan, ED_SETTING_FREQUENCY_MAX, policy, high);
        add(plan, ED_SETTING_FREQUENCY_MIN, policy, low);
    } else {
        if (low[0])
            add(plan, ED_SETTING_FREQUENCY_MIN, policy, low);
        if (high[0])
            add(plan, ED_SETTING_FREQUENCY_MAX, policy, high);
    }
    enum ed_status status = ED_OK;
    for (size_t i = first; status == ED_OK && i < plan->n; i++)
        status = check_frequency(root_fd, &plan->items[i], err);
    return status;
}

static enum ed_status plan_policies(int root_fd, const struct wishes *wishes, struct ed_changes *plan,
                                    struct ed_error *err) {
    int policies[POLICIES_MAX];
    const char *governor = wishes->values[ED_SETTING_GOVERNOR];
    const int n = ed_proc_list_numbers(root_fd, CPUFREQ, "policy", policies, POLICIES_MAX);
    if (n <= 0)
        return ed_fail(
            err, ED_ERR_UNSUPPORTED, CPUFREQ,
            "this device does not let anyone set its frequencies (it may be a virtual machine): leave "
            "governor and frequencies out");
    enum ed_status status = ED_OK;
    for (int i = 0; governor[0] && status == ED_OK && i < n; i++) {
        status = check_governor(root_fd, policies[i], governor, err);
        add(plan, ED_SETTING_GOVERNOR, policies[i], governor);
    }
    for (int i = 0; status == ED_OK && i < n; i++)
        status = plan_frequencies(root_fd, policies[i], wishes, plan, err);
    return status;
}

static enum ed_status make_plan(int root_fd, const struct ed_setting *settings, size_t n,
                                struct ed_changes *plan, struct ed_error *err) {
    struct wishes wishes = {{""}};
    enum ed_status status = ed_settings_check(settings, n, err);
    for (size_t i = 0; status == ED_OK && i < n; i++)
        status = ed_setting_check(settings[i].kind, settings[i].value,
                                  wishes.values[ed_setting_kind_of(settings[i].kind)], err);
    if (status == ED_OK &&
        (wishes.values[ED_SETTING_GOVERNOR][0] || wishes.values[ED_SETTING_FREQUENCY_MIN][0] ||
         wishes.values[ED_SETTING_FREQUENCY_MAX][0]))
        status = plan_policies(root_fd, &wishes, plan, err);
    for (enum ed_setting_kind kind = ED_SETTING_FIXED_PERFORMANCE; kind < ED_SETTING_KIND_COUNT; kind++)
        if (wishes.values[kind][0])
            add(plan, kind, -1, wishes.values[kind]);
    return status;
}

// A change that was answered with no, and cannot be looked at: there is nothing to put back, and trying would
// be answered with no for ever.
static void take_last_back(const char *work) {
    struct ed_changes *changes = calloc(1, sizeof *changes);
    if (!changes)
        return;
    ed_changes_init(changes);
    if (ed_changes_load(work, changes, NULL) == ED_OK && changes->n > 0) {
        changes->n--;
        ed_changes_store(work, changes, NULL);
    }
    ed_changes_release(changes);
    free(changes);
}

// Written ahead, then made.
static enum ed_status make_change(const char *work, int root_fd, struct ed_change *change,
                                  struct ed_error *err) {
    struct ed_error why = {0};
    char now[ED_SETTING_VALUE_BYTES];
    read_boot_id(root_fd, change->boot_id);
    enum ed_status status = ed_change_read(root_fd, change, change->old_value, err);
    if (status != ED_OK || !strcmp(change->old_value, change->new_value))
        return status;
    if (!change->old_value[0])
        snprintf(change->old_value, sizeof change->old_value, "false");
    status = ed_changes_append(work, change, err);
    if (status != ED_OK)
        return status;
    status = ed_change_write(root_fd, change, change->new_value, &why);
    if (status == ED_ERR_REFUSED && change->kind == ED_SETTING_FIXED_PERFORMANCE)
        take_last_back(work);
    // Where the system made something else of it, that is what putting back will find there.
    if (status == ED_ERR_REFUSED && ed_change_read(root_fd, change, now, NULL) == ED_OK && now[0] &&
        strcmp(now, change->old_value) && strcmp(now, change->new_value)) {
        struct ed_change corrected = *change;
        snprintf(corrected.new_value, sizeof corrected.new_value, "%s", now);
        ed_changes_append(work, &corrected, NULL);
    }
    if (status != ED_OK && err)
        *err = why;
    return status;
}

enum ed_status ed_settings_apply(const char *work, int root_fd, const struct ed_setting *settings, size_t n,
                                 struct ed_error *err) {
    struct ed_error why = {0};
    struct ed_buffer failed;
    char name[64];
    struct ed_changes *plan = calloc(1, sizeof *plan);
    if (!plan)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the device's settings");
    ed_changes_init(plan);
    ed_buffer_init(&failed, 4096);
    enum ed_status status = ed_settings_restore(work, root_fd, NULL, &failed, err);
    if (status == ED_OK && ed_settings_pending(work))
        status = ed_fail(err, ED_ERR_BUSY, ED_WORK_STATE,
                         "an earlier job's changes could not be put back, so nothing more is changed: %.500s",
                         ed_buffer_text(&failed));
    if (status == ED_OK)
        status = make_plan(root_fd, settings, n, plan, err);
    for (size_t i = 0; status == ED_OK && i < plan->n; i++) {
        status = make_change(work, root_fd, &plan->items[i], &why);
        if (status == ED_OK)
            continue;
        ed_change_name(&plan->items[i], name);
        ed_buffer_clear(&failed);
        ed_settings_restore(work, root_fd, NULL, &failed, NULL);
        ed_fail(err, status, why.where, "%s: %.600s%s%.200s", name, why.message,
                failed.size ? "; and what was changed before it could not be put back yet: " : "",
                ed_buffer_text(&failed));
    }
    ed_buffer_release(&failed);
    ed_changes_release(plan);
    free(plan);
    return status;
}

__attribute__((format(printf, 2, 3))) static void say(struct ed_buffer *lines, const char *format, ...) {
    char line[512];
    va_list args;
    if (!lines)
        return;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    ed_buffer_printf(lines, "%s\n", line);
}

// True when it is done with: back, not ours any more, or gone with the boot.
static bool put_back(int root_fd, const struct ed_change *change, const char *boot_id,
                     struct ed_buffer *restored, struct ed_buffer *failed) {
    struct ed_error why = {0};
    char name[64], now[ED_SETTING_VALUE_BYTES];
    ed_change_name(change, name);
    if (!change->lasting && strcmp(change->boot_id, boot_id)) {
        say(restored, "%s: the device was restarted since, which put it back", name);
        return true;
    }
    if (ed_change_read(root_fd, change, now, &why) != ED_OK)
        goto failed;
    if (!strcmp(now, change->old_value))
        return true;
    if (now[0] && strcmp(now, change->new_value)) {
        say(restored, "%s: left at %s, since somebody changed it from %s meanwhile", name, now,
            change->new_value);
        return true;
    }
    if (ed_change_write(root_fd, change, change->old_value, &why) != ED_OK)
        goto failed;
    say(restored, "%s: %s -> %s", name, change->new_value, change->old_value);
    return true;
failed:
    say(failed, "%s: cannot be put back to %s: %.120s: %.250s", name, change->old_value, why.where,
        why.message);
    return false;
}

enum ed_status ed_settings_restore(const char *work, int root_fd, struct ed_buffer *restored,
                                   struct ed_buffer *failed, struct ed_error *err) {
    char boot_id[64];
    if (!ed_settings_pending(work))
        return ED_OK;
    struct ed_changes *changes = calloc(1, sizeof *changes);
    if (!changes)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the device's journal of changes");
    ed_changes_init(changes);
    read_boot_id(root_fd, boot_id);
    enum ed_status status = ed_changes_load(work, changes, err);
    if (status == ED_OK) {
        size_t kept = changes->n;
        for (size_t i = changes->n; i-- > 0;)
            if (!put_back(root_fd, &changes->items[i], boot_id, restored, failed))
                changes->items[--kept] = changes->items[i];
        memmove(changes->items, changes->items + kept, (changes->n - kept) * sizeof *changes->items);
        changes->n -= kept;
        if (changes->n_damaged)
            say(failed,
                "%zu lines of %s/" ED_WORK_STATE " are damaged: see what they changed, then remove the file",
                changes->n_damaged, work);
        status = ed_changes_store(work, changes, err);
    }
    ed_changes_release(changes);
    free(changes);
    return status;
}
