// SPDX-License-Identifier: Apache-2.0
// One block, from the adapter's opening to its closing. Phases are marked in the shared mapping as they
// begin, so that the supervisor knows where a worker died.
#include "runners/worker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/path.h"
#include "runners/adapter.h"
#include "runners/dataset.h"
#include "runners/evidence.h"
#include "runners/inputs.h"
#include "runners/job.h"
#include "runners/loop.h"
#include "runners/loop_arrivals.h"
#include "runners/loop_language.h"
#include "runners/loop_speech.h"
#include "runners/loop_streams.h"
#include "runners/mapping.h"
#include "runners/memory.h"
#include "runners/profile.h"
#include "runners/quality.h"
#include "runners/questions.h"
#include "runners/recordings.h"
#include "runners/started.h"

#define FILES_MAX 1024 // of a model, by the parser of jobs

struct worker {
    struct ed_job job;
    struct ed_mapping *mapping;
    struct ed_memory_reader memory;
    int processors; // that it may run on, before an engine binds threads of its own; -1 unknown
    struct ed_adapter adapter;
    const char *files[FILES_MAX];
    struct ed_open_args open_args;
    struct ed_load_args load_args;
    struct ed_inputs *inputs;
    struct ed_language_work language; // of a language workload, instead of inputs
    struct ed_buffer evidence_text;
    struct ed_json_writer evidence;
};

static void enter(struct worker *worker, enum ed_phase phase) {
    atomic_store(&worker->mapping->phase, (uint32_t)phase);
}

// The kernel prefers to kill this process when memory runs out.
static void offer_oneself(void) {
    FILE *file = fopen("/proc/self/oom_score_adj", "we");
    if (file) {
        fputs("1000", file);
        fclose(file);
    }
}

static enum ed_status read_block(struct worker *worker, struct ed_error *err) {
    struct ed_buffer text;
    ed_buffer_init(&text, ED_WIRE_JOB_MAX_BYTES);
    enum ed_status status = ed_path_read(ED_WORKER_BLOCK_FILE, ED_WIRE_JOB_MAX_BYTES, &text, err);
    if (status == ED_OK)
        status = ed_job_parse(&worker->job, ED_WORKER_BLOCK_FILE, ed_buffer_text(&text), text.size, err);
    ed_buffer_release(&text);
    if (status == ED_OK &&
        (worker->job.n_blocks != 1 || worker->job.n_cases != 1 || worker->job.n_engines != 1))
        status = ed_fail(err, ED_ERR_INTERNAL, ED_WORKER_BLOCK_FILE, "a worker runs exactly one block");
    const size_t stride = status == ED_OK ? ed_workload_stride(&worker->job.cases[0].workload) : 1;
    if (status == ED_OK && ed_pass_is_timed(worker->job.blocks[0].pass) &&
        (worker->job.blocks[0].inferences * (int64_t)stride > (int64_t)worker->mapping->capacity ||
         stride > worker->mapping->capacity ||
         (stride == 1 && worker->job.blocks[0].max_samples > (int64_t)worker->mapping->capacity)))
        status = ed_fail(err, ED_ERR_INTERNAL, ED_WORKER_BLOCK_FILE,
                         "the block wants more samples than its mapping holds");
    return status;
}

// A pack may say more of its version than the library itself ("2.36-9" and "2.36").
static bool is_version(const char *found, const char *wanted) {
    const size_t n = strlen(found);
    return !wanted[0] || (!strncmp(found, wanted, n) && (wanted[n] < '0' || wanted[n] > '9'));
}

