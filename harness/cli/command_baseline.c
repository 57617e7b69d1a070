// SPDX-License-Identifier: Apache-2.0
// `edgedyno baseline`: models and engine builds that are kept by digest, for `edgedyno gate --baseline NAME`.
#include <stdlib.h>
#include <string.h>

#include "base/json_write.h"
#include "base/nearest.h"
#include "base/units.h"
#include "harness/cli/grid.h"
#include "harness/cli/output.h"
#include "harness/history/baseline.h"

#define ENGINE "on="

static const char *const subcommands[] = {"set", "list", "remove", NULL};

struct list {
    struct ed_baseline *items;
    size_t n;
};

static void list_json(const struct list *list, struct ed_buffer *out) {
    struct ed_json_writer json;
    ed_json_writer_init(&json, out, true);
    ed_json_object_begin(&json, NULL);
    ed_json_array_begin(&json, "baselines");
    for (size_t i = 0; i < list->n; i++) {
        const struct ed_baseline *b = &list->items[i];
        ed_json_object_begin(&json, NULL);
        ed_json_text(&json, "name", b->name);
        ed_json_text(&json, "on", b->on[0] ? b->on : NULL);
        ed_json_text(&json, "kept", b->kept_utc);
        ed_json_text(&json, "set", b->set);
        ed_json_int(&json, "bytes", b->bytes);
        ed_json_array_begin(&json, "files");
        for (size_t k = 0; k < b->n_files; k++) {
            ed_json_object_begin(&json, NULL);
            ed_json_text(&json, "name", b->files[k].name);
            ed_json_text(&json, "path", b->files[k].path);
            ed_json_text(&json, "sha256", b->files[k].sha256);
            ed_json_int(&json, "bytes", b->files[k].bytes);
            ed_json_object_end(&json);
        }
        ed_json_array_end(&json);
        ed_json_object_end(&json);
    }
    ed_json_array_end(&json);
    ed_json_object_end(&json);
    ed_buffer_append(out, "\n", 1);
}

static enum ed_status render(const void *context, const struct ed_output_target *target,
                             struct ed_buffer *out, struct ed_error *err) {
    static const char *const heads[] = {"NAME", "KEPT", "SIZE", "SHA-256", "WHAT"};
    const struct list *list = context;
    struct ed_grid grid;
    if (strcmp(target->format, "json") == 0) {
        list_json(list, out);
        return ED_OK;
    }
    ed_grid_init(&grid, heads, 5);
    for (size_t i = 0; i < list->n; i++) {
        const struct ed_baseline *b = &list->items[i];
        char size[32], more[32] = "";
        ed_units_print_size(size, sizeof size, b->bytes);
        if (!b->on[0] && b->n_files > 1)
            snprintf(more, sizeof more, " and %zu more", b->n_files - 1);
        ed_grid_add(&grid, "%s", b->name);
        ed_grid_add(&grid, "%.10s", b->kept_utc);
        ed_grid_add(&grid, "%s", size);
        ed_grid_add(&grid, "%.8s", b->n_files == 1 ? b->files[0].sha256 : b->set);
        ed_grid_add(&grid, "%s%s%s", b->on[0] ? ENGINE : "", b->on[0] ? b->on : b->files[0].name, more);
    }
    enum ed_status status = ed_grid_print(&grid, target->columns, out, err);
    ed_grid_release(&grid);
    return status;
}

static int show(struct ed_cli *cli) {
    struct ed_output output = {0};
    struct ed_error err = {0};
    struct list list = {0};
    char **names = NULL;
    size_t n = 0;
    int code = ED_EXIT_PASS;
    enum ed_status status = ed_output_parse(&output, cli->arguments, false, &err);
    if (status == ED_OK)
        status = ed_baseline_names(&names, &err);
    while (status == ED_OK && names[n])
        n++;
    list.items = calloc(n + 1, sizeof *list.items);
    if (status == ED_OK && !list.items)
        status = ed_fail(&err, ED_ERR_NO_MEMORY, NULL, "no memory for the baselines");
    for (size_t i = 0; status == ED_OK && i < n; i++) {
        if (ed_baseline_read(&list.items[list.n], names[i], &err) == ED_OK)
            list.n++;
        else
            code = ed_cli_exit_combine(code, ed_cli_fail(cli, &err));
    }
    code = status == ED_OK ? ed_cli_exit_combine(code, ed_output_write(&output, cli, render, &list))
                           : ed_cli_fail(cli, &err);
    for (size_t i = 0; i < list.n; i++)
        ed_baseline_release(&list.items[i]);
    free(list.items);
    free(names);
    ed_output_release(&output);
    return code;
}

