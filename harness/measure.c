// SPDX-License-Identifier: Apache-2.0
// Running campaigns.
#include "harness/measure.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/random.h"
#include "base/units.h"
#include "harness/fleet.h"
#include "harness/freeze.h"
#include "harness/gate.h"
#include "harness/gate_metrics.h"
#include "harness/gate_verdict.h"
#include "harness/score_commands.h"
#include "harness/surveys.h"
#include "harness/tune_verdict.h"

static enum ed_status make_plan(struct ed_plan *plan, const struct ed_measure_args *args,
                                const struct ed_suite *suite, const struct ed_member *member,
                                struct ed_surveys *surveys, int64_t seed, struct ed_error *err) {
    const struct ed_offers offers = {surveys, ed_surveys_usable};
    return ed_plan_make(plan, suite, args->catalogue, args->engines, member->session.pack.target, &offers,
                        seed, err);
}

static enum ed_status open_digests(struct ed_digest_cache **digests, struct ed_error *err) {
    char folder[ED_PATH_BYTES], path[ED_PATH_BYTES];
    *digests = NULL;
    // Without a home there is no cache, and everything is digested each time.
    if (ed_path_xdg(folder, ED_XDG_CACHE, NULL) != ED_OK || ed_path_make(folder, 0700, NULL) != ED_OK ||
        ed_path_join(path, folder, "digests.jsonl", NULL) != ED_OK)
        return ED_OK;
    return ed_digest_cache_new(digests, path, err);
}

// `holder` and `purpose` outlive the fleet.
static enum ed_status open_fleet(struct ed_fleet *fleet, const struct ed_measure_args *args,
                                 const struct ed_suite *suite, const char *holder, const char *purpose,
                                 bool describe, struct ed_error *err) {
    static const char *const local[] = {"local"};
    size_t indices[ED_FLEET_MAX], n = 0;
    const char *const *selectors = suite->n_devices ? (const char *const *)suite->devices : local;
    const struct ed_member_context context = {.library_dir = args->library_dir,
                                              .transport = args->transport,
                                              .log = args->log,
                                              .progress = args->progress,
                                              .interrupted = args->interrupted,
                                              .holder = holder,
                                              .purpose = purpose,
                                              .wait_ns = args->wait_ns,
                                              .patience_ns = args->patience_ns,
                                              .verify = args->verify};
    memset(fleet, 0, sizeof *fleet);
    enum ed_status status = ed_inventory_select(
        args->inventory, selectors, suite->n_devices ? suite->n_devices : 1, indices, ED_FLEET_MAX, &n, err);
    if (status == ED_OK && suite->gate.active && suite->gate.need > (int64_t)n)
        status =
            ed_fail(err, ED_ERR_USAGE, "--need", "%lld devices with a verdict are more than -d asks for, %zu",
                    (long long)suite->gate.need, n);
    return status == ED_OK ? ed_fleet_open(fleet, &context, args->inventory, indices, n, describe, err)
                           : status;
}

static int64_t choose_seed(const struct ed_suite *suite) {
    uint64_t seed = (uint64_t)ed_clock_read_ns(CLOCK_REALTIME) ^ ((uint64_t)getpid() << 32);
    return suite->seed >= 0 ? suite->seed : (int64_t)(ed_random_splitmix64(&seed) >> 33);
}

