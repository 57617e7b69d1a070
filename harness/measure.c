// SPDX-License-Identifier: Apache-2.0
// Running campaigns.
#include "harness/measure.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/random.h"
#include "base/units.h"
#include "harness/drive.h"
#include "harness/freeze.h"
#include "harness/session.h"

#define DEVICES_MAX 256
#define SLICE_NS INT64_C(100000000) // between two looks at the progress and at Ctrl-C

struct member {
    struct ed_session session;
    struct ed_json_document hardware;
    char *hardware_json;
    char summary[512];
};

// What the engine builds offer on one device, asked of its runner at need.
struct survey_cache {
    const struct ed_measure_args *args;
    struct ed_session *session;
    const struct ed_engine_build *build; // of `survey`
    struct ed_survey survey;
};

static bool is_usable(void *context, const struct ed_engine_build *build, const char *backend) {
    struct survey_cache *cache = context;
    struct ed_error failure = {0};
    if (cache->build != build) {
        const struct ed_remote_survey_args args = {.adapter = build->adapter,
                                                   .engine_dir = build->directory,
                                                   .library = build->library,
                                                   .environment = build->manifest->environment};
        cache->build = build;
        if (ed_remote_survey(&cache->session->remote, &args, &cache->survey, &failure) != ED_OK) {
            ed_log_line(cache->args->log, ED_LOG_WARNING, "%s: %s left out, since its survey failed: %s",
                        failure.where, build->id, failure.message);
            memset(&cache->survey, 0, sizeof cache->survey);
        }
    }
    for (size_t i = 0; i < cache->survey.n_rows; i++)
        if (!strcmp(cache->survey.rows[i].backend, backend))
            return cache->survey.rows[i].available;
    return false;
}

static enum ed_status make_plan(struct ed_plan *plan, const struct ed_measure_args *args,
                                const struct ed_suite *suite, struct ed_session *session, int64_t seed,
                                struct ed_error *err) {
    struct survey_cache *cache = calloc(1, sizeof *cache);
    if (!cache)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the plan");
    cache->args = args;
    cache->session = session;
    const struct ed_offers offers = {cache, is_usable};
    enum ed_status status = ed_plan_make(plan, suite, args->catalogue, args->engines,
                                         session->identity.target, &offers, seed, err);
    free(cache);
    return status;
}

struct team {
    struct member *members;
    size_t n;
    struct ed_digest_cache *digests;
};

static enum ed_status open_digests(struct team *team, struct ed_error *err) {
    char folder[ED_PATH_BYTES], path[ED_PATH_BYTES];
    // Without a home there is no cache, and everything is digested each time.
    if (ed_path_xdg(folder, ED_XDG_CACHE, NULL) != ED_OK || ed_path_make(folder, 0700, NULL) != ED_OK ||
        ed_path_join(path, folder, "digests.jsonl", NULL) != ED_OK)
        return ED_OK;
    return ed_digest_cache_new(&team->digests, path, err);
}

static void close_team(struct team *team) {
    for (size_t i = 0; i < team->n; i++) {
        ed_session_close(&team->members[i].session);
        ed_json_document_release(&team->members[i].hardware);
        cJSON_free(team->members[i].hardware_json);
    }
    free(team->members);
    ed_digest_cache_free(team->digests);
    memset(team, 0, sizeof *team);
}

static enum ed_status open_member(struct member *member, const struct ed_measure_args *args,
                                  struct ed_digest_cache *digests, const struct ed_device_entry *entry,
                                  bool describe, struct ed_error *err) {
    enum ed_status status = ed_session_open(&member->session, entry, args->library_dir, digests, err);
    if (status != ED_OK || !describe)
        return status;
    status = ed_remote_hardware(&member->session.remote, &member->hardware, err);
    if (status != ED_OK)
        return status;
    struct ed_json_at root = ed_json_root(&member->hardware);
    ed_json_opt_string(&root, "summary", member->summary, sizeof member->summary, NULL);
    member->hardware_json = cJSON_PrintUnformatted(member->hardware.root);
    return member->hardware_json ? ED_OK
                                 : ed_fail(err, ED_ERR_NO_MEMORY, entry->id, "no memory for its description");
}

