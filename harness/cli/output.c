// SPDX-License-Identifier: Apache-2.0
// --format, --export, --sort and --group.
#include "harness/cli/output.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/nearest.h"
#include "reports/registry.h"
#include "reports/text.h"

static const struct ed_output_format *find_format(const struct ed_output *output, const char *name) {
    for (size_t i = 0; i < output->n_formats; i++)
        if (strcmp(output->formats[i].name, name) == 0)
            return &output->formats[i];
    return NULL;
}

static const struct ed_output_format *find_suffix(const struct ed_output *output, const char *suffix) {
    for (size_t i = 0; suffix && i < output->n_formats; i++)
        if (output->formats[i].suffix[0] && strcmp(output->formats[i].suffix, suffix) == 0)
            return &output->formats[i];
    return NULL;
}

static bool is_again(const struct ed_output *output, size_t i) {
    return i > 0 && strcmp(output->formats[i].name, output->formats[i - 1].name) == 0;
}

static enum ed_status fail_format(const struct ed_output *output, const char *where, const char *name,
                                  struct ed_error *err) {
    const char *names[ED_OUTPUT_FORMATS_MAX + 1] = {0};
    char list[512] = "", suffix[64];
    size_t used = 0;
    for (size_t i = 0; i < output->n_formats; i++) {
        names[i] = output->formats[i].name;
        if (is_again(output, i))
            continue;
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "", names[i]);
        if (used >= sizeof list)
            used = sizeof list - 1;
    }
    // "md" is what the files of markdown end with.
    snprintf(suffix, sizeof suffix, ".%.60s", name);
    const struct ed_output_format *of_suffix = find_suffix(output, suffix);
    const char *near = of_suffix ? of_suffix->name : ed_nearest(name, names);
    return ed_fail(err, ED_ERR_USAGE, where, "\"%.80s\" is none of %s%s%s%s", name, list,
                   near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

static enum ed_status check_place(const char *path, struct ed_error *err) {
    char directory[ED_PATH_BYTES];
    struct stat info;
    if (strcmp(path, "-") == 0)
        return ED_OK;
    if (path[0] == '\0')
        return ed_fail(err, ED_ERR_USAGE, "--export", "no file is named; write FORMAT=FILE");
    if (strlen(path) >= ED_PATH_BYTES)
        return ed_fail(err, ED_ERR_USAGE, "--export", "the name of the file is too long");
    if (ed_path_is_directory(path))
        return ed_fail(err, ED_ERR_USAGE, "--export", "%.200s is a directory; name a file in it", path);
    // A rename would put a file in the place of a device such as /dev/null.
    if (stat(path, &info) == 0 && !S_ISREG(info.st_mode))
        return ed_fail(err, ED_ERR_USAGE, "--export",
                       "%.200s is no regular file; name one, or - for standard output", path);
    ed_path_directory(directory, path);
    if (!ed_path_is_directory(directory))
        return ed_fail(err, ED_ERR_USAGE, "--export", "there is no directory %.200s; make it first",
                       directory);
    if (access(directory, W_OK | X_OK) != 0)
        return ed_fail_errno(err, ED_ERR_USAGE, "--export", "nothing can be written in %.200s: %m",
                             directory);
    return ED_OK;
}

// A directory that is there, or one that can be made where it shall be.
static enum ed_status check_directory(const char *path, const char *format, struct ed_error *err) {
    char parent[ED_PATH_BYTES];
    if (strcmp(path, "-") == 0 || path[0] == '\0')
        return ed_fail(err, ED_ERR_USAGE, "--export", "%s is several files; write %s=DIR", format, format);
    if (strlen(path) >= ED_PATH_BYTES)
        return ed_fail(err, ED_ERR_USAGE, "--export", "the name of the directory is too long");
    if (ed_path_exists(path) && !ed_path_is_directory(path))
        return ed_fail(err, ED_ERR_USAGE, "--export", "%.200s is no directory, and %s is several files", path,
                       format);
    ed_path_directory(parent, path);
    const char *into = ed_path_exists(path) ? path : parent;
    if (!ed_path_is_directory(into))
        return ed_fail(err, ED_ERR_USAGE, "--export", "there is no directory %.200s; make it first", into);
    if (access(into, W_OK | X_OK) != 0)
        return ed_fail_errno(err, ED_ERR_USAGE, "--export", "nothing can be written in %.200s: %m", into);
    return ED_OK;
}

static enum ed_status parse_export(const struct ed_output *output, const char *text,
                                   struct ed_output_export *out, struct ed_error *err) {
    const char *equals = strchr(text, '=');
    size_t name_bytes = equals ? (size_t)(equals - text) : 0;
    char name[64];
    // A '=' behind a '/' or '.' belongs to the name of a file.
    if (equals && !memchr(text, '/', name_bytes) && !memchr(text, '.', name_bytes)) {
        snprintf(name, sizeof name, "%.*s", (int)(name_bytes < 63 ? name_bytes : 63), text);
        const struct ed_output_format *format = find_format(output, name);
        if (!format)
            return fail_format(output, "--export", name, err);
        *out = (struct ed_output_export){format->name, equals + 1, format->directory};
    } else {
        const struct ed_output_format *format = find_suffix(output, strrchr(ed_path_base(text), '.'));
        if (!format)
            return ed_fail(err, ED_ERR_USAGE, "--export",
                           "the ending of \"%.200s\" tells no format; write FORMAT=%.200s", text, text);
        *out = (struct ed_output_export){format->name, text, false};
        if (format->directory)
            return ed_fail(err, ED_ERR_USAGE, "--export", "%s is several files; write %s=DIR", format->name,
                           format->name);
    }
    return out->directory ? check_directory(out->path, out->format, err) : check_place(out->path, err);
}

// Other formats are of cases, of which one block is no figure.
static enum ed_status check_block(struct ed_output *output, const char *format, struct ed_error *err) {
    static const char *const able[] = {"perfetto", "timeline", "csv"};
    const char *wrong = output->format;
    for (size_t i = 0; i <= output->n_exports; i++) {
        const char *name = i < output->n_exports ? output->exports[i].format : format;
        bool fine = !name;
        for (size_t k = 0; k < sizeof able / sizeof able[0]; k++)
            fine = fine || !strcmp(name, able[k]);
        if (!fine)
            return ed_fail(err, ED_ERR_USAGE, "--block",
                           "%s is no format of a timeline; use perfetto, timeline or csv", name);
    }
    if (!format && !output->n_exports)
        return ed_fail(err, ED_ERR_USAGE, "--block",
                       "%s is no format of a timeline; add --format perfetto, timeline or csv", wrong);
    // Files alone were asked for: a table of all blocks beside them would mislead.
    if (!format)
        output->format = NULL;
    return ED_OK;
}

// The comma behind which another FORMAT= begins; a comma elsewhere belongs to the name of a file.
static char *next_export(const struct ed_output *output, char *text) {
    for (char *comma = strchr(text, ','); comma; comma = strchr(comma + 1, ',')) {
        char name[64];
        const size_t bytes = strcspn(comma + 1, "=,");
        if (comma[1 + bytes] != '=' || bytes >= sizeof name)
            continue;
        snprintf(name, sizeof name, "%.*s", (int)bytes, comma + 1);
        if (find_format(output, name))
            return comma;
    }
    return NULL;
}

// "FORMAT=FILE", or several of them with commas between.
static enum ed_status add_exports(struct ed_output *output, const char *list, struct ed_error *err) {
    char **texts = realloc(output->texts, (output->n_texts + 1) * sizeof *texts);
    enum ed_status status = ED_OK;
    if (texts)
        output->texts = texts;
    char *text = texts ? strdup(list) : NULL;
    if (!text)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the list of exports");
    texts[output->n_texts++] = text;
    for (char *comma; text && !status; text = comma) {
        comma = next_export(output, text);
        if (comma)
            *comma++ = '\0';
        struct ed_output_export *exports =
            realloc(output->exports, (output->n_exports + 1) * sizeof *exports);
        if (!exports)
            return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the list of exports");
        output->exports = exports;
        struct ed_output_export *export = &exports[output->n_exports];
        export->path = "";
        status = parse_export(output, text, export, err);
        for (size_t k = 0; k < output->n_exports && !status; k++)
            if (strcmp(exports[k].path, export->path) == 0)
                status = ed_fail(err, ED_ERR_USAGE, "--export", "%.200s is named twice", export->path);
        output->n_exports++;
    }
    return status;
}

static enum ed_status parse(struct ed_output *output, const struct ed_arguments *arguments,
                            struct ed_error *err) {
    const char *format = ed_arguments_get(arguments, "format");
    enum ed_status status = ED_OK;
    bool to_stdout = false;
    const struct ed_output_format *found = format ? find_format(output, format) : NULL;
    if (format && !found)
        return fail_format(output, "--format", format, err);
    if (found && found->directory)
        return ed_fail(err, ED_ERR_USAGE, "--format", "%s is several files; write --export %s=DIR", format,
                       format);
    const char *sort = ed_arguments_get(arguments, "sort"), *group = ed_arguments_get(arguments, "group");
    if (sort)
        status = ed_order_sort_parse(&output->order, sort, err);
    if (!status && group)
        status = ed_order_group_parse(&output->order, group, err);
    if (status)
        return status;
    for (size_t i = 0; i < arguments->n_values && !status; i++)
        if (strcmp(arguments->values[i].option->name, "export") == 0)
            status = add_exports(output, arguments->values[i].text, err);
    for (size_t i = 0; i < output->n_exports && !status; i++)
        to_stdout = to_stdout || strcmp(output->exports[i].path, "-") == 0;
    if (!status && to_stdout && format)
        status = ed_fail(err, ED_ERR_USAGE, "--export",
                         "standard output is taken by --format %s; name a file", format);
    output->format = format ? format : to_stdout ? NULL : "table";
    output->block = ed_arguments_get(arguments, "block");
    if (!status && output->block)
        status = check_block(output, format, err);
    if (status)
        ed_output_release(output);
    return status;
}

enum ed_status ed_output_parse_among(struct ed_output *output, const struct ed_arguments *arguments,
                                     const struct ed_output_format *formats, size_t n, struct ed_error *err) {
    memset(output, 0, sizeof *output);
    for (size_t i = 0; i < n && i < ED_OUTPUT_FORMATS_MAX; i++)
        output->formats[output->n_formats++] = formats[i];
    return parse(output, arguments, err);
}

enum ed_status ed_output_parse(struct ed_output *output, const struct ed_arguments *arguments,
                               bool of_reports, struct ed_error *err) {
    static const struct ed_output_format of_lists[] = {{"table", ".txt", false}, {"json", ".json", false}};
    struct ed_output_format formats[ED_OUTPUT_FORMATS_MAX];
    size_t n;
    const struct ed_report *const *reports = ed_reports(&n);
    if (!of_reports)
        return ed_output_parse_among(output, arguments, of_lists, 2, err);
    n = n < ED_OUTPUT_FORMATS_MAX ? n : ED_OUTPUT_FORMATS_MAX;
    for (size_t i = 0; i < n; i++)
        formats[i] = (struct ed_output_format){reports[i]->name, reports[i]->suffix, reports[i]->directory};
    return ed_output_parse_among(output, arguments, formats, n, err);
}

enum ed_status ed_output_check_choice(const struct ed_output *output, struct ed_error *err) {
    static const char choice[] = "choice";
    bool asked = output->format && !strcmp(output->format, choice);
    for (size_t i = 0; i < output->n_exports; i++)
        asked = asked || !strcmp(output->exports[i].format, choice);
    return asked ? ed_fail(err, ED_ERR_USAGE, choice,
                           "is what `edgedyno tune` writes; this command chooses nothing")
                 : ED_OK;
}

void ed_output_release(struct ed_output *output) {
    free(output->exports);
    for (size_t i = 0; i < output->n_texts; i++)
        free(output->texts[i]);
    free(output->texts);
    memset(output, 0, sizeof *output);
}

static enum ed_status write_one(const struct ed_cli *cli, const struct ed_output_export *export,
                                ed_output_render render, const void *context, struct ed_error *err) {
    const char *format = export->format, *path = export->path;
    bool to_stdout = strcmp(path, "-") == 0;
    const struct ed_output_target target = {format, export->directory ? path : NULL,
                                            to_stdout ? cli->columns : 0, to_stdout && cli->colour, path};
    struct ed_buffer out;
    ed_buffer_init(&out, ED_REPORT_MAX_BYTES);
    enum ed_status status = export->directory ? ed_path_make(path, 0755, err) : ED_OK;
    if (!status)
        status = render(context, &target, &out, err);
    if (!status)
        status = ed_buffer_status(&out, format, err);
    if (!status && to_stdout) {
        status = ed_cli_print(ed_buffer_text(&out), out.size, err);
        if (status == ED_ERR_CANCELLED)
            status = ED_OK;
    } else if (!status && !export->directory)
        status = ed_path_write_atomic(path, ed_buffer_text(&out), out.size, 0644, err);
    ed_buffer_release(&out);
    return status;
}

// A format that this campaign has nothing for was wrongly asked for.
static int exit_of(const struct ed_error *err) {
    return err->code == ED_ERR_USAGE ? ED_EXIT_USAGE : ED_EXIT_DEVICE;
}

int ed_output_write(const struct ed_output *output, const struct ed_cli *cli, ed_output_render render,
                    const void *context) {
    struct ed_error err = {0};
    int code = ED_EXIT_PASS;
    // Files first: a reader of standard output that goes away must not cost one.
    for (size_t i = 0; i < output->n_exports; i++) {
        const struct ed_output_export *export = &output->exports[i];
        if (output->files_only && (export->directory || strcmp(export->path, "-") == 0))
            continue;
        if (write_one(cli, export, render, context, &err) != ED_OK) {
            ed_log_error(&cli->log, &err);
            code = ed_cli_exit_combine(code, exit_of(&err));
        } else if (strcmp(export->path, "-") != 0)
            ed_log_line(&cli->log, ED_LOG_DETAIL, "%s: written", export->path);
    }
    const struct ed_output_export standard = {output->format, "-", false};
    if (output->format && !output->files_only && write_one(cli, &standard, render, context, &err) != ED_OK) {
        ed_log_error(&cli->log, &err);
        code = ed_cli_exit_combine(code, exit_of(&err));
    }
    return code;
}