// What a gate costs, and what it can find for that.
static void gate_text(struct ed_buffer *text, const struct ed_plan *plan, const struct ed_suite *suite,
                      const struct ed_gate_spec *spec, const char *device) {
    static const struct {
        double sd;
        const char *words;
    } noises[] = {{0.003, "0.3 % (a quiet machine)"}, {0.01, "1 %"}, {0.03, "3 % (a busy phone)"}};
    const int64_t pair_ns = 2 * (int64_t)plan->n_pairs * (suite->block_min_ns + ED_PLAN_BLOCK_OVERHEAD_NS);
    size_t pairs = ED_GATE_PAIRS_MAX;
    char least[32], most[32];
    if (suite->max_time_ns && suite->max_time_ns / pair_ns < (int64_t)pairs + 1)
        pairs = suite->max_time_ns > pair_ns
                    ? ed_look_reached((size_t)((suite->max_time_ns - pair_ns) / pair_ns))
                    : 0;
    ed_units_print_duration(least, sizeof least, pair_ns * (1 + (int64_t)ed_look_pairs(0)));
    ed_units_print_duration(most, sizeof most, pair_ns * (1 + (int64_t)pairs));
    ed_buffer_printf(text, "device %s: %zu pair%s of cases\n", device, plan->n_pairs,
                     plan->n_pairs == 1 ? "" : "s");
    if (!pairs)
        ed_buffer_printf(text, "  --max-time has no room for the first look, which takes about %s\n", least);
    else
        ed_buffer_printf(text,
                         "  about %s for the first look at %zu pairs of blocks, %s for %zu%s\n"
                         "  a busy device takes longer: warm-up ends by rule, after 8 s at the latest\n",
                         least, ed_look_pairs(0), most, pairs,
                         pairs < ED_GATE_PAIRS_MAX ? ", the last that --max-time allows" : "");
    if (pairs && plan->n_spare)
        ed_buffer_printf(text,
                         "  a pair that a state of one side voids is measured again, at most %d of them\n",
                         ED_GATE_PAIRS_SPARE);
    for (size_t i = 0; pairs && i < sizeof noises / sizeof *noises; i++) {
        const double found = ed_gate_smallest_found(pairs, noises[i].sd, spec->family),
                     passed = ed_gate_smallest_passed(pairs, noises[i].sd);
        ed_buffer_printf(text, "  where pairs differ by %s: ", noises[i].words);
        if (isfinite(found))
            ed_buffer_printf(text, "smallest slowdown found %.2g %%, ", found * 100);
        else
            ed_buffer_text_append(text, "too few pairs to find any slowdown, ");
        ed_buffer_printf(text, "smallest --mde that passes %.2g %%\n", passed * 100);
    }
    for (size_t i = 0; i < plan->n_pairs; i++)
        ed_buffer_printf(text, "  %s\n    against %s\n", plan->cases[plan->pairs[i].candidate].frozen.case_id,
                         plan->cases[plan->pairs[i].baseline].frozen.case_id);
    bool language = spec->chosen;
    for (size_t i = 0; i < plan->n_pairs; i++)
        language =
            language || ed_workload_is_language(&plan->cases[plan->pairs[i].candidate].frozen.workload_parts);
    for (size_t i = 0; i < spec->n_metrics; i++)
        if (language || !ed_gate_metric_find(spec->metrics[i].field)->of_language)
            ed_buffer_printf(text, "  %s may be worse by less than %.3g %%\n",
                             ed_result_fields()[spec->metrics[i].field].key, spec->metrics[i].mde * 100);
    for (size_t i = 0; i < suite->n_requirements; i++)
        ed_buffer_printf(text, "  require %s\n", suite->requirements[i].text);
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
    if (suite->tune.active)
        ed_plan_tune_text(text, plan, suite);
    if (suite->max_time_ns && suite->max_time_ns < plan->expected_ns) {
        ed_units_print_duration(time, sizeof time, suite->max_time_ns);
        ed_buffer_printf(text, "  longer than --max-time %s: the last rounds will be left out\n", time);
    }
}

