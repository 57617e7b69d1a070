// SPDX-License-Identifier: Apache-2.0
// Asking devices what engine builds offer there.
#include "harness/surveys.h"

#include <stdlib.h>
#include <string.h>

#include "devices/quarantine.h"
#include "harness/choices.h"

// What one device's thread needs.
struct asking {
    const struct ed_measure_args *args;
    struct ed_surveys *surveys;
};

static struct ed_surveys_item *find(struct ed_surveys *surveys, const struct ed_engine_build *build) {
    for (size_t i = 0; i < surveys->n; i++)
        if (surveys->items[i].build == build)
            return &surveys->items[i];
    return NULL;
}

// Notes that the build would have to be asked, and says yes, so that every other one is come to as well.
static bool note(void *context, const struct ed_engine_build *build, const char *backend, const char **why) {
    struct ed_surveys *surveys = context;
    (void)backend, (void)why;
    if (find(surveys, build))
        return true;
    struct ed_surveys_item *items = realloc(surveys->items, (surveys->n + 1) * sizeof *items);
    if (!items)
        return true; // then nothing is known of it, and it is not usable
    surveys->items = items;
    memset(&items[surveys->n], 0, sizeof *items);
    items[surveys->n++].build = build;
    return true;
}

bool ed_surveys_usable(void *context, const struct ed_engine_build *build, const char *backend,
                       const char **why) {
    const struct ed_surveys_item *item = find(context, build);
    *why = "";
    for (size_t i = 0; item && i < item->survey.n_rows; i++) {
        const struct ed_survey_row *row = &item->survey.rows[i];
        if (strcmp(row->backend, backend) != 0)
            continue;
        *why = row->reason;
        return row->available;
    }
    return false;
}

static enum ed_status ask_one(const struct asking *asking, struct ed_member *member,
                              struct ed_surveys_item *item, struct ed_error *err) {
    const struct ed_files_build *there = ed_files_find_build(&member->files, item->build);
    struct ed_remote remote = member->session.remote;
    char adapter[ED_PATH_BYTES];
    enum ed_status status = ED_OK;
    if (!there || !ed_files_locate(&member->files, there->adapter, adapter))
        return ed_fail(err, ED_ERR_INTERNAL, item->build->id, "is not on device %s", member->entry->id);
    if (there->pack_libc)
        status = ed_path_join(remote.loader, there->libc_dir, member->session.pack.loader, err);
    const struct ed_remote_survey_args args = {.adapter = adapter,
                                               .engine_dir = there->directory,
                                               .library = there->library,
                                               .environment = item->build->manifest->environment};
    if (status == ED_OK)
        status = ed_remote_survey(&remote, &args, &item->survey, err);
    if (status == ED_OK || ed_status_is_transient(status))
        return status;
    // The engine's own failure, which is an answer.
    ed_log_line(asking->args->log, ED_LOG_WARNING, "%s: %s left out, since its survey failed: %s", err->where,
                item->build->id, err->message);
    memset(&item->survey, 0, sizeof item->survey);
    return ED_OK;
}

static enum ed_status ask(struct ed_member *member, void *context, struct ed_error *err) {
    const struct asking *asking = context;
    enum ed_status status = ED_OK;
    if (!asking->surveys->n)
        return ED_OK;
    if (!member->files.in_place) {
        if (!member->token[0])
            status = ed_member_lease(member, err);
        member->pushed = false;
        if (status == ED_OK)
            status = ed_member_push(member, err);
    }
    for (size_t i = 0; status == ED_OK && i < asking->surveys->n; i++)
        status = ask_one(asking, member, &asking->surveys->items[i], err);
    return status;
}

// Which builds, by going through the suite's words; and their files, whose digests one thread takes.
static enum ed_status collect(struct ed_surveys *surveys, struct ed_member *member,
                              const struct ed_measure_args *args, const struct ed_suite *suite,
                              struct ed_digest_cache *digests, struct ed_error *err) {
    const struct ed_offers offers = {surveys, note};
    const struct ed_files_build *there = NULL;
    struct ed_choices choices;
    enum ed_status status = ed_choices_make(&choices, suite, args->catalogue, args->engines,
                                            member->session.pack.target, &offers, err);
    ed_choices_release(&choices);
    if (!member->has_files) {
        ed_files_init(&member->files, &member->session);
        member->has_files = true;
    }
    for (size_t i = 0; status == ED_OK && i < surveys->n; i++)
        status =
            ed_files_add_build(&member->files, surveys->items[i].build, digests, args->verify, &there, err);
    return status;
}

enum ed_status ed_surveys_make(struct ed_surveys *tables, struct ed_fleet *fleet,
                               const struct ed_measure_args *args, const struct ed_suite *suite,
                               struct ed_digest_cache *digests, struct ed_error *err) {
    const size_t n = fleet->n_present;
    struct asking *askings = calloc(n + 1, sizeof *askings);
    void **contexts = calloc(n + 1, sizeof *contexts);
    size_t *before = calloc(n + 1, sizeof *before);
    enum ed_status status = askings && contexts && before
                                ? ED_OK
                                : ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for %zu devices", n);
    for (size_t i = 0; status == ED_OK && i < n; i++) {
        before[i] = fleet->present[i];
        askings[i] = (struct asking){args, &tables[i]};
        contexts[i] = &askings[i];
        status = collect(&tables[i], &fleet->members[before[i]], args, suite, digests, err);
    }
    if (status == ED_OK)
        status = ed_fleet_each(fleet, ask, contexts, err);
    // The tables move up with their members.
    for (size_t i = 0, kept = 0; status == ED_OK && i < n; i++) {
        if (kept < fleet->n_present && fleet->present[kept] == before[i]) {
            const struct ed_surveys table = tables[i];
            memset(&tables[i], 0, sizeof tables[i]);
            tables[kept++] = table;
        } else {
            ed_surveys_release(&tables[i]);
        }
    }
    free(askings);
    free(contexts);
    free(before);
    return status;
}

void ed_surveys_release(struct ed_surveys *surveys) {
    free(surveys->items);
    memset(surveys, 0, sizeof *surveys);
}
