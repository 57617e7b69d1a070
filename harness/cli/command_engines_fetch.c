// SPDX-License-Identifier: Apache-2.0
// `edgedyno engines fetch`: brings builds into the store.
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "harness/cli/command_engines.h"

enum ed_status ed_engine_word_parse(struct ed_engine_word *word, const char *text, bool with_backend,
                                    struct ed_error *err) {
    const char *slash = strchr(text, '/');
    const size_t n = slash ? (size_t)(slash - text) : strlen(text);
    const char *at = memchr(text, '@', n);
    const size_t name = at ? (size_t)(at - text) : n, version = at ? n - name - 1 : 0;
    memset(word, 0, sizeof *word);
    if (slash && !with_backend)
        return ed_fail(err, ED_ERR_USAGE, NULL,
                       "'%.80s': a build has all its backends; write NAME or NAME@VERSION", text);
    if (at && !version)
        return ed_fail(err, ED_ERR_USAGE, NULL,
                       "'%.80s' has no version behind the @; leave out the @ for the first of engines.json",
                       text);
    if (!name || (slash && !slash[1]))
        return ed_fail(err, ED_ERR_USAGE, NULL, "'%.80s' is not NAME[@VERSION]%s", text,
                       with_backend ? "[/BACKEND]" : "");
    if (name >= sizeof word->name || version >= sizeof word->version ||
        (slash && strlen(slash + 1) >= sizeof word->backend))
        return ed_fail(err, ED_ERR_USAGE, NULL, "'%.80s': no engine has so long a name", text);
    memcpy(word->name, text, name);
    if (at)
        memcpy(word->version, at + 1, version);
    if (slash)
        memcpy(word->backend, slash + 1, strlen(slash + 1));
    return ED_OK;
}

// Marks the builds that an operand means.
static enum ed_status choose(const struct ed_engines *engines, const char *operand, const char *target,
                             bool *chosen, struct ed_error *err) {
    struct ed_engine_word word;
    const struct ed_engine_build *build = NULL;
    enum ed_status status = ed_engine_word_parse(&word, operand, false, err);
    size_t n = 0;
    if (status)
        return status;
    if (!strpbrk(word.name, "*?[") && !strpbrk(word.version, "*?[")) {
        status = ed_engines_find(engines, word.name, word.version, target, &build, err);
        if (!status)
            chosen[build - engines->builds] = true;
        return status;
    }
    for (size_t i = 0; i < engines->n; i++) {
        const struct ed_engine_build *one = &engines->builds[i];
        if (!one->n_packages || one->added || strcmp(one->target, target) != 0 ||
            fnmatch(word.name, one->name, 0) != 0 ||
            (word.version[0] && fnmatch(word.version, one->version, 0) != 0))
            continue;
        chosen[i] = true;
        n++;
    }
    return n ? ED_OK
             : ed_fail(err, ED_ERR_NOT_FOUND, operand,
                       "matches no build for %s; `edgedyno engines --target %s` lists them", target, target);
}

static enum ed_status fetch_one(struct ed_cli *cli, const struct ed_engines *engines,
                                struct ed_engine_build *build, struct ed_error *err) {
    bool brought = false;
    if (!build->n_packages) {
        if (build->state == ED_ENGINE_UNAVAILABLE && build->added)
            return ed_fail(err, ED_ERR_VERSION, build->id, "%s", build->reason);
        ed_log_line(&cli->log, ED_LOG_INFO, "%s is built in; there is nothing to fetch", build->id);
        return ED_OK;
    }
    // Also where it is present: the files' digests are taken again.
    enum ed_status status = ed_engines_fetch(engines, build, &cli->log, &brought, err);
    if (!status)
        ed_log_line(&cli->log, ED_LOG_INFO, "%s for %s %s in %s", build->id, build->target,
                    brought ? "is present now" : "is already present", build->directory);
    return status;
}

int ed_engines_command_fetch(struct ed_cli *cli, struct ed_resources *resources,
                             const struct ed_output *output) {
    const struct ed_arguments *arguments = cli->arguments;
    struct ed_engines *engines = &resources->engines;
    const char *target = ed_arguments_get(arguments, "target");
    bool *chosen = calloc(engines->n + 1, sizeof *chosen);
    struct ed_error err = {0};
    enum ed_status status = ED_OK;
    int code = ED_EXIT_PASS;
    size_t n = 0;
    int64_t bytes = 0;
    char size[32];
    (void)output;
    if (!chosen)
        status = ed_fail(&err, ED_ERR_NO_MEMORY, NULL, "no memory for a list of builds");
    for (size_t i = 1; i < arguments->n_operands && !status; i++)
        status = choose(engines, arguments->operands[i], target ? target : ED_TARGET, chosen, &err);
    if (status) {
        free(chosen);
        return ed_cli_fail(cli, &err);
    }
    for (size_t i = 0; i < engines->n; i++)
        if (chosen[i] && engines->builds[i].n_packages)
            n++, bytes += ed_engine_bytes(&engines->builds[i]);
    ed_units_print_size(size, sizeof size, bytes);
    if (n > 1)
        ed_log_line(&cli->log, ED_LOG_INFO, "%zu builds, %s in the store", n, size);
    // One that cannot be had is no reason to leave out the others.
    for (size_t i = 0; i < engines->n; i++)
        if (chosen[i] && fetch_one(cli, engines, &engines->builds[i], &err))
            code = ed_cli_exit_combine(code, ed_cli_fail(cli, &err));
    free(chosen);
    return code;
}