// What this process really runs with. A pack's C library that was asked for and is not the one is no
// measurement of it.
static enum ed_status note_libc(struct worker *worker, struct ed_error *err) {
    const struct ed_job_engine *engine = &worker->job.engines[0];
    struct ed_started started;
    enum ed_status status = ed_started_find(&started, NULL, err);
    if (status != ED_OK)
        return status;
    ed_json_object_begin(&worker->evidence, "libc");
    ed_json_text(&worker->evidence, "version", started.libc);
    ed_json_bool(&worker->evidence, "pack", started.loader[0] != 0);
    ed_json_object_end(&worker->evidence);
    if (engine->libc_directory[0] && (!started.loader[0] || !is_version(started.libc, engine->libc_version)))
        return ed_fail(err, ED_ERR_VERSION, engine->libc_directory,
                       "the worker runs with the C library %s%s, and not with the pack's %s", started.libc,
                       started.loader[0] ? "" : " of the device", engine->libc_version);
    return ED_OK;
}

static size_t list_files(const struct ed_job_files *model, const char *files[FILES_MAX]) {
    for (size_t i = 0; i < model->n; i++)
        files[i] = model->items[i].path;
    return model->n;
}

static bool is_language(const struct worker *worker) {
    return ed_workload_is_language(&worker->job.cases[0].workload);
}

// What is judged over a text needs every token's logits, whatever the case is timed with.
static bool is_quality(const struct worker *worker) {
    return is_language(worker) && worker->job.blocks[0].pass == ED_PASS_KIND_ACCURACY;
}

static bool is_speech_set(const struct worker *worker) {
    const int64_t data = worker->job.cases[0].data;
    return data >= 0 && worker->job.data[data].speech;
}

static void fill_load_args(const struct worker *worker, struct ed_load_args *args, const char *const *files,
                           size_t n_files) {
    const struct ed_job_case *c = &worker->job.cases[0];
    *args = (struct ed_load_args){.model_files = files,
                                  .n_model_files = n_files,
                                  .backend = c->backend,
                                  .threads = c->threads,
                                  .allow_fallback = c->allow_fallback,
                                  .options = c->options,
                                  .n_options = c->n_options,
                                  .workload = c->workload,
                                  .seed = (uint64_t)worker->job.blocks[0].seed};
    if (is_quality(worker)) {
        args->all_logits = true;
        args->workload = (struct ed_workload){.prompt_tokens = ED_QUALITY_CHUNK};
    }
}

// An engine that is another process is what is measured; before it was loaded it was not there.
static void follow_engine(struct worker *worker) {
    struct ed_memory_reader *memory = &worker->memory;
    struct ed_mark *before = &worker->mapping->marks[ED_MARK_BEFORE_LOAD];
    struct ed_error why = {0};
    ed_memory_follow(memory, worker->adapter.backend, worker->adapter.state, &why);
    if (memory->elsewhere) {
        ed_mark_nothing(before);
        atomic_store(&worker->mapping->measured_pid, -1);
        ed_json_text(&worker->evidence, "processes_reason", why.message);
    } else if (memory->n_pids) {
        before->peak_bytes = before->rss_bytes = before->anon_bytes = before->file_bytes =
            before->shmem_bytes = before->swap_bytes = 0;
        atomic_store(&worker->mapping->measured_pid, memory->pids[0]);
    }
}

static enum ed_status open_and_load(struct worker *worker, struct ed_error *err) {
    const struct ed_job_engine *engine = &worker->job.engines[0];
    const struct ed_job_case *c = &worker->job.cases[0];
    const size_t n_files = c->model >= 0 ? list_files(&worker->job.models[0], worker->files) : 0;
    worker->open_args = (struct ed_open_args){
        .engine_dir = engine->directory, .engine_library = engine->library, .scratch_dir = "."};
    fill_load_args(worker, &worker->load_args, worker->files, n_files);

    enter(worker, ED_PHASE_OPEN);
    int64_t before = ed_clock_raw_ns();
    enum ed_status status = ed_adapter_open(&worker->adapter, engine->adapter.path, err);
    if (status != ED_OK)
        return status;
    const struct ed_backend *backend = worker->adapter.backend;
    status = backend->open(worker->adapter.state, &worker->open_args, err);
    if (status != ED_OK)
        return status;
    worker->mapping->open_ns = ed_clock_raw_ns() - before;