static int set(struct ed_cli *cli) {
    const struct ed_arguments *arguments = cli->arguments;
    struct ed_error err = {0};
    bool replaced = false;
    enum ed_status status;
    if (arguments->n_operands < 3)
        return ed_cli_usage(
            cli, "baseline set takes a name and a model's files or an engine, as in `edgedyno baseline set "
                 "v1 model.onnx` or `... set v1 on=onnxruntime@1.27.0/cpu`");
    const char *name = arguments->operands[1], *what = arguments->operands[2];
    if (strncmp(what, ENGINE, strlen(ENGINE)) != 0)
        status =
            ed_baseline_set_files(name, arguments->operands + 2, arguments->n_operands - 2, &replaced, &err);
    else if (arguments->n_operands > 3)
        return ed_cli_usage(cli, "an engine is kept alone; '%.80s' is one too many", arguments->operands[3]);
    else
        status = ed_baseline_set_engine(name, what + strlen(ENGINE), &replaced, &err);
    if (status != ED_OK)
        return ed_cli_fail(cli, &err);
    ed_log_line(&cli->log, ED_LOG_INFO, "%s is kept%s", name,
                replaced ? ", in place of what had this name" : "");
    return ED_EXIT_PASS;
}

static int remove_names(struct ed_cli *cli) {
    const struct ed_arguments *arguments = cli->arguments;
    int code = ED_EXIT_PASS;
    if (arguments->n_operands < 2)
        return ed_cli_usage(cli, "baseline remove takes names; `edgedyno baseline list` shows them");
    for (size_t i = 1; i < arguments->n_operands; i++) {
        struct ed_error err = {0};
        if (ed_baseline_remove(arguments->operands[i], &err) != ED_OK)
            code = ed_cli_exit_combine(code, ed_cli_fail(cli, &err));
        else
            ed_log_line(&cli->log, ED_LOG_INFO, "%s is removed", arguments->operands[i]);
    }
    return code;
}

static int baseline(struct ed_cli *cli) {
    const struct ed_arguments *arguments = cli->arguments;
    const char *word = arguments->n_operands ? arguments->operands[0] : "list";
    const bool lists = strcmp(word, "list") == 0;
    static const char *const of_list[] = {"format", "export"};
    for (size_t i = 0; !lists && i < 2; i++)
        if (ed_arguments_has(arguments, of_list[i]))
            return ed_cli_usage(cli, "--%s goes with `edgedyno baseline list`", of_list[i]);
    if (lists && arguments->n_operands > 1)
        return ed_cli_usage(cli, "baseline list takes no '%.80s'", arguments->operands[1]);
    if (lists)
        return show(cli);
    if (strcmp(word, "set") == 0)
        return set(cli);
    if (strcmp(word, "remove") == 0)
        return remove_names(cli);
    const char *near = ed_nearest(word, subcommands);
    return near ? ed_cli_usage(cli, "baseline takes no '%.80s'; did you mean `edgedyno baseline %s`?", word,
                               near)
                : ed_cli_usage(cli, "baseline takes no '%.80s'; it takes set, list or remove", word);
}

static const char *const usages[] = {"[list] [OPTION...]", "set NAME MODEL...",
                                     "set NAME on=ENGINE[@VERSION][/BACKEND]", "remove NAME...", NULL};
static const char *const notes[] = {
    "Keeps what was released under a name, for `edgedyno gate --baseline NAME`: the files of a model, or "
    "every "
    "build of an engine version that is present here. Files are copied and named by their digests, which are "
    "taken "
    "again whenever the baseline is used: one that was changed is refused.",
    "A name that is set again means the new files from then on; files that no name has are removed.", NULL};
static const struct ed_cli_example examples[] = {
    {"edgedyno baseline set released model.onnx", "keep a model"},
    {"edgedyno gate --baseline released --candidate new.onnx", "compare against it"},
    {"edgedyno baseline set ort on=onnxruntime@1.27.0/cpu", "keep an engine"},
};

const struct ed_cli_command ed_cli_baseline = {
    .name = "baseline",
    .summary = "keep models and engines by digest, to compare with",
    .usages = usages,
    .words = subcommands,
    .notes = notes,
    .examples = examples,
    .n_examples = sizeof examples / sizeof examples[0],
    .groups = {&ed_options_list_output, &ed_options_general},
    .n_groups = 2,
    .operand_is_file = true,
    .run = baseline,
};
