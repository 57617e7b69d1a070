// SPDX-License-Identifier: Apache-2.0
// Resolving --on.
#include "harness/choices.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "harness/suite_values.h"

static enum ed_status add_choice(struct ed_choices *choices, const struct ed_engine_build *build,
                                 const struct ed_manifest_backend *backend, struct ed_error *err) {
    for (size_t i = 0; i < choices->n; i++)
        if (choices->items[i].build == build && choices->items[i].backend == backend)
            return ED_OK;
    struct ed_choice *items = realloc(choices->items, (choices->n + 1) * sizeof *items);
    if (!items)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the plan");
    choices->items = items;
    items[choices->n++] = (struct ed_choice){build, backend};
    return ED_OK;
}

static enum ed_status need_present(const struct ed_engine_build *build, struct ed_error *err) {
    if (build->state == ED_ENGINE_PRESENT && build->adapter[0])
        return ED_OK;
    if (build->state == ED_ENGINE_FETCHABLE)
        return ed_fail(err, ED_ERR_USAGE, NULL, "%s for %s is not here yet: run 'edgedyno engines fetch %s'",
                       build->id, build->target, build->id);
    return ed_fail(err, ED_ERR_USAGE, NULL, "%s for %s cannot be used: %s", build->id, build->target,
                   build->reason[0] ? build->reason : "its adapter is not built");
}

static enum ed_status add_backends(struct ed_choices *choices, const struct ed_engine_build *build,
                                   const char *backend, const struct ed_offers *offers,
                                   struct ed_error *err) {
    const bool star = strchr(backend, '*') != NULL;
    const struct ed_manifest *manifest = build->manifest;
    const char *known[64] = {NULL};
    enum ed_status status = ED_OK;
    bool found = false;
    const char *why = "";
    for (size_t i = 0; i < manifest->n_backends && i < 63; i++)
        known[i] = manifest->backends[i].name;
    for (size_t i = 0; status == ED_OK && i < manifest->n_backends; i++) {
        const struct ed_manifest_backend *offered = &manifest->backends[i];
        if (fnmatch(backend, offered->name, 0) != 0)
            continue;
        // Every build has the CPU; asking costs the time that the engine takes to open.
        if ((star || offered->processor != ED_PROCESSOR_CPU || strcmp(offered->name, "cpu")) &&
            !offers->usable(offers->context, build, offered->name, &why)) {
            if (star)
                continue;
            return ed_fail(err, ED_ERR_UNSUPPORTED, "--on", "%s does not offer '%s' on this device%s%s",
                           build->id, offered->name, why[0] ? ": " : "; 'edgedyno engines' says why", why);
        }
        found = true;
        status = add_choice(choices, build, offered, err);
    }
    if (status == ED_OK && !found && star)
        return ed_fail(
            err, ED_ERR_USAGE, "--on",
            "no backend of %s that '%s' means is usable on this device; 'edgedyno engines' says why",
            build->id, backend);
    if (status == ED_OK && !found) {
        const char *near = ed_nearest(backend, known);
        return ed_fail(err, ED_ERR_USAGE, "--on",
                       "%s has no backend '%s'%s%s%s; 'edgedyno engines' lists them", build->name, backend,
                       near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
    }
    return status;
}

// NAME:ADDRESS, whose build was added (harness/addresses.h): its first backend, which is the only one.
static enum ed_status resolve_address(struct ed_choices *choices, const char *on, const char *address,
                                      const struct ed_engines *engines, const char *target,
                                      struct ed_error *err) {
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)(address - 1 - on), on);
    const struct ed_engine_build *build = ed_engines_find_address(engines, name, address, target);
    if (!build)
        return ed_fail(err, ED_ERR_USAGE, "--on", "there is no adapter '%s' for %s", name, target);
    enum ed_status status = need_present(build, err);
    const char *backend =
        build->backends && build->backends[0] ? build->backends[0] : build->manifest->backends[0].name;
    return status ? status
                  : add_choice(choices, build, ed_manifest_find_backend(build->manifest, backend), err);
}