static enum ed_status open_team(struct team *team, const struct ed_measure_args *args,
                                const struct ed_suite *suite, bool describe, struct ed_error *err) {
    static const char *const local[] = {"local"};
    size_t indices[DEVICES_MAX], n = 0;
    const char *const *selectors = suite->n_devices ? (const char *const *)suite->devices : local;
    memset(team, 0, sizeof *team);
    enum ed_status status = ed_inventory_select(
        args->inventory, selectors, suite->n_devices ? suite->n_devices : 1, indices, DEVICES_MAX, &n, err);
    if (status == ED_OK)
        status = open_digests(team, err);
    team->members = calloc(n ? n : 1, sizeof *team->members);
    if (status == ED_OK && !team->members)
        status = ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the devices");
    for (size_t i = 0; status == ED_OK && i < n; i++) {
        team->n = i + 1;
        status = open_member(&team->members[i], args, team->digests, &args->inventory->devices[indices[i]],
                             describe, err);
    }
    if (status != ED_OK)
        close_team(team);
    return status;
}

static int64_t choose_seed(const struct ed_suite *suite) {
    uint64_t seed = (uint64_t)ed_clock_read_ns(CLOCK_REALTIME) ^ ((uint64_t)getpid() << 32);
    return suite->seed >= 0 ? suite->seed : (int64_t)(ed_random_splitmix64(&seed) >> 33);
}

static void plan_text(struct ed_buffer *text, const struct ed_plan *plan, const struct ed_suite *suite,
                      const char *device) {
    char time[32];
    size_t passes[3] = {0};
    for (size_t i = 0; i < plan->n_blocks; i++)
        passes[!strcmp(plan->blocks[i].pass, ED_PASS_TIMING) ? 0
               : !strcmp(plan->blocks[i].pass, ED_PASS_COLD) ? 1
                                                             : 2]++;
    ed_units_print_duration(time, sizeof time, plan->expected_ns);
    ed_buffer_printf(text,
                     "device %s: %zu case%s, %zu block%s (%zu timing, %zu cold, %zu accuracy), about %s\n"
                     "  a busy device takes longer: warm-up ends by rule, after 8 s at the latest\n",
                     device, plan->n_cases, plan->n_cases == 1 ? "" : "s", plan->n_blocks,
                     plan->n_blocks == 1 ? "" : "s", passes[0], passes[1], passes[2], time);
    for (size_t i = 0; i < plan->n_cases; i++)
        if (!plan->cases[i].accuracy_only)
            ed_buffer_printf(text, "  %s%s\n", plan->cases[i].frozen.case_id,
                             plan->cases[i].frozen.reference == i && plan->cases[i].frozen.task >= 0
                                 ? "  (reference)"
                                 : "");
    for (size_t i = 0; i < suite->n_requirements; i++)
        ed_buffer_printf(text, "  require %s\n", suite->requirements[i].text);
    if (suite->max_time_ns && suite->max_time_ns < plan->expected_ns) {
        ed_units_print_duration(time, sizeof time, suite->max_time_ns);
        ed_buffer_printf(text, "  longer than --max-time %s: the last rounds will be left out\n", time);
    }
}

enum ed_status ed_measure_plan(const struct ed_measure_args *args, const struct ed_suite *suite,
                               struct ed_buffer *text, struct ed_error *err) {
    struct team team;
    enum ed_status status = open_team(&team, args, suite, false, err);
    const int64_t seed = choose_seed(suite);
    for (size_t i = 0; status == ED_OK && i < team.n; i++) {
        struct ed_plan plan;
        status = make_plan(&plan, args, suite, &team.members[i].session, seed, err);
        if (status == ED_OK) {
            plan_text(text, &plan, suite, team.members[i].session.entry->id);
            ed_plan_release(&plan);
        }
    }
    if (team.members)
        close_team(&team);
    return status;
}