enum ed_status ed_measure_plan(const struct ed_measure_args *args, const struct ed_suite *suite,
                               struct ed_buffer *text, struct ed_error *err) {
    struct ed_fleet fleet;
    struct ed_digest_cache *digests = NULL;
    char holder[64];
    const int64_t seed = choose_seed(suite);
    snprintf(holder, sizeof holder, "plan-%ld", (long)getpid());
    enum ed_status status = open_digests(&digests, err);
    if (status == ED_OK)
        status = open_fleet(&fleet, args, suite, holder, "a dry run", false, err);
    if (status != ED_OK) {
        ed_digest_cache_free(digests);
        return status;
    }
    struct ed_surveys surveys[ED_FLEET_MAX] = {{0}};
    if (status == ED_OK)
        status = ed_surveys_make(surveys, &fleet, args, suite, digests, err);
    for (size_t i = 0; status == ED_OK && i < fleet.n_present; i++) {
        struct ed_member *member = &fleet.members[fleet.present[i]];
        struct ed_plan plan;
        status = make_plan(&plan, args, suite, member, &surveys[i], seed, err);
        if (status == ED_OK && suite->gate.active) {
            struct ed_gate_spec spec;
            status = ed_gate_spec_make(&spec, suite, err);
            spec.family = fleet.n_present * ed_plan_gate_tests(&plan, suite, &spec);
            if (status == ED_OK)
                gate_text(text, &plan, suite, &spec, member->entry->id);
            ed_plan_release(&plan);
        } else if (status == ED_OK) {
            plan_text(text, &plan, suite, member->entry->id);
            ed_plan_release(&plan);
        }
    }
    for (size_t i = 0; i < ED_FLEET_MAX; i++)
        ed_surveys_release(&surveys[i]);
    ed_fleet_close(&fleet);
    ed_digest_cache_free(digests);
    return status;
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

static void make_id(char id[64], char started[32]) {
    const int64_t now = ed_clock_read_ns(CLOCK_REALTIME);
    uint64_t mix = (uint64_t)now ^ ((uint64_t)getpid() << 40);
    ed_clock_format_utc(started, now);
    snprintf(id, 64, "%.4s%.2s%.2sT%.2s%.2s%.2sZ-%06x", started, started + 5, started + 8, started + 11,
             started + 14, started + 17, (unsigned)(ed_random_splitmix64(&mix) & 0xffffff));
}

// Everything that needs no campaign directory yet: what each device is going to do, and with which files.
static enum ed_status prepare(struct ed_freeze *freeze, const struct ed_measure_args *args,
                              struct ed_fleet *fleet, struct ed_freeze_absent *absent, struct ed_error *err) {
    struct ed_surveys surveys[ED_FLEET_MAX] = {{0}};
    enum ed_status status = ed_surveys_make(surveys, fleet, args, freeze->suite, freeze->digests, err);
    for (size_t i = 0; i < fleet->n; i++)
        if (fleet->members[i].status != ED_OK)
            absent[freeze->n_absent++] =
                (struct ed_freeze_absent){fleet->members[i].entry->id, fleet->members[i].failure.message};
    freeze->absent = absent;
    for (size_t i = 0; status == ED_OK && i < fleet->n_present; i++) {
        struct ed_member *member = &fleet->members[fleet->present[i]];
        struct ed_freeze_device *device = &freeze->devices[i];
        freeze->n_devices = i + 1;
        *device = (struct ed_freeze_device){.session = &member->session,
                                            .hardware_json = member->hardware_json,
                                            .hardware_summary = member->summary,
                                            .files = &member->files};
        status = make_plan(&device->plan, args, freeze->suite, member, &surveys[i], freeze->seed, err);
        if (status == ED_OK)
            status = ed_files_add_plan(&member->files, &device->plan, freeze->digests, args->verify, err);
        member->pushed = false;
    }
    for (size_t i = 0; i < ED_FLEET_MAX; i++)
        ed_surveys_release(&surveys[i]);
    return status;
}

// The decision record of a gate or a choice, however the measuring ended with `status`, which is returned.
static enum ed_status record_decision(const struct ed_campaign *campaign, enum ed_status status,
                                      struct ed_error *err) {
    struct ed_error ignored = {0};
    if (!campaign->gate.active && !campaign->tune.active)
        return status;
    struct ed_error *into = status == ED_OK ? err : &ignored;
    enum ed_status written =
        campaign->gate.active ? ed_gate_record_write(campaign, into) : ed_tune_record_write(campaign, into);
    return status == ED_OK ? written : status;
}

enum ed_status ed_measure_run(const struct ed_measure_args *args, const struct ed_suite *suite,
                              char directory[ED_PATH_BYTES], bool *finished, struct ed_error *err) {
    char id[64], started[32], purpose[128];
    struct ed_freeze freeze = {.suite = suite,
                               .seed = choose_seed(suite),
                               .verify = args->verify,
                               .leave_nothing = args->leave_nothing,
                               .id = id,
                               .started_utc = started,
                               .directory = directory};
    struct ed_freeze_absent *absent = NULL;
    struct ed_campaign campaign = {0};
    struct ed_fleet fleet = {0};
    int64_t done = 0;
    directory[0] = 0;
    *finished = false;
    make_id(id, started);
    snprintf(purpose, sizeof purpose, "campaign %s", id);
    enum ed_status status = open_digests(&freeze.digests, err);
    if (status == ED_OK)
        status = open_fleet(&fleet, args, suite, id, purpose, true, err);
    freeze.devices = calloc(fleet.n_present + 1, sizeof *freeze.devices);
    absent = calloc(fleet.n + 1, sizeof *absent);
    if (status == ED_OK && (!freeze.devices || !absent))
        status = ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the campaign");
    if (status == ED_OK)
        status = prepare(&freeze, args, &fleet, absent, err);
    // Nothing is made on disk before everything that can be wrong with the words has been found right.
    if (status == ED_OK)
        status = make_directory(args, id, directory, err);
    if (status == ED_OK)
        status = ed_freeze_campaign(&freeze, err);
    if (status == ED_OK)
        status = ed_campaign_load(&campaign, directory, err);
    if (status == ED_OK)
        status = ed_fleet_follow(&fleet, &campaign, args->leave_nothing, &done, err);
    if (status == ED_OK)
        status = ed_score_commands(&campaign, err);
    if (campaign.n_devices)
        status = record_decision(&campaign, status, err);
    *finished = status == ED_OK && directory[0];
    ed_campaign_release(&campaign);
    if (done == 0 && !args->out && directory[0] && never_began(status)) {
        ed_path_remove(directory, NULL);
        directory[0] = 0;
    }
    // The devices that were left out have been named; that they were is what is left to say. A gate that
    // needs only some of them counts those with a verdict itself.
    if (status == ED_OK && freeze.n_absent && !(suite->gate.active && suite->gate.need > 0))
        status = ed_fail(err, fleet.members[0].status != ED_OK ? fleet.members[0].status : ED_ERR_UNREACHABLE,
                         absent[0].id, "%zu of %zu devices took no part: %s", freeze.n_absent, fleet.n,
                         absent[0].reason);
    for (size_t i = 0; freeze.devices && i < freeze.n_devices; i++)
        ed_plan_release(&freeze.devices[i].plan);
    free(freeze.devices);
    free(absent);
    ed_fleet_close(&fleet);
    ed_digest_cache_free(freeze.digests);
    return status;
}

// The campaign's own devices, by their ids.
static enum ed_status open_again(struct ed_fleet *fleet, const struct ed_measure_args *args,
                                 const struct ed_campaign *campaign, const char *purpose,
                                 struct ed_error *err) {
    struct ed_suite devices;
    ed_suite_init(&devices);
    char **ids = calloc(campaign->n_devices + 1, sizeof *ids);
    for (size_t i = 0; ids && i < campaign->n_devices; i++)
        ids[i] = campaign->devices[i].id;
    devices.devices = ids;
    devices.n_devices = campaign->n_devices;
    enum ed_status status = ids ? open_fleet(fleet, args, &devices, campaign->id, purpose, false, err)
                                : ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the devices");
    devices.devices = NULL;
    devices.n_devices = 0;
    ed_suite_release(&devices);
    free(ids);
    if (status == ED_OK && fleet->n != campaign->n_devices)
        status = ed_fail(err, ED_ERR_USAGE, campaign->directory,
                         "the fleet has changed: the campaign ran on %zu devices, %zu of them are known",
                         campaign->n_devices, fleet->n);
    return status;
}

enum ed_status ed_measure_resume(const struct ed_measure_args *args, const char *directory, bool *finished,
                                 struct ed_error *err) {
    struct ed_campaign campaign;
    struct ed_fleet fleet = {0};
    char purpose[128];
    *finished = false;
    enum ed_status status = ed_campaign_load(&campaign, directory, err);
    if (status != ED_OK)
        return status;
    snprintf(purpose, sizeof purpose, "campaign %.64s", campaign.id);
    status = open_again(&fleet, args, &campaign, purpose, err);
    for (size_t i = 0; status == ED_OK && i < fleet.n_present; i++) {
        struct ed_member *member = &fleet.members[fleet.present[i]];
        const size_t device = ed_fleet_device(&campaign, member);
        ed_files_init(&member->files, &member->session);
        member->has_files = true;
        if (device != SIZE_MAX)
            status = ed_files_load(&member->files, campaign.devices[device].directory, err);
    }
    bool followed = status == ED_OK;
    if (status == ED_OK)
        status = ed_fleet_follow(&fleet, &campaign, args->leave_nothing || campaign.leave_nothing, NULL, err);
    if (status == ED_OK)
        status = ed_score_commands(&campaign, err);
    if (followed)
        status = record_decision(&campaign, status, err);
    if (status == ED_OK && fleet.n_present < fleet.n && !campaign.gate.need)
        status = ed_fail(err, ED_ERR_UNREACHABLE, directory, "%zu of %zu devices took no part; resume again",
                         fleet.n - fleet.n_present, fleet.n);
    *finished = status == ED_OK;
    ed_fleet_close(&fleet);
    ed_campaign_release(&campaign);
    return status;
}
