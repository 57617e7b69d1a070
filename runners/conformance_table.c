// SPDX-License-Identifier: Apache-2.0
// Conformance of what an adapter says of itself: its entry, its table, its option rows, its survey, its
// options.
#include <ctype.h>
#include <dlfcn.h>
#include <stdlib.h>

#include "base/json_read.h"
#include "base/options.h"
#include "runners/conformance_parts.h"

#define OPTIONS_MAX 127 // what the check of -o options holds
#define MANIFEST_MAX_BYTES (1u << 20)

static void check_entry(struct ed_check *check) {
    static const uint32_t others[] = {0, ED_BACKEND_ABI + 1, UINT32_MAX};
    ed_check_doing(check, "opening the shared object");
    void *handle = dlopen(check->subject->adapter, RTLD_NOW | RTLD_LOCAL);
    if (!handle)
        ed_check_fail(check, "the shared object does not load: %s", dlerror());
    ed_adapter_entry_fn entry = NULL;
    *(void **)&entry = dlsym(handle, ED_ADAPTER_ENTRY);
    if (!entry)
        ed_check_fail(check, "it does not export " ED_ADAPTER_ENTRY);
    ed_check_doing(check, ED_ADAPTER_ENTRY);
    if (!entry(ED_BACKEND_ABI))
        ed_check_fail(check, "it does not serve abi %u", ED_BACKEND_ABI);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (entry(others[i]))
            ed_check_fail(check, "it gives a table for abi %u, which does not exist: it must return NULL",
                          others[i]);
    if (entry(ED_BACKEND_ABI) != entry(ED_BACKEND_ABI))
        ed_check_fail(check, "it gives another table at every call");
}

static void check_table(struct ed_check *check) {
    struct ed_adapter adapter;
    struct ed_error err = {0};
    ed_check_doing(check, "opening the adapter");
    ed_check_ok(check, ed_adapter_open(&adapter, check->subject->adapter, &err), &err);
    if (!ed_path_name_ok(adapter.backend->name))
        ed_check_fail(check, "its name '%.64s' is no name", adapter.backend->name);
    if (strchr(adapter.backend->summary, '\n'))
        ed_check_fail(check, "its summary is longer than a line");
}

static void check_row(struct ed_check *check, const struct ed_option *rows, size_t i) {
    const struct ed_option *row = &rows[i];
    struct ed_error err = {0};
    if (!row->name || !row->name[0])
        ed_check_fail(check, "option row %zu has no name", i);
    if (!row->unit || !row->fallback || !row->words || !row->help)
        ed_check_fail(check, "option '%s' has a NULL text: write \"\"", row->name);
    for (const char *p = row->name; *p; p++)
        if (!isalnum((unsigned char)*p) && !strchr("._-", *p))
            ed_check_fail(check, "option '%s' has '%c' in its name", row->name, *p);
    for (size_t k = 0; k < i; k++)
        if (!strcmp(rows[k].name, row->name))
            ed_check_fail(check, "option '%s' is there twice", row->name);
    if ((unsigned)row->type > ED_OPTION_PATH)
        ed_check_fail(check, "option '%s' has type %d, which does not exist", row->name, (int)row->type);
    if ((row->type == ED_OPTION_WORD) != (row->words[0] != 0))
        ed_check_fail(check, "option '%s': words belong to an option of type word, and only there",
                      row->name);
    if (row->max < row->min)
        ed_check_fail(check, "option '%s' has a range that ends before it begins", row->name);
    const size_t n = strlen(row->help);
    if (!n || strchr(row->help, '\n') || row->help[n - 1] == '.')
        ed_check_fail(check, "option '%s' needs one line of help without a full stop", row->name);
    if (row->fallback[0] && ed_option_check(row, row->name, row->fallback, &err) != ED_OK)
        ed_check_fail(check, "option '%s' would not take its own default: %s", row->name, err.message);
}

