// SPDX-License-Identifier: Apache-2.0
// Fuzzes the suite parser and the flags that change a suite, and checks what they promise of every suite that
// they take. Files are looked for in /proc/self, where "status", "maps" and "limits" are regular files and
// nothing can be made. Text that begins with a letter and a line break goes to one flag; the rest of it is a
// suite.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/path.h"
#include "harness/suite.h"
#include "harness/suite_keys.h"
#include "harness/suite_values.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void require(bool holds) {
    if (!holds)
        abort();
}

static void model_check(const struct ed_suite_model *model) {
    bool has_reference = model->reference[0] == '\0';
    require(model->n_variants >= 1 && model->n_variants <= ED_SUITE_VARIANTS_MAX);
    require(ed_path_name_ok(model->name));
    for (size_t i = 0; i < model->n_variants; i++) {
        const struct ed_suite_variant *variant = &model->variants[i];
        has_reference = has_reference || strcmp(model->reference, variant->name) == 0;
        require(variant->n_files >= 1 && ed_path_name_ok(variant->name) && variant->how);
        for (size_t k = 0; k < variant->n_files; k++)
            require(variant->files[k][0] == '/');
        for (size_t k = 0; k < i; k++)
            require(strcmp(variant->name, model->variants[k].name) != 0);
    }
    require(has_reference);
    for (size_t i = 0; i < model->n_shapes; i++) {
        require(model->shapes[i].rank >= 1 && model->shapes[i].rank <= ED_TENSOR_RANK_MAX &&
                model->shapes[i].input);
        for (uint32_t d = 0; d < model->shapes[i].rank; d++)
            require(model->shapes[i].shape[d] >= 1);
    }
    for (size_t i = 0; i < model->n_inputs; i++)
        require(model->inputs[i].input && model->inputs[i].file[0] == '/');
    for (size_t i = 0; i < model->n_tasks; i++)
        require(model->tasks[i].n_data >= 1 && model->tasks[i].labels[0] == '/' &&
                model->tasks[i].metric[0] && model->tasks[i].output);
}

static void suite_check(const struct ed_suite *suite) {
    require(suite->n_models > 0 || ed_suite_on_needs_no_model(suite->on, suite->n_on));
    require(suite->n_models <= ED_SUITE_MODELS_MAX && ed_path_name_ok(suite->name) &&
            suite->directory[0] == '/');
    for (size_t i = 0; i < suite->n_models; i++)
        model_check(&suite->models[i]);
    for (size_t i = 0; i < suite->n_on; i++)
        require(ed_suite_on_check(suite->on[i], NULL) == ED_OK);
    require(suite->blocks >= 1 && suite->blocks <= 1000 && suite->seed >= -1 && suite->max_time_ns >= 0);
    require(suite->block_min_ns <= suite->block_max_ns && suite->block_max_ns < suite->block_timeout_ns);
    require(suite->pin[0] == '\0' || ed_suite_cpus_check(suite->pin, NULL) == ED_OK);
    require(suite->n_threads <= ED_SUITE_THREADS_MAX && suite->n_options <= ED_OPTIONS_GIVEN_MAX);
    for (size_t i = 0; i < suite->n_threads; i++)
        require(suite->threads[i] >= 0 && suite->threads[i] <= ED_SUITE_THREADS_VALUE_MAX);
    for (size_t i = 0; i < suite->n_requirements; i++)
        require(suite->requirements[i].text[0] != '\0');
}

static enum ed_status flag_apply(struct ed_suite *suite, char letter, const char *text,
                                 struct ed_error *err) {
    switch (letter) {
    case 'm':
        return ed_suite_add_model(suite, text, err);
    case 'o':
        return ed_suite_set_on(suite, text, err);
    case 'd':
        return ed_suite_set_devices(suite, text, err);
    case 't':
        return ed_suite_set_threads(suite, text, err);
    case 'k':
        return ed_suite_add_option(suite, text, err);
    case 'l':
        return ed_suite_add_label(suite, text, err);
    case 'r':
        return ed_suite_add_requirement(suite, text, err);
    case 's':
        return ed_suite_add_shape(suite, text, err);
    default:
        return ed_suite_add_input(suite, text, err);
    }
}

// LETTER, line break, the flag's text, line break, a suite (or none).
static void flags_run(const char *text) {
    const char *end = strchr(text + 2, '\n');
    char *flag = end ? strndup(text + 2, (size_t)(end - text - 2)) : strdup(text + 2);
    struct ed_error err = {0};
    struct ed_suite suite;
    require(flag != NULL);
    ed_suite_init(&suite);
    if (end && end[1] && ed_suite_parse(&suite, "fuzz", "/proc/self", end + 1, strlen(end + 1), &err))
        ed_suite_init(&suite);
    memset(&err, 0, sizeof err);
    if (flag_apply(&suite, text[0], flag, &err))
        require(err.message[0] != '\0');
    for (size_t i = 0; i < suite.n_models; i++)
        if (suite.models[i].variants[0].name[0] != '\0')
            model_check(&suite.models[i]);
    ed_suite_release(&suite);
    free(flag);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
    struct ed_suite suite = {0}, zero;
    struct ed_error err = {0};
    memset(&zero, 0, sizeof zero);
    if (n > 2 && bytes[0] >= 'a' && bytes[0] <= 'z' && bytes[1] == '\n') {
        char *text = malloc(n + 1);
        require(text != NULL);
        memcpy(text, bytes, n);
        text[n] = '\0';
        flags_run(text);
        free(text);
        return 0;
    }
    if (ed_suite_parse(&suite, "fuzz", "/proc/self", (const char *)bytes, n, &err)) {
        require(err.message[0] != '\0' && err.code != ED_OK && err.code != ED_ERR_INTERNAL);
        require(memcmp(&suite, &zero, sizeof zero) == 0);
        return 0;
    }
    suite_check(&suite);
    ed_suite_release(&suite);
    return 0;
}