    enter(worker, ED_PHASE_LOAD);
    before = ed_clock_raw_ns();
    status = backend->load(worker->adapter.state, &worker->load_args, err);
    if (status == ED_OK) {
        worker->mapping->load_ns = ed_clock_raw_ns() - before;
        follow_engine(worker);
        ed_memory_mark(&worker->memory, &worker->mapping->marks[ED_MARK_AFTER_LOAD]);
    }
    return status;
}

static enum ed_status bind_inputs(struct worker *worker, struct ed_error *err) {
    const struct ed_backend *backend = worker->adapter.backend;
    enter(worker, ED_PHASE_BIND);
    if (is_quality(worker))
        return ED_OK;
    if (is_language(worker))
        return ed_language_make(&worker->language, backend, worker->adapter.state,
                                &worker->job.cases[0].workload, (uint64_t)worker->job.blocks[0].seed,
                                &worker->evidence, err);
    worker->inputs = calloc(1, sizeof *worker->inputs);
    if (!worker->inputs)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the description of the model");
    enum ed_status status = backend->describe(worker->adapter.state, &worker->inputs->io, err);
    if (status == ED_OK &&
        (worker->inputs->io.n_inputs > ED_TENSORS_MAX || worker->inputs->io.n_outputs > ED_TENSORS_MAX))
        status =
            ed_fail(err, ED_ERR_LIMIT, NULL, "the model has more than %d inputs or outputs", ED_TENSORS_MAX);
    if (status == ED_OK)
        status = ed_inputs_make(worker->inputs, &worker->job, &worker->job.cases[0],
                                (uint64_t)worker->job.blocks[0].seed, err);
    if (status == ED_OK)
        status = backend->bind(worker->adapter.state, worker->inputs->tensors, worker->inputs->n, err);
    if (status == ED_OK)
        ed_evidence_io(&worker->evidence, &worker->inputs->io, worker->inputs);
    return status;
}

static enum ed_status first_inference(struct worker *worker, struct ed_error *err) {
    enter(worker, ED_PHASE_WARMUP);
    if (is_language(worker))
        return ed_language_first(&worker->language, worker->adapter.backend, worker->adapter.state,
                                 worker->mapping, err);
    int64_t before = ed_clock_raw_ns();
    enum ed_status status = worker->adapter.backend->run(worker->adapter.state, err);
    if (status == ED_OK)
        worker->mapping->first_inference_ns = ed_clock_raw_ns() - before;
    return status;
}

// The timed loop, and what comes out of the engine.
static enum ed_status time_block(struct worker *worker, struct ed_error *err) {
    const struct ed_job_block *block = &worker->job.blocks[0];
    const struct ed_backend *backend = worker->adapter.backend;
    void *state = worker->adapter.state;
    const struct ed_workload *workload = &worker->job.cases[0].workload;
    enum ed_status status = ED_OK;
    if (is_language(worker)) {
        status = ed_loop_language(&worker->language, backend, state, block, &worker->memory, worker->mapping,
                                  &worker->evidence, err);
    } else if (ed_workload_is_timed_speech(workload)) {
        status = ed_loop_speech(backend, state, block, &worker->memory, worker->mapping, err);
    } else if (workload->scenario == ED_SCENARIO_FIXED_RATE || workload->scenario == ED_SCENARIO_POISSON) {
        status = ed_loop_arrivals(backend, state, workload, block, &worker->memory, worker->mapping,
                                  &worker->evidence, err);
    } else if (workload->scenario == ED_SCENARIO_OFFLINE) {
        const struct ed_stream_work work = {backend, &worker->open_args, &worker->load_args,
                                            worker->inputs->tensors, worker->inputs->n};
        status = ed_loop_streams(&work, state, (size_t)workload->streams, block, &worker->memory,
                                 worker->mapping, err);
    } else {
        status = ed_loop_run(backend, state, workload, block, &worker->memory, worker->mapping, err);
    }
    if (status != ED_OK)
        return status;
    enter(worker, ED_PHASE_EVIDENCE);
    if (is_language(worker))
        return ed_language_evidence(&worker->language, backend, state, &worker->evidence, err);
    status = ed_evidence_outputs(&worker->evidence, &worker->adapter, &worker->inputs->io, err);
    if (status == ED_OK && workload->speech)
        status = ed_speech_evidence(backend, state, worker->inputs, &worker->evidence, err);
    return status;
}

