// SPDX-License-Identifier: Apache-2.0
// Writing the job of a single block, for its worker.
#include "base/json_write.h"
#include "base/workload.h"
#include "runners/job.h"

static void write_file(struct ed_json_writer *w, const char *key, const struct ed_job_file *file) {
    ed_json_object_begin(w, key);
    ed_json_text(w, "path", file->path);
    ed_json_int(w, "bytes", file->bytes);
    ed_json_text(w, "sha256", file->sha256);
    ed_json_object_end(w);
}

static void write_files(struct ed_json_writer *w, const struct ed_job_files *files) {
    ed_json_array_begin(w, "files");
    for (size_t i = 0; i < files->n; i++)
        write_file(w, NULL, &files->items[i]);
    ed_json_array_end(w);
}

static void write_inputs(struct ed_json_writer *w, const struct ed_job_input *inputs, size_t n) {
    ed_json_array_begin(w, "inputs");
    for (size_t i = 0; i < n; i++) {
        ed_json_object_begin(w, NULL);
        if (inputs[i].input[0])
            ed_json_text(w, "input", inputs[i].input);
        write_file(w, "file", &inputs[i].file);
        ed_json_object_end(w);
    }
    ed_json_array_end(w);
}

static void write_engine(struct ed_json_writer *w, const struct ed_job_engine *engine) {
    ed_json_object_begin(w, NULL);
    ed_json_text(w, "id", engine->id);
    ed_json_text(w, "name", engine->name);
    if (engine->version[0])
        ed_json_text(w, "version", engine->version);
    write_file(w, "adapter", &engine->adapter);
    ed_json_bool(w, "network", engine->network);
    ed_json_text(w, "directory", engine->directory);
    ed_json_text(w, "library", engine->library);
    if (engine->libc_directory[0]) {
        ed_json_object_begin(w, "libc");
        ed_json_text(w, "directory", engine->libc_directory);
        ed_json_text(w, "loader", engine->libc_loader);
        ed_json_text(w, "version", engine->libc_version);
        ed_json_object_end(w);
    }
    ed_json_object_end(w);
}

static void write_case(struct ed_json_writer *w, const struct ed_job_case *c) {
    ed_json_object_begin(w, NULL);
    ed_json_text(w, "id", c->id);
    ed_json_int(w, "engine", 0);
    ed_json_int(w, "model", c->model >= 0 ? 0 : -1);
    ed_json_int(w, "data", c->data >= 0 ? 0 : -1);
    ed_json_int(w, "reference", c->model >= 0 && c->reference >= 0 ? 1 : -1);
    ed_json_text(w, "backend", c->backend);
    ed_json_int(w, "threads", c->threads);
    ed_json_bool(w, "allow_fallback", c->allow_fallback);
    ed_workload_write(w, "workload", &c->workload);
    if (c->pin[0])
        ed_json_text(w, "pin", c->pin);
    if (c->mem_limit_bytes)
        ed_json_int(w, "mem_limit_bytes", c->mem_limit_bytes);
    ed_json_array_begin(w, "options");
    for (size_t i = 0; i < c->n_options; i++) {
        ed_json_object_begin(w, NULL);
        ed_json_text(w, "key", c->options[i].key);
        if (c->options[i].value[0])
            ed_json_text(w, "value", c->options[i].value);
        ed_json_object_end(w);
    }
    ed_json_array_end(w);
    ed_json_array_begin(w, "shapes");
    for (size_t i = 0; i < c->n_shapes; i++) {
        ed_json_object_begin(w, NULL);
        if (c->shapes[i].input[0])
            ed_json_text(w, "input", c->shapes[i].input);
        ed_json_array_begin(w, "shape");
        for (uint32_t d = 0; d < c->shapes[i].rank; d++)
            ed_json_int(w, NULL, c->shapes[i].shape[d]);
        ed_json_array_end(w);
        ed_json_object_end(w);
    }
    ed_json_array_end(w);
    write_inputs(w, c->inputs, c->n_inputs);
    ed_json_object_end(w);
}

static void write_block(struct ed_json_writer *w, const struct ed_job_block *b) {
    ed_json_object_begin(w, NULL);
    ed_json_text(w, "id", b->id);
    ed_json_int(w, "case", 0);
    ed_json_text(w, "pass", ed_pass_word(b->pass));
    ed_json_int(w, "repetition", b->repetition);
    ed_json_int(w, "seed", b->seed);
    ed_json_int(w, "inferences", b->inferences);
    ed_json_int(w, "min_inferences", b->min_inferences);
    ed_json_int(w, "min_ns", b->min_ns);
    ed_json_int(w, "max_ns", b->max_ns);
    ed_json_int(w, "max_samples", b->max_samples);
    ed_json_int(w, "timeout_ns", b->timeout_ns);
    ed_json_object_end(w);
}

enum ed_status ed_job_write_block(const struct ed_job *job, size_t block_index, struct ed_buffer *out,
                                  struct ed_error *err) {
    const struct ed_job_block *block = &job->blocks[block_index];
    const struct ed_job_case *c = &job->cases[block->case_index];
    struct ed_json_writer w;
    ed_buffer_clear(out);
    ed_json_writer_init(&w, out, false);
    ed_json_object_begin(&w, NULL);
    ed_json_text(&w, "type", "job");
    ed_json_text(&w, "wire", ED_WIRE_VERSION);
    ed_json_text(&w, "job", job->id);
    ed_json_text(&w, "campaign", job->campaign);
    ed_json_array_begin(&w, "engines");
    write_engine(&w, &job->engines[c->engine]);
    ed_json_array_end(&w);
    ed_json_array_begin(&w, "models");
    if (c->model >= 0) {
        ed_json_object_begin(&w, NULL);
        write_files(&w, &job->models[c->model]);
        ed_json_object_end(&w);
    }
    if (c->model >= 0 && c->reference >= 0) {
        ed_json_object_begin(&w, NULL);
        write_files(&w, &job->models[c->reference]);
        ed_json_object_end(&w);
    }
    ed_json_array_end(&w);
    ed_json_array_begin(&w, "data");
    if (c->data >= 0) {
        ed_json_object_begin(&w, NULL);
        write_inputs(&w, job->data[c->data].inputs, job->data[c->data].n_inputs);
        if (job->data[c->data].questions)
            ed_json_text(&w, "questions",
                         job->data[c->data].match ? ED_JOB_QUESTIONS_MATCH : ED_JOB_QUESTIONS_CHOICE);
        if (job->data[c->data].speech)
            ed_json_bool(&w, "speech", true);
        ed_json_object_end(&w);
    }
    ed_json_array_end(&w);
    ed_json_array_begin(&w, "cases");
    write_case(&w, c);
    ed_json_array_end(&w);
    ed_json_array_begin(&w, "blocks");
    write_block(&w, block);
    ed_json_array_end(&w);
    ed_json_object_end(&w);
    return ed_buffer_status(out, "a block's job", err);
}