static void check_option_rows(struct ed_check *check) {
    struct ed_adapter adapter;
    struct ed_error err = {0};
    ed_check_doing(check, "opening the adapter");
    ed_check_ok(check, ed_adapter_open(&adapter, check->subject->adapter, &err), &err);
    if (adapter.backend->n_options > OPTIONS_MAX)
        ed_check_fail(check, "%zu options; at most %d are looked up", adapter.backend->n_options,
                      OPTIONS_MAX);
    ed_check_doing(check, "reading its option rows");
    for (size_t i = 0; i < adapter.backend->n_options; i++)
        check_row(check, adapter.backend->options, i);
}

static void check_manifest(struct ed_check *check) {
    struct ed_adapter adapter;
    struct ed_json_document document;
    struct ed_error err = {0};
    if (!check->subject->manifest || !check->subject->manifest[0])
        ed_check_skip(check, "no manifest was given");
    ed_check_doing(check, "opening the adapter");
    ed_check_ok(check, ed_adapter_open(&adapter, check->subject->adapter, &err), &err);
    ed_check_doing(check, "reading its manifest");
    ed_check_ok(check, ed_json_parse_file(&document, check->subject->manifest, MANIFEST_MAX_BYTES, &err),
                &err);
    const struct ed_json_at root = ed_json_root(&document), options = ed_json_member(&root, "options");
    const char *name = "";
    int64_t abi = 0;
    ed_check_ok(check, ed_json_get_text(&root, "name", &name, &err), &err);
    ed_check_ok(check, ed_json_get_int(&root, "abi", 0, UINT32_MAX, &abi, &err), &err);
    if (strcmp(name, adapter.backend->name))
        ed_check_fail(check, "the manifest is of '%s', the adapter says '%s'", name, adapter.backend->name);
    if (abi != ED_BACKEND_ABI)
        ed_check_fail(check, "the manifest says abi %lld, this is %u", (long long)abi, ED_BACKEND_ABI);
    if (ed_json_count(&options) != adapter.backend->n_options)
        ed_check_fail(check, "the manifest has %zu options, the adapter %zu", ed_json_count(&options),
                      adapter.backend->n_options);
    for (size_t i = 0; i < adapter.backend->n_options; i++) {
        const struct ed_json_at row = ed_json_element(&options, i);
        ed_check_ok(check, ed_json_get_text(&row, "name", &name, &err), &err);
        if (strcmp(name, adapter.backend->options[i].name))
            ed_check_fail(check, "option %zu is '%s' in the manifest and '%s' in the adapter", i, name,
                          adapter.backend->options[i].name);
    }
}

static void survey_once(struct ed_check *check, const struct ed_adapter *adapter, struct ed_survey *survey) {
    struct ed_error err = {0};
    memset(survey, 0, sizeof *survey);
    ed_check_doing(check, "survey");
    ed_check_ok(check, adapter->backend->survey(adapter->state, survey, &err), &err);
}

static void check_open_close_twice(struct ed_check *check) {
    static struct ed_survey survey;
    for (int i = 0; i < 2; i++) {
        struct ed_adapter adapter = ed_check_open(check);
        survey_once(check, &adapter, &survey);
        ed_check_doing(check, "close");
        adapter.backend->close(adapter.state);
        ed_adapter_release(&adapter);
    }
}

static bool terminated(const char *text, size_t bytes) {
    return memchr(text, 0, bytes) != NULL;
}

