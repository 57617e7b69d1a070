// SPDX-License-Identifier: Apache-2.0
// Every adapter of this build obeys its contract. Adapters are found in their directory, so that a new one is
// checked from its first day: it fails here until tests/fixtures/conformance/NAME.json says what it is to be
// checked with. NAME@BUILD.json beside it is a further build or backend of that engine: checked where it is
// in the store, and missed where tests/engines.txt says that it is there.
#include "tests/conformance/scratch.h"

#include <dirent.h>

#include "base/json_read.h"

#define DAMAGED_MAX 16

struct fixture {
    struct ed_json_document document;
    struct ed_conformance_subject subject;
    char adapter[ED_PATH_BYTES], manifest[ED_PATH_BYTES], directory[ED_PATH_BYTES], library[ED_PATH_BYTES];
    char model[ED_PATH_BYTES], damaged[DAMAGED_MAX][ED_PATH_BYTES];
    const char *files[1], *damaged_files[DAMAGED_MAX];
};

// The engine's directory in the store of this user.
static enum ed_status find_engine(struct fixture *fixture, const char *engine, const char *library,
                                  struct ed_error *err) {
    char store[ED_PATH_BYTES], name[256];
    enum ed_status status = ed_path_xdg(store, ED_XDG_DATA, err);
    snprintf(name, sizeof name, "engines/%.100s/" ED_TARGET, engine);
    if (status == ED_OK)
        status = ed_path_join(fixture->directory, store, name, err);
    if (status == ED_OK)
        status = ed_path_join(fixture->library, fixture->directory, library, err);
    if (status == ED_OK && !ed_path_exists(fixture->library))
        return ed_fail(err, ED_ERR_NOT_FOUND, fixture->library,
                       "the engine is not here: run `edgedyno engines fetch %.*s` first",
                       (int)strcspn(engine, "@"), engine);
    fixture->subject.engine_dir = fixture->directory;
    fixture->subject.engine_library = fixture->library;
    return status;
}

static enum ed_status read_files(struct fixture *fixture, const struct ed_json_at *root,
                                 struct ed_error *err) {
    const struct ed_json_at damaged = ed_json_member(root, "damaged");
    const char *model = NULL;
    enum ed_status status = ed_json_opt_text(root, "model", &model, err);
    if (status == ED_OK && model) {
        status = ed_path_join(fixture->model, ED_TEST_FIXTURES, model, err);
        fixture->files[0] = fixture->model;
        fixture->subject.model_files = fixture->files;
        fixture->subject.n_model_files = 1;
    }
    for (size_t i = 0; status == ED_OK && i < ed_json_count(&damaged) && i < DAMAGED_MAX; i++) {
        const struct ed_json_at at = ed_json_element(&damaged, i);
        const char *name = NULL;
        status = ed_json_as_text(&at, &name, err);
        if (status == ED_OK)
            status = ed_path_join(fixture->damaged[i], ED_TEST_FIXTURES, name, err);
        if (status == ED_OK && !ed_path_exists(fixture->damaged[i]))
            status = ed_fail(err, ED_ERR_NOT_FOUND, fixture->damaged[i], "does not exist");
        fixture->damaged_files[i] = fixture->damaged[i];
        fixture->subject.n_damaged = i + 1;
    }
    fixture->subject.damaged = fixture->damaged_files;
    return status;
}

// `name` is that of a fixture: NAME or NAME@BUILD.
static enum ed_status read_fixture(struct fixture *fixture, const char *name, struct ed_error *err) {
    static const char *const known[] = {"backend",       "engine", "library", "model",
                                        "symbolic_size", "option", "damaged", "growth_max_bytes",
                                        "program",       "server", NULL};
    struct ed_conformance_subject *subject = &fixture->subject;
    const char *engine = NULL, *library = "", *program = NULL;
    char path[ED_PATH_BYTES], adapter[64];
    snprintf(adapter, sizeof adapter, "%.*s", (int)strcspn(name, "@"), name);
    memset(fixture, 0, sizeof *fixture);
    snprintf(path, sizeof path, ED_TEST_FIXTURES "/conformance/%.64s.json", name);
    snprintf(fixture->adapter, sizeof fixture->adapter, ED_TEST_ADAPTERS_DIR "/%s.so", adapter);
    snprintf(fixture->manifest, sizeof fixture->manifest, ED_SOURCE_DIR "/backends/%s/manifest.json",
             adapter);
    *subject = (struct ed_conformance_subject){.adapter = fixture->adapter,
                                               .manifest = fixture->manifest,
                                               .scratch_dir = scratch,
                                               .growth_max_bytes = GROWTH_MAX_BYTES};
    if (!ed_path_exists(path))
        return ed_fail(err, ED_ERR_NOT_FOUND, path,
                       "an adapter without a fixture: write what it is checked with");
    enum ed_status status = ed_json_parse_file(&fixture->document, path, 1 << 16, err);
    if (status != ED_OK)
        return status;
    const struct ed_json_at root = ed_json_root(&fixture->document), option = ed_json_member(&root, "option");
    status = ed_json_known_keys(&root, known, err);
    if (status == ED_OK)
        status = ed_json_get_text(&root, "backend", &subject->backend, err);
    if (status == ED_OK)
        status = ed_json_opt_int(&root, "symbolic_size", 1, 1 << 20, &subject->symbolic_size, err);
    // An engine may settle at its level only after some loads, with arenas of its threads, and not grow then.
    if (status == ED_OK)
        status = ed_json_opt_int(&root, "growth_max_bytes", 1, 16 << 20, &subject->growth_max_bytes, err);
    if (subject->growth_max_bytes < GROWTH_MAX_BYTES)
        subject->growth_max_bytes = GROWTH_MAX_BYTES;
    if (status == ED_OK && option.value) {
        status = ed_json_get_text(&option, "key", &subject->option_key, err);
        if (status == ED_OK)
            status = ed_json_get_text(&option, "value", &subject->option_value, err);
        if (status == ED_OK)
            status = ed_json_get_text(&option, "wrong", &subject->wrong_value, err);
    }
    if (status == ED_OK)
        status = ed_json_opt_text(&root, "engine", &engine, err);
    if (status == ED_OK)
        status = ed_json_opt_text(&root, "library", &library, err);
    if (status == ED_OK && engine)
        status = find_engine(fixture, engine, library, err);
    // An engine that is a server, which is not there: what needs one is left out.
    if (status == ED_OK)
        status = ed_json_opt_bool(&root, "server", &subject->model_wanted, err);
    // An engine that is a program of the fixtures.
    if (status == ED_OK)
        status = ed_json_opt_text(&root, "program", &program, err);
    if (status == ED_OK && program) {
        status = ed_path_join(fixture->library, ED_TEST_FIXTURES, program, err);
        subject->engine_library = fixture->library;
    }
    return status == ED_OK ? read_files(fixture, &root, err) : status;
}