static enum ed_status judge_text(struct worker *worker, struct ed_error *err) {
    const struct ed_job_engine *engine = &worker->job.engines[0];
    const char *files[FILES_MAX];
    const bool both = worker->job.cases[0].reference >= 0 && worker->job.n_models > 1;
    const struct ed_open_args open_args = {
        .engine_dir = engine->directory, .engine_library = engine->library, .scratch_dir = "."};
    struct ed_load_args load_args;
    fill_load_args(worker, &load_args, files, both ? list_files(&worker->job.models[1], files) : 0);
    const struct ed_quality_reference reference = {&open_args, &load_args,
                                                   both ? engine->adapter.path : NULL};
    if (worker->job.data[worker->job.cases[0].data].questions)
        return ed_questions_run(&worker->adapter, &worker->job, &worker->job.blocks[0], &worker->evidence,
                                err);
    return ed_quality_run(&worker->adapter, &reference, &worker->job, &worker->job.blocks[0],
                          &worker->evidence, err);
}

static int streams_of(const struct worker *worker) {
    const int streams = worker->job.cases[0].workload.streams;
    return streams > 1 ? streams : 1;
}

static enum ed_status measure(struct worker *worker, struct ed_error *err) {
    const struct ed_job_block *block = &worker->job.blocks[0];
    const bool language = ed_workload_is_language(&worker->job.cases[0].workload);
    enum ed_status status = ED_OK;
    switch (block->pass) {
    case ED_PASS_KIND_TIMING:
    case ED_PASS_KIND_PILOT:
        status = time_block(worker, err);
        break;
    case ED_PASS_KIND_COLD:
        status = first_inference(worker, err);
        break;
    case ED_PASS_KIND_ACCURACY:
        if (language) {
            enter(worker, ED_PHASE_TIMED);
            status = judge_text(worker, err);
            break;
        }
        status = first_inference(worker, err);
        if (status == ED_OK) {
            enter(worker, ED_PHASE_TIMED);
            status = is_speech_set(worker)
                         ? ed_recordings_run(worker->adapter.backend, worker->adapter.state, &worker->job,
                                             block, worker->inputs, &worker->evidence, err)
                         : ed_dataset_run(worker->adapter.backend, worker->adapter.state, &worker->job, block,
                                          worker->inputs, &worker->evidence, err);
        }
        break;
    case ED_PASS_KIND_PROFILE:
        status = language ? ED_OK : first_inference(worker, err);
        if (status == ED_OK) {
            enter(worker, ED_PHASE_TIMED);
            status = ed_profile_run(worker->adapter.backend, worker->adapter.state, block, language,
                                    &worker->evidence, err);
        }
        break;
    case ED_PASS_KIND_COUNT:
        status = ed_fail(err, ED_ERR_INTERNAL, NULL, "a block without a pass");
        break;
    }
    if (status == ED_OK && worker->memory.most_pids)
        ed_json_uint(&worker->evidence, "processes", worker->memory.most_pids);
    if (status == ED_OK && block->pass == ED_PASS_KIND_TIMING && worker->processors > 0 &&
        !worker->memory.elsewhere)
        ed_json_int(&worker->evidence, "processors", worker->processors);
    if (status == ED_OK && block->pass == ED_PASS_KIND_TIMING)
        ed_threads_write(&worker->evidence, &worker->memory.threads[0], &worker->memory.threads[1],
                         worker->job.cases[0].threads * streams_of(worker));
    if (status == ED_OK && block->pass != ED_PASS_KIND_COLD) {
        enter(worker, ED_PHASE_EVIDENCE);
        ed_evidence_engine(&worker->evidence, &worker->adapter);
        ed_evidence_facts(&worker->evidence, &worker->adapter);
    }
    return status;
}