// Steps every device whose time has come, until all are finished. One that fails does not stop the others.
static enum ed_status drive_all(const struct ed_measure_args *args, const struct ed_campaign *campaign,
                                const struct team *team, int64_t *blocks_done, struct ed_error *err) {
    struct ed_drive **drives = calloc(team->n, sizeof *drives);
    struct ed_drive_news *news = calloc(team->n, sizeof *news);
    const char **ids = calloc(team->n, sizeof *ids);
    size_t going = 0;
    enum ed_status first = ED_OK;
    *blocks_done = 0;
    if (!drives || !news || !ids)
        first = ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory to drive the devices");
    for (size_t i = 0; first == ED_OK && i < team->n; i++) {
        ids[i] = campaign->devices[i].id;
        first = ed_drive_new(&drives[i], campaign, i, &team->members[i].session.remote, args->log, err);
        going += first == ED_OK;
    }
    if (first == ED_OK)
        ed_progress_devices(args->progress, ids, team->n);
    while (first != ED_ERR_NO_MEMORY && going) {
        int64_t wake = INT64_MAX;
        for (size_t i = 0; i < team->n; i++) {
            struct ed_error failure = {0};
            const bool stop = *args->interrupted != 0;
            if (!drives[i] || news[i].state != ED_DRIVE_GOING)
                continue;
            if (stop || ed_clock_monotonic_ns() >= news[i].wake_ns) {
                enum ed_status status = ed_drive_step(drives[i], stop, &news[i], &failure);
                ed_progress_update(args->progress, i, news[i].now, news[i].done, news[i].total,
                                   news[i].left_ns);
                if (status != ED_OK) {
                    // The caller reports the first; the others are said here, at once.
                    if (first == ED_OK) {
                        first = status;
                        if (err)
                            *err = failure;
                    } else {
                        ed_log_error(args->log, &failure);
                    }
                }
                if (news[i].state != ED_DRIVE_GOING) {
                    ed_progress_finish(args->progress, i);
                    going--;
                    continue;
                }
            }
            if (news[i].wake_ns < wake)
                wake = news[i].wake_ns;
        }
        ed_progress_draw(args->progress);
        const int64_t slice = ed_clock_monotonic_ns() + (*args->interrupted ? SLICE_NS / 4 : SLICE_NS);
        if (going)
            ed_clock_sleep_until(wake < slice ? wake : slice, NULL);
    }
    for (size_t i = 0; drives && i < team->n; i++) {
        *blocks_done += news ? news[i].done : 0;
        ed_drive_free(drives[i]);
    }
    free(drives);
    free(news);
    free(ids);
    if (*args->interrupted && first == ED_OK)
        return ed_fail(err, ED_ERR_CANCELLED, NULL, "stopped by the user; every finished block is kept");
    return first;
}

static enum ed_status make_directory(const struct ed_measure_args *args, const char *id,
                                     char directory[ED_PATH_BYTES], struct ed_error *err) {
    char name[128], campaign[ED_PATH_BYTES], made[ED_PATH_BYTES];
    snprintf(name, sizeof name, "runs/%s", id);
    enum ed_status status = ed_path_join(made, "", args->out ? args->out : name, err);
    if (status == ED_OK)
        status = ed_path_make(made, 0755, err);
    if (status == ED_OK)
        status = ed_path_real(directory, made, err);
    if (status == ED_OK)
        status = ed_path_join(campaign, directory, ED_CAMPAIGN_FILE, err);
    if (status == ED_OK && ed_path_exists(campaign))
        return ed_fail(err, ED_ERR_USAGE, directory,
                       "holds a campaign already: name another directory, or go on with it by --resume");
    return status;
}

// The device refused the job before its first block: there is nothing to resume and nothing to report.
static bool never_began(enum ed_status status) {
    return status == ED_ERR_USAGE || status == ED_ERR_BUSY || status == ED_ERR_VERSION ||
           status == ED_ERR_NOT_FOUND;
}

// `local` sees our files where they lie.
static const char *in_place(void *context, const char *local_path) {
    const struct ed_session *session = context;
    return session->transport->in_place ? local_path : NULL;
}