static void check_survey(struct ed_check *check) {
    static struct ed_survey survey;
    struct ed_adapter adapter = ed_check_open(check);
    bool offered = false;
    survey_once(check, &adapter, &survey);
    if (survey.n_rows < 1 || survey.n_rows > ED_SURVEY_MAX)
        ed_check_fail(check, "%zu rows; there must be between 1 and %d", survey.n_rows, ED_SURVEY_MAX);
    if (!terminated(survey.engine_version, sizeof survey.engine_version) || !survey.engine_version[0])
        ed_check_fail(check, "it has no engine_version");
    if (!terminated(survey.build_info, sizeof survey.build_info))
        ed_check_fail(check, "its build_info is not terminated");
    for (size_t i = 0; i < survey.n_rows; i++) {
        const struct ed_survey_row *row = &survey.rows[i];
        if (!terminated(row->backend, sizeof row->backend) ||
            !terminated(row->device_name, sizeof row->device_name) ||
            !terminated(row->reason, sizeof row->reason) || !terminated(row->native, sizeof row->native))
            ed_check_fail(check, "a text of row %zu is not terminated", i);
        if (!ed_path_name_ok(row->backend))
            ed_check_fail(check, "the backend of row %zu, '%s', is no word", i, row->backend);
        for (size_t k = 0; k < i; k++)
            if (!strcmp(survey.rows[k].backend, row->backend))
                ed_check_fail(check, "backend '%s' is there twice", row->backend);
        if ((unsigned)row->processor >= ED_PROCESSOR_COUNT)
            ed_check_fail(check, "backend '%s' runs on processor %d, which does not exist", row->backend,
                          (int)row->processor);
        if (row->available == (row->reason[0] != 0))
            ed_check_fail(check, "backend '%s' is %s", row->backend,
                          row->available ? "available and gives a reason why it is not"
                                         : "not available without a reason");
        offered = offered || (row->available && !strcmp(row->backend, check->subject->backend));
    }
    if (!offered)
        ed_check_fail(check, "it does not offer '%s', which this check loads on", check->subject->backend);
}

static void refuse_option(struct ed_check *check, const char *key, const char *value) {
    struct ed_adapter adapter = ed_check_open(check);
    struct ed_error err = {0};
    const struct ed_option_given option = {key, value};
    ed_check_doing(check, "load with -o %s=%s", key, value);
    ed_check_refused(check, ed_check_load(check, &adapter, &option, 1, &err), &err, key);
    ed_check_doing(check, "load after a refused option");
    memset(&err, 0, sizeof err);
    ed_check_ok(check, ed_check_load(check, &adapter, NULL, 0, &err), &err);
}

static void check_unknown_option(struct ed_check *check) {
    refuse_option(check, "no_such_option", "1");
}

static void check_wrong_value(struct ed_check *check) {
    if (!check->subject->option_key || !check->subject->wrong_value)
        ed_check_skip(check, "no option with a wrong value was given");
    refuse_option(check, check->subject->option_key, check->subject->wrong_value);
}

static void check_valid_option(struct ed_check *check) {
    const struct ed_option_given option = {check->subject->option_key, check->subject->option_value};
    struct ed_error err = {0};
    if (!option.key || !option.value)
        ed_check_skip(check, "no option was given");
    struct ed_adapter adapter = ed_check_open(check);
    ed_check_doing(check, "load with -o %s=%s", option.key, option.value);
    ed_check_ok(check, ed_check_load(check, &adapter, &option, 1, &err), &err);
}

static void check_unknown_backend(struct ed_check *check) {
    struct ed_conformance_subject other = *check->subject;
    struct ed_adapter adapter = ed_check_open(check);
    struct ed_error err = {0};
    const struct ed_conformance_subject *kept = check->subject;
    other.backend = "no-such-backend";
    check->subject = &other;
    ed_check_doing(check, "load on an unknown backend");
    ed_check_refused(check, ed_check_load(check, &adapter, NULL, 0, &err), &err, other.backend);
    check->subject = kept;
    ed_check_doing(check, "load after an unknown backend");
    memset(&err, 0, sizeof err);
    ed_check_ok(check, ed_check_load(check, &adapter, NULL, 0, &err), &err);
}

const struct ed_check_row ed_checks_table[] = {
    {"entry", check_entry},
    {"table", check_table},
    {"option_rows", check_option_rows},
    {"manifest", check_manifest},
    {"open_close_twice", check_open_close_twice},
    {"survey", check_survey},
    {"option", check_valid_option},
    {"unknown_option", check_unknown_option},
    {"wrong_option_value", check_wrong_value},
    {"unknown_backend", check_unknown_backend},
};
const size_t ed_checks_table_n = sizeof ed_checks_table / sizeof *ed_checks_table;