// NAME[@VERSION][/BACKEND]; the suite has checked the syntax.
static enum ed_status resolve_on(struct ed_choices *choices, const char *on, const struct ed_engines *engines,
                                 const char *target, const struct ed_offers *offers, struct ed_error *err) {
    char name[200];
    const char *address = ed_suite_on_address(on);
    if (address)
        return resolve_address(choices, on, address, engines, target, err);
    snprintf(name, sizeof name, "%s", on);
    char *slash = strchr(name, '/');
    const char *backend = slash ? slash + 1 : "cpu";
    if (slash)
        *slash = 0;
    char *at = strchr(name, '@');
    const char *version = at ? at + 1 : "";
    if (at)
        *at = 0;
    const struct ed_engine_build *build = NULL;
    if (!strchr(version, '*')) {
        enum ed_status status = ed_engines_find(engines, name, version, target, &build, err);
        if (status == ED_OK)
            status = need_present(build, err);
        else if (err && status == ED_ERR_NOT_FOUND)
            status = err->code = ED_ERR_USAGE;
        if (status == ED_OK && build->manifest->address[0])
            return ed_fail(err, ED_ERR_USAGE, "--on", "%s alone names nothing; write %s:%s", name, name,
                           strcmp(build->manifest->address, "file") ? "URL" : "FILE");
        return status == ED_OK ? add_backends(choices, build, backend, offers, err) : status;
    }
    // A star takes every version that is here; those that are not are no mistake.
    size_t before = choices->n;
    for (size_t i = 0; i < engines->n; i++) {
        build = &engines->builds[i];
        if (strcmp(build->name, name) || strcmp(build->target, target) || build->manifest->address[0] ||
            fnmatch(version, build->version, 0) != 0 || build->state != ED_ENGINE_PRESENT ||
            !build->adapter[0])
            continue;
        enum ed_status status = add_backends(choices, build, backend, offers, err);
        if (status != ED_OK)
            return status;
    }
    if (choices->n > before)
        return ED_OK;
    struct ed_error unknown = {0};
    if (ed_engines_find(engines, name, "", target, &build, &unknown) == ED_ERR_NOT_FOUND)
        return ed_fail(err, ED_ERR_USAGE, unknown.where, "%s", unknown.message);
    return ed_fail(err, ED_ERR_USAGE, "--on",
                   "no version of '%s' is here that '%s' means; edgedyno engines fetch '%s@%s' brings them",
                   name, on, name, version);
}

bool ed_choice_opens(const struct ed_manifest *manifest, const char *file) {
    const char *ending = strrchr(ed_path_base(file), '.');
    for (char **format = manifest->formats; format && *format; format++)
        if (!strcmp(*format, "*") || (ending && !strcasecmp(*format, ending)))
            return true;
    return false;
}

// Without --on, every format's default engine on the CPU.
static enum ed_status resolve_defaults(struct ed_choices *choices, const struct ed_suite *suite,
                                       const struct ed_catalogue *catalogue, const struct ed_engines *engines,
                                       const char *target, const struct ed_offers *offers,
                                       struct ed_error *err) {
    enum ed_status status = ED_OK;
    for (size_t m = 0; status == ED_OK && m < suite->n_models; m++)
        for (size_t v = 0; status == ED_OK && v < suite->models[m].n_variants; v++) {
            const char *file = suite->models[m].variants[v].files[0];
            const struct ed_manifest *manifest = ed_catalogue_for_file(catalogue, file);
            if (!manifest)
                return ed_fail(err, ED_ERR_USAGE, file,
                               "no engine opens files of this ending: say which with --on ENGINE/BACKEND");
            status = resolve_on(choices, manifest->name, engines, target, offers, err);
        }
    return status;
}

enum ed_status ed_choices_make(struct ed_choices *choices, const struct ed_suite *suite,
                               const struct ed_catalogue *catalogue, const struct ed_engines *engines,
                               const char *target, const struct ed_offers *offers, struct ed_error *err) {
    enum ed_status status = ED_OK;
    memset(choices, 0, sizeof *choices);
    for (size_t i = 0; status == ED_OK && i < suite->n_on; i++)
        status = resolve_on(choices, suite->on[i], engines, target, offers, err);
    if (status == ED_OK && !suite->n_on)
        status = suite->n_models
                     ? resolve_defaults(choices, suite, catalogue, engines, target, offers, err)
                     : ed_fail(err, ED_ERR_USAGE, NULL, "no model and no --on: say what to measure");
    return status;
}

void ed_choices_release(struct ed_choices *choices) {
    free(choices->items);
    memset(choices, 0, sizeof *choices);
}