enum ed_status ed_measure_run(const struct ed_measure_args *args, const struct ed_suite *suite,
                              char directory[ED_PATH_BYTES], struct ed_error *err) {
    struct team team;
    struct ed_freeze freeze = {.suite = suite, .seed = choose_seed(suite), .verify = args->verify};
    struct ed_campaign campaign = {0};
    char id[64], started[32];
    int64_t done = 0;
    directory[0] = 0;
    enum ed_status status = open_team(&team, args, suite, true, err);
    if (status != ED_OK)
        return status;
    const int64_t now = ed_clock_read_ns(CLOCK_REALTIME);
    uint64_t mix = (uint64_t)now ^ ((uint64_t)getpid() << 40);
    ed_clock_format_utc(started, now);
    snprintf(id, sizeof id, "%.4s%.2s%.2sT%.2s%.2s%.2sZ-%06x", started, started + 5, started + 8,
             started + 11, started + 14, started + 17, (unsigned)(ed_random_splitmix64(&mix) & 0xffffff));
    freeze.id = id;
    freeze.started_utc = started;
    freeze.digests = team.digests;
    freeze.devices = calloc(team.n, sizeof *freeze.devices);
    if (!freeze.devices)
        status = ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the campaign");
    for (size_t i = 0; status == ED_OK && i < team.n; i++) {
        struct member *member = &team.members[i];
        freeze.n_devices = i + 1;
        freeze.devices[i] = (struct ed_freeze_device){.entry = member->session.entry,
                                                      .target = member->session.identity.target,
                                                      .hardware_json = member->hardware_json,
                                                      .hardware_summary = member->summary,
                                                      .runner_sha256 = member->session.runner_sha256,
                                                      .locate = in_place,
                                                      .locate_context = &member->session};
        status = make_plan(&freeze.devices[i].plan, args, suite, &member->session, freeze.seed, err);
    }
    // Nothing is made on disk before everything that can be wrong with the words has been found right.
    if (status == ED_OK)
        status = make_directory(args, id, directory, err);
    freeze.directory = directory;
    if (status == ED_OK)
        status = ed_freeze_campaign(&freeze, err);
    if (status == ED_OK)
        status = ed_campaign_load(&campaign, directory, err);
    if (status == ED_OK)
        status = drive_all(args, &campaign, &team, &done, err);
    ed_campaign_release(&campaign);
    if (done == 0 && !args->out && never_began(status)) {
        ed_path_remove(directory, NULL);
        directory[0] = 0;
    }
    for (size_t i = 0; freeze.devices && i < freeze.n_devices; i++)
        ed_plan_release(&freeze.devices[i].plan);
    free(freeze.devices);
    close_team(&team);
    return status;
}

enum ed_status ed_measure_resume(const struct ed_measure_args *args, const char *directory,
                                 struct ed_error *err) {
    struct ed_campaign campaign;
    struct ed_suite devices;
    struct team team = {0};
    int64_t done = 0;
    enum ed_status status = ed_campaign_load(&campaign, directory, err);
    if (status != ED_OK)
        return status;
    ed_suite_init(&devices);
    char **ids = calloc(campaign.n_devices + 1, sizeof *ids);
    for (size_t i = 0; ids && i < campaign.n_devices; i++)
        ids[i] = campaign.devices[i].id;
    devices.devices = ids;
    devices.n_devices = campaign.n_devices;
    status = ids ? open_team(&team, args, &devices, false, err)
                 : ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the devices");
    devices.devices = NULL;
    devices.n_devices = 0;
    ed_suite_release(&devices);
    if (status == ED_OK && team.n != campaign.n_devices)
        status = ed_fail(err, ED_ERR_USAGE, directory,
                         "the fleet has changed: the campaign ran on %zu devices, %zu of them are known",
                         campaign.n_devices, team.n);
    if (status == ED_OK)
        status = drive_all(args, &campaign, &team, &done, err);
    if (status == ED_OK || team.members)
        close_team(&team);
    free(ids);
    ed_campaign_release(&campaign);
    return status;
}