static enum ed_status run_block(struct worker *worker, struct ed_error *err) {
    const struct ed_clock_quality clock = ed_clock_measure();
    worker->processors = ed_threads_processors();
    worker->mapping->clock_step_ns = clock.step_ns;
    worker->mapping->clock_floor_ns = clock.floor_ns;
    ed_memory_mark(&worker->memory, &worker->mapping->marks[ED_MARK_BEFORE_LOAD]);
    enum ed_status status = open_and_load(worker, err);
    if (status == ED_OK)
        status = bind_inputs(worker, err);
    if (status == ED_OK)
        status = measure(worker, err);
    if (status == ED_OK) {
        enter(worker, ED_PHASE_UNLOAD);
        status = worker->adapter.backend->unload(worker->adapter.state, err);
    }
    if (status == ED_OK) {
        ed_memory_mark(&worker->memory, &worker->mapping->marks[ED_MARK_AFTER_UNLOAD]);
        worker->adapter.backend->close(worker->adapter.state);
        enter(worker, ED_PHASE_DONE);
    }
    return status;
}

static void publish(struct worker *worker, enum ed_status status, const struct ed_error *failure) {
    struct ed_mapping *mapping = worker->mapping;
    ed_json_object_end(&worker->evidence);
    if (ed_buffer_status(&worker->evidence_text, "the evidence", NULL) == ED_OK && !worker->evidence.misuse &&
        worker->evidence_text.size <= ED_EVIDENCE_MAX_BYTES) {
        memcpy(mapping->evidence, ed_buffer_text(&worker->evidence_text), worker->evidence_text.size);
        mapping->evidence_bytes = (uint32_t)worker->evidence_text.size;
    }
    mapping->status = (int32_t)status;
    if (status != ED_OK) {
        memcpy(mapping->error_where, failure->where, sizeof mapping->error_where);
        memcpy(mapping->error_message, failure->message, sizeof mapping->error_message);
    }
    atomic_thread_fence(memory_order_release);
    mapping->finished = 1;
}

int ed_worker_main(void) {
    struct worker worker;
    struct ed_error failure = {0};
    memset(&worker, 0, sizeof worker);
    offer_oneself();
    enum ed_status status = ed_mapping_attach(&worker.mapping, ED_WORKER_MAP_FD, &failure);
    if (status != ED_OK) {
        fprintf(stderr, "edgedyno-runner worker: %s\n", failure.message);
        return 2;
    }
    worker.mapping->started_raw_ns = ed_clock_raw_ns();
    ed_memory_reader_init(&worker.memory, (int64_t)worker.mapping->total_bytes);
    ed_buffer_init(&worker.evidence_text, ED_EVIDENCE_MAX_BYTES);
    ed_json_writer_init(&worker.evidence, &worker.evidence_text, false);
    ed_json_object_begin(&worker.evidence, NULL);
    status = read_block(&worker, &failure);
    if (status == ED_OK)
        status = note_libc(&worker, &failure);
    if (status == ED_OK)
        status = run_block(&worker, &failure);
    publish(&worker, status, &failure);
    if (worker.inputs)
        ed_inputs_release(worker.inputs);
    free(worker.inputs);
    ed_language_release(&worker.language);
    ed_buffer_release(&worker.evidence_text);
    ed_adapter_release(&worker.adapter);
    ed_memory_reader_release(&worker.memory);
    ed_job_release(&worker.job);
    ed_mapping_release(worker.mapping);
    // An engine's leftover threads or exit handlers must not turn a finished block into a crash.
    fflush(NULL);
    _exit(0);
}
