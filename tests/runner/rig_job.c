// SPDX-License-Identifier: Apache-2.0
// The rig: writing jobs, reading journals and samples.
#include "tests/runner/rig.h"

#include "base/digest.h"
#include "edgedyno/wire.h"

static void write_file(struct ed_json_writer *w, const char *key, const char *path,
                       const struct rig_case *wrong) {
    char hex[ED_DIGEST_HEX_BYTES];
    int64_t bytes = 0;
    struct ed_error err = {0};
    memset(hex, '0', sizeof hex - 1);
    hex[sizeof hex - 1] = 0;
    // A file that is not there is written with made-up figures: what the runner says to that is what is
    // tested.
    if (ed_path_exists(path) && !ed_path_is_directory(path) &&
        ed_digest_file(hex, &bytes, path, &err) != ED_OK)
        rig_fail("%s: %s", err.where, err.message);
    ed_json_object_begin(w, key);
    ed_json_text(w, "path", path);
    ed_json_int(w, "bytes", wrong && wrong->wrong_bytes ? wrong->wrong_bytes : bytes);
    ed_json_text(w, "sha256", wrong && wrong->sha256 ? wrong->sha256 : hex);
    ed_json_object_end(w);
}

static void write_engine(struct ed_json_writer *w, const struct rig_case *c) {
    ed_json_object_begin(w, NULL);
    ed_json_text(w, "id", "engine");
    ed_json_text(w, "name", "scripted");
    write_file(w, "adapter", c->adapter ? c->adapter : ED_TEST_ADAPTERS_DIR "/scripted.so", NULL);
    if (c->directory)
        ed_json_text(w, "directory", c->directory);
    ed_json_object_end(w);
}

static void write_case(struct ed_json_writer *w, const struct rig_case *cases, size_t i) {
    const struct rig_case *c = &cases[i];
    char id[32];
    int64_t model = 0;
    for (size_t k = 0; k < i; k++)
        model += cases[k].model != NULL;
    snprintf(id, sizeof id, "case-%zu", i);
    ed_json_object_begin(w, NULL);
    ed_json_text(w, "id", c->id ? c->id : id);
    ed_json_uint(w, "engine", i);
    ed_json_int(w, "model", c->model ? model : -1);
    ed_json_text(w, "backend", "cpu");
    if (c->pin)
        ed_json_text(w, "pin", c->pin);
    if (c->mem_limit_bytes)
        ed_json_int(w, "mem_limit_bytes", c->mem_limit_bytes);
    if (c->prompt || c->generate) {
        ed_json_object_begin(w, "workload");
        ed_json_text(w, "scenario", "single-stream");
        ed_json_int(w, "prompt_tokens", c->prompt);
        ed_json_int(w, "generate_tokens", c->generate);
        ed_json_int(w, "depth_tokens", c->depth);
        ed_json_object_end(w);
    }
    if (c->option) {
        ed_json_array_begin(w, "options");
        ed_json_object_begin(w, NULL);
        ed_json_text(w, "key", c->option);
        ed_json_text(w, "value", c->value);
        ed_json_object_end(w);
        ed_json_array_end(w);
    }
    ed_json_object_end(w);
}

static void write_block(struct ed_json_writer *w, const struct rig_block *b) {
    const struct {
        const char *key;
        int64_t value;
    } numbers[] = {{"inferences", b->inferences}, {"min_inferences", b->min_inferences},
                   {"min_ns", b->min_ns},         {"max_ns", b->max_ns},
                   {"timeout_ns", b->timeout_ns}, {"max_samples", b->max_samples}};
    ed_json_object_begin(w, NULL);
    ed_json_text(w, "id", b->id);
    ed_json_uint(w, "case", b->case_index);
    ed_json_text(w, "pass", b->pass ? b->pass : ED_PASS_TIMING);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (numbers[i].value)
            ed_json_int(w, numbers[i].key, numbers[i].value);
    ed_json_object_end(w);
}

void rig_job_text(struct ed_buffer *text, const struct rig_job *job) {
    struct ed_json_writer w;
    ed_buffer_init(text, ED_WIRE_JOB_MAX_BYTES);
    ed_json_writer_init(&w, text, false);
    ed_json_object_begin(&w, NULL);
    ed_json_text(&w, "type", "job");
    ed_json_text(&w, "wire", ED_WIRE_VERSION);
    ed_json_text(&w, "job", job->id);
    ed_json_text(&w, "campaign", "rig");
    if (job->max_ns)
        ed_json_int(&w, "max_ns", job->max_ns);
    if (job->n_cases && job->cases[0].ballast_bytes)
        ed_json_int(&w, "ballast_bytes", job->cases[0].ballast_bytes);
    ed_json_array_begin(&w, "engines");
    for (size_t i = 0; i < job->n_cases; i++)
        write_engine(&w, &job->cases[i]);
    ed_json_array_end(&w);
    ed_json_array_begin(&w, "models");
    for (size_t i = 0; i < job->n_cases; i++) {
        if (!job->cases[i].model)
            continue;
        ed_json_object_begin(&w, NULL);
        ed_json_array_begin(&w, "files");
        write_file(&w, NULL, job->cases[i].model, &job->cases[i]);
        ed_json_array_end(&w);
        ed_json_object_end(&w);
    }
    ed_json_array_end(&w);
    ed_json_array_begin(&w, "cases");
    for (size_t i = 0; i < job->n_cases; i++)
        write_case(&w, job->cases, i);
    ed_json_array_end(&w);
    ed_json_array_begin(&w, "blocks");
    for (size_t i = 0; i < job->n_blocks; i++)
        write_block(&w, &job->blocks[i]);
    ed_json_array_end(&w);
    ed_json_object_end(&w);
    assert_int_equal(ed_buffer_status(text, "job", NULL), ED_OK);
}