// Whether the adapter has options is told by its manifest: then a fixture without an option would leave
// checks out.
static bool has_options(const char *manifest) {
    struct ed_json_document document = {0};
    bool has = false;
    if (ed_json_parse_file(&document, manifest, 1 << 20, NULL) == ED_OK) {
        const struct ed_json_at root = ed_json_root(&document), options = ed_json_member(&root, "options");
        has = ed_json_count(&options) > 0;
    }
    ed_json_document_release(&document);
    return has;
}

// Whether the list of the engines that CI fetches has the fixture's engine.
static bool is_required(const struct ed_json_document *document) {
    const struct ed_json_at root = ed_json_root(document);
    const char *engine = "";
    char line[256];
    bool found = false;
    FILE *list = fopen(ED_SOURCE_DIR "/tests/engines.txt", "re");
    ed_json_opt_text(&root, "engine", &engine, NULL);
    while (list && fgets(line, sizeof line, list))
        found =
            found || (!strncmp(line, engine, strlen(engine)) && strcspn(line + strlen(engine), " \r\n") == 0);
    if (list)
        fclose(list);
    return found;
}

static size_t check_adapter(const char *name) {
    static struct ed_conformance_result results[ED_CONFORMANCE_MAX];
    struct fixture *fixture = calloc(1, sizeof *fixture);
    struct ed_error err = {0};
    size_t n = 0, failed = 0;
    assert_non_null(fixture);
    enum ed_status status = read_fixture(fixture, name, &err);
    if (status == ED_OK && has_options(fixture->manifest) && !fixture->subject.option_key)
        status = ed_fail(&err, ED_ERR_USAGE, name, "it has options and its fixture none to check");
    if (status == ED_OK)
        status = ed_conformance_run(&fixture->subject, results, &n, &err);
    // tests/engines.txt: a person need not have every engine.
    if (status == ED_ERR_NOT_FOUND && fixture->library[0] && !ed_path_exists(fixture->library) &&
        (!is_required(&fixture->document) || !getenv("EDGEDYNO_TESTS_FETCHED"))) {
        print_message("%-30s not checked: %s\n", name, err.message);
    } else if (status != ED_OK) {
        print_error("%s: %s: %s\n", name, err.where, err.message);
        failed = 1;
    }
    for (size_t i = 0; i < n; i++) {
        failed += results[i].verdict == ED_CONFORMANCE_FAILED;
        print_message("%-30s %-20s %-15s %s\n", name, results[i].name,
                      ed_conformance_word(results[i].verdict), results[i].words);
    }
    ed_json_document_release(&fixture->document);
    free(fixture);
    return failed;
}

static void test_every_adapter(void **state) {
    size_t n = 0, failed = 0;
    (void)state;
    DIR *directory = opendir(ED_TEST_ADAPTERS_DIR);
    assert_non_null(directory);
    for (struct dirent *entry; (entry = readdir(directory));) {
        char name[256];
        snprintf(name, sizeof name, "%s", entry->d_name);
        char *suffix = strrchr(name, '.');
        if (!suffix || strcmp(suffix, ".so"))
            continue;
        *suffix = 0;
#ifdef __SANITIZE_ADDRESS__
        // Its libraries are opened with RTLD_DEEPBIND, with which the sanitizer does not run.
        if (!strcmp(name, "openvino"))
            continue;
#endif
        failed += check_adapter(name);
        n++;
    }
    closedir(directory);
    assert_true(n >= 3);
    assert_int_equal(failed, 0);
}

static void test_further_builds(void **state) {
    size_t failed = 0;
    (void)state;
    DIR *directory = opendir(ED_TEST_FIXTURES "/conformance");
    assert_non_null(directory);
    for (struct dirent *entry; (entry = readdir(directory));) {
        char name[256];
        snprintf(name, sizeof name, "%s", entry->d_name);
        char *suffix = strrchr(name, '.');
        if (!suffix || strcmp(suffix, ".json") || !strchr(name, '@'))
            continue;
        *suffix = 0;
#ifdef __SANITIZE_ADDRESS__
        // A plug-in whose simulator finds no device in such a process.
        if (strstr(name, "qnn-npu"))
            continue;
#endif
        failed += check_adapter(name);
    }
    closedir(directory);
    assert_int_equal(failed, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_adapter),
                                       cmocka_unit_test(test_further_builds)};
    return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