static struct rig_reply read_bytes(const char *job, const char *file, int64_t from, int64_t max) {
    char from_text[32], max_text[32];
    snprintf(from_text, sizeof from_text, "%lld", (long long)from);
    snprintf(max_text, sizeof max_text, "%lld", (long long)max);
    return rig_call(NULL, 0,
                    (const char *[]){"read", "--work", rig_work, "--job", job, "--file", file, "--from",
                                     from_text, "--max", max_text, NULL});
}

void rig_journal_read(struct rig_journal *journal, const char *job) {
    struct rig_reply reply = read_bytes(job, ED_JOB_JOURNAL, 0, ED_WIRE_READ_MAX_BYTES);
    memset(journal, 0, sizeof *journal);
    assert_int_equal(reply.exit_code, 0);
    if (!reply.bytes || reply.text[reply.bytes - 1] != '\n')
        rig_fail("the journal does not end with a whole line: %s", reply.text);
    for (char *line = reply.text, *end; line < reply.text + reply.bytes; line = end + 1) {
        struct ed_error err = {0};
        end = strchr(line, '\n');
        assert_true(journal->n < RIG_LINES_MAX);
        if (!end ||
            ed_json_parse(&journal->lines[journal->n], "journal", line, (size_t)(end - line), &err) != ED_OK)
            rig_fail("a line of the journal is no JSON: %s: %s: %s", err.where, err.message, line);
        assert_true((size_t)(end - line) < ED_WIRE_LINE_MAX_BYTES);
        journal->n++;
    }
    journal->text = reply.text;
    reply.text = NULL;
    rig_reply_release(&reply);
}

void rig_journal_release(struct rig_journal *journal) {
    if (getenv("RIG_SHOW"))
        fprintf(stderr, "%s\n", journal->text ? journal->text : "");
    for (size_t i = 0; i < journal->n; i++)
        ed_json_document_release(&journal->lines[i]);
    free(journal->text);
    memset(journal, 0, sizeof *journal);
}

const cJSON *rig_line(const struct rig_journal *journal, const char *block) {
    const cJSON *found = NULL;
    for (size_t i = 0; i < journal->n; i++) {
        const cJSON *line = journal->lines[i].root;
        if (block ? strcmp(rig_text(line, "block"), block) : strcmp(rig_text(line, "type"), ED_JOURNAL_END))
            continue;
        if (found)
            rig_fail("two lines of %s: %s", block ? block : "the end", journal->text);
        found = line;
    }
    if (!found)
        rig_fail("no line of %s: %s", block ? block : "the end", journal->text);
    return found;
}

const cJSON *rig_find(const cJSON *line, const char *path) {
    while (line && *path) {
        char key[64];
        size_t n = strcspn(path, ".");
        snprintf(key, sizeof key, "%.*s", (int)n, path);
        line = cJSON_GetObjectItemCaseSensitive(line, key);
        path += n + (path[n] == '.');
    }
    return line;
}

int64_t rig_int(const cJSON *line, const char *path) {
    const cJSON *value = rig_find(line, path);
    if (!cJSON_IsNumber(value)) {
        char *text = cJSON_PrintUnformatted(line);
        rig_fail("no number %s in %s", path, text);
    }
    return (int64_t)value->valuedouble;
}

const char *rig_text(const cJSON *line, const char *path) {
    const cJSON *value = rig_find(line, path);
    return cJSON_IsString(value) ? value->valuestring : "";
}

int64_t rig_mark(const cJSON *line, const char *at, const char *key) {
    const cJSON *mark = NULL;
    cJSON_ArrayForEach(mark, rig_find(line, "marks")) {
        if (!strcmp(rig_text(mark, "at"), at))
            return rig_int(mark, key);
    }
    rig_fail("no mark %s", at);
    return -1;
}

int64_t *rig_samples(const char *job, const cJSON *line, size_t *n) {
    const int64_t offset = rig_int(line, "samples.offset"), count = rig_int(line, "samples.count");
    *n = (size_t)count;
    int64_t *samples = malloc((size_t)count * 8 + 8);
    assert_non_null(samples);
    for (int64_t done = 0; done < count * 8;) {
        struct rig_reply reply = read_bytes(job, ED_JOB_SAMPLES, offset + done, count * 8 - done);
        assert_int_equal(reply.exit_code, 0);
        assert_true(reply.bytes > 0 && (int64_t)reply.bytes <= count * 8 - done);
        memcpy((char *)samples + done, reply.text, reply.bytes);
        done += (int64_t)reply.bytes;
        rig_reply_release(&reply);
    }
    return samples;
}
