// SPDX-License-Identifier: Apache-2.0
// Writing the journal.
#include "runners/journal.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/stats/warmup.h"

#define TAIL_BYTES 2048 // of what the worker printed

static const char *const mark_words[ED_MARK_COUNT] = {"before_load", "after_load", "after_warmup",
                                                      "after_timed", "after_unload"};
static const char *const phase_words[ED_PHASE_COUNT] = {
#define PHASE_WORD(name, word) [ED_PHASE_##name] = word,
    ED_PHASES(PHASE_WORD)
#undef PHASE_WORD
};
static const char *const outcome_words[ED_OUTCOME_COUNT] = {
#define OUTCOME_WORD(name, word) [ED_OUTCOME_##name] = word,
    ED_OUTCOMES(OUTCOME_WORD)
#undef OUTCOME_WORD
};

enum ed_status ed_journal_open(struct ed_journal *journal, struct ed_error *err) {
    journal->samples_bytes = journal->timeline_bytes = 0;
    journal->fd = open(ED_JOB_JOURNAL, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    journal->samples_fd = open(ED_JOB_SAMPLES, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    journal->timeline_fd = open(ED_JOB_TIMELINE, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (journal->fd < 0 || journal->samples_fd < 0 || journal->timeline_fd < 0)
        return ed_fail_errno(err, ED_ERR_IO, ED_JOB_JOURNAL, "the journal cannot be made: %m");
    return ED_OK;
}

void ed_journal_close(struct ed_journal *journal) {
    if (journal->fd >= 0)
        close(journal->fd);
    if (journal->samples_fd >= 0)
        close(journal->samples_fd);
    if (journal->timeline_fd >= 0)
        close(journal->timeline_fd);
    journal->fd = journal->samples_fd = journal->timeline_fd = -1;
}

// A line that does not fit on the disk is taken back, so that the file ends with a whole line.
static enum ed_status append_line(struct ed_journal *journal, struct ed_buffer *line, struct ed_error *err) {
    ed_buffer_text_append(line, "\n");
    enum ed_status status = ed_buffer_status(line, "a journal line", err);
    if (status != ED_OK)
        return status;
    const off_t before = lseek(journal->fd, 0, SEEK_END);
    status = ed_path_write_all(journal->fd, ed_buffer_text(line), line->size, ED_JOB_JOURNAL, err);
    if (status == ED_OK && fdatasync(journal->fd) != 0)
        status = ed_fail_errno(err, ED_ERR_IO, ED_JOB_JOURNAL, "cannot be synced: %m");
    if (status != ED_OK && before >= 0 && ftruncate(journal->fd, before) != 0)
        return ed_fail_errno(err, ED_ERR_IO, ED_JOB_JOURNAL,
                             "cannot be written, nor cut back to its last line: %m");
    return status;
}

static enum ed_status append_samples(struct ed_journal *journal, const struct ed_block_result *result,
                                     uint64_t n, struct ed_error *err) {
    enum { CHUNK_BYTES = 1 << 16 };
    char *chunk = malloc(CHUNK_BYTES);
    int64_t left = (int64_t)n * 8, at = (int64_t)result->mapping->samples_offset;
    enum ed_status status =
        chunk ? ED_OK : ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory to write samples");
    // Read through the descriptor and not the mapping: pages that this process touches would count as its
    // resident memory.
    while (status == ED_OK && left > 0) {
        ssize_t got = pread(result->mapping_fd, chunk, left < CHUNK_BYTES ? (size_t)left : CHUNK_BYTES, at);
        if (got <= 0)
            status =
                ed_fail_errno(err, ED_ERR_IO, ED_JOB_SAMPLES, "the block's samples cannot be read back: %m");
        else
            status = ed_path_write_all(journal->samples_fd, chunk, (size_t)got, ED_JOB_SAMPLES, err);
        at += got;
        left -= got;
    }
    free(chunk);
    if (status == ED_OK && n && fdatasync(journal->samples_fd) != 0)
        status = ed_fail_errno(err, ED_ERR_IO, ED_JOB_SAMPLES, "cannot be synced: %m");
    if (status != ED_OK && ftruncate(journal->samples_fd, (off_t)journal->samples_bytes) != 0)
        return ed_fail_errno(err, ED_ERR_IO, ED_JOB_SAMPLES, "cannot be written, nor cut back: %m");
    if (status == ED_OK)
        journal->samples_bytes += (int64_t)n * 8;
    return status;
}

static enum ed_status append_timeline(struct ed_journal *journal, const struct ed_sampler *sampler, size_t *n,
                                      struct ed_error *err) {
    const struct ed_timeline_record *records = ed_sampler_records(sampler, n);
    const size_t bytes = *n * sizeof *records;
    enum ed_status status = ed_path_write_all(journal->timeline_fd, records, bytes, ED_JOB_TIMELINE, err);
    if (status == ED_OK && bytes && fdatasync(journal->timeline_fd) != 0)
        status = ed_fail_errno(err, ED_ERR_IO, ED_JOB_TIMELINE, "cannot be synced: %m");
    if (status != ED_OK && ftruncate(journal->timeline_fd, (off_t)journal->timeline_bytes) != 0)
        return ed_fail_errno(err, ED_ERR_IO, ED_JOB_TIMELINE, "cannot be written, nor cut back: %m");
    if (status == ED_OK)
        journal->timeline_bytes += (int64_t)bytes;
    return status;
}

// A block that does not get into the journal leaves nothing beside it: what was appended for it is cut off
// again.
static enum ed_status take_back(struct ed_journal *journal, int64_t samples_bytes, int64_t timeline_bytes,
                                enum ed_status status, struct ed_error *err) {
    const bool cut = ftruncate(journal->samples_fd, (off_t)samples_bytes) == 0 &&
                     ftruncate(journal->timeline_fd, (off_t)timeline_bytes) == 0;
    journal->samples_bytes = samples_bytes;
    journal->timeline_bytes = timeline_bytes;
    return cut ? status
               : ed_fail_errno(err, ED_ERR_IO, ED_JOB_SAMPLES,
                               "cannot be cut back to the last block of the journal: %m");
}

static void write_stamp(struct ed_json_writer *w, const char *key, const struct ed_clock_stamp *stamp) {
    ed_json_object_begin(w, key);
    ed_json_int(w, "raw_ns", stamp->raw_ns);
    ed_json_int(w, "monotonic_ns", stamp->monotonic_ns);
    ed_json_int(w, "boot_ns", stamp->boot_ns);
    // Nanoseconds since 1970 pass 2^53, which readers that keep doubles cannot hold; microseconds do for a
    // wall clock.
    ed_json_int(w, "real_us", stamp->real_ns / 1000);
    ed_json_object_end(w);
}

static void write_settings(struct ed_json_writer *w, const struct ed_job *job, bool applied) {
    if (!applied || job->n_settings == 0)
        return;
    ed_json_array_begin(w, "settings");
    for (size_t i = 0; i < job->n_settings; i++) {
        ed_json_object_begin(w, NULL);
        ed_json_text(w, "kind", job->settings[i].kind);
        ed_json_text(w, "value", job->settings[i].value);
        ed_json_object_end(w);
    }
    ed_json_array_end(w);
}

enum ed_status ed_journal_begin(struct ed_journal *journal, const struct ed_job *job,
                                const struct ed_sampler *sampler, bool applied,
                                const struct ed_ballast *ballast, struct ed_error *err) {
    struct ed_buffer line;
    struct ed_json_writer w;
    struct ed_clock_stamp now = ed_clock_stamp_now();
    ed_buffer_init(&line, ED_WIRE_LINE_MAX_BYTES);
    ed_json_writer_init(&w, &line, false);
    ed_json_object_begin(&w, NULL);
    ed_json_text(&w, "type", ED_JOURNAL_JOB);
    ed_json_text(&w, "wire", ED_WIRE_VERSION);
    ed_json_text(&w, "job", job->id);
    ed_json_text(&w, "campaign", job->campaign);
    ed_json_text(&w, "runner_version", ED_VERSION);
    write_stamp(&w, "started", &now);
    write_settings(&w, job, applied);
    if (ballast->pid) {
        ed_json_object_begin(&w, "ballast");
        ed_json_int(&w, "bytes", ballast->bytes);
        ed_json_bool(&w, "locked", ballast->locked);
        ed_json_object_end(&w);
    }
    ed_sampler_write_channels(sampler, &w);
    ed_json_object_end(&w);
    enum ed_status status = append_line(journal, &line, err);
    ed_buffer_release(&line);
    return status;
}

static void write_size(struct ed_json_writer *w, const char *key, int64_t bytes) {
    if (bytes >= 0)
        ed_json_int(w, key, bytes);
}

static void write_marks(struct ed_json_writer *w, const struct ed_mapping *mapping) {
    ed_json_array_begin(w, "marks");
    for (size_t i = 0; i < ED_MARK_COUNT; i++) {
        const struct ed_mark *mark = &mapping->marks[i];
        if (!mark->set)
            continue;
        ed_json_object_begin(w, NULL);
        ed_json_text(w, "at", mark_words[i]);
        ed_json_int(w, "raw_ns", mark->raw_ns);
        ed_json_int(w, "monotonic_ns", mark->monotonic_ns);
        ed_json_int(w, "boot_ns", mark->boot_ns);
        write_size(w, "peak_bytes", mark->peak_bytes);
        write_size(w, "rss_bytes", mark->rss_bytes);
        write_size(w, "anon_bytes", mark->anon_bytes);
        write_size(w, "file_bytes", mark->file_bytes);
        write_size(w, "shmem_bytes", mark->shmem_bytes);
        write_size(w, "swap_bytes", mark->swap_bytes);
        ed_json_bool(w, "peak_reset", mark->peak_reset);
        ed_json_object_end(w);
    }
    ed_json_array_end(w);
}

static void write_times(struct ed_json_writer *w, const struct ed_mapping *mapping) {
    if (mapping->clock_step_ns > 0) {
        ed_json_object_begin(w, "clock");
        ed_json_int(w, "step_ns", mapping->clock_step_ns);
        ed_json_int(w, "floor_ns", mapping->clock_floor_ns);
        ed_json_object_end(w);
    }
    if (mapping->open_ns >= 0)
        ed_json_int(w, "open_ns", mapping->open_ns);
    if (mapping->load_ns >= 0)
        ed_json_int(w, "load_ns", mapping->load_ns);
    if (mapping->first_inference_ns >= 0)
        ed_json_int(w, "first_inference_ns", mapping->first_inference_ns);
    if (mapping->warmup_inferences > 0) {
        ed_json_object_begin(w, "warmup");
        ed_json_int(w, "inferences", mapping->warmup_inferences);
        ed_json_int(w, "ns", mapping->warmup_ns);
        ed_json_text(w, "state", ed_warmup_state_name((enum ed_warmup_state)mapping->warmup_state));
        ed_json_object_end(w);
    }
    if (mapping->timed_end_raw_ns > 0) {
        ed_json_object_begin(w, "timed");
        ed_json_int(w, "begin_raw_ns", mapping->timed_begin_raw_ns);
        ed_json_int(w, "end_raw_ns", mapping->timed_end_raw_ns);
        ed_json_int(w, "batch", mapping->batch);
        ed_json_object_end(w);
    }
}

// The end of what the worker printed, for people who look for the engine's own words.
static void write_output_tail(struct ed_json_writer *w) {
    char tail[TAIL_BYTES];
    int fd = open(ED_JOB_WORKER_OUTPUT, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    off_t size = lseek(fd, 0, SEEK_END);
    ssize_t n = size > 0 ? pread(fd, tail, sizeof tail, size > TAIL_BYTES ? size - TAIL_BYTES : 0) : 0;
    close(fd);
    // Readers of JSON, ours among them, refuse a NUL in a text.
    for (ssize_t i = 0; i < n; i++)
        if (!tail[i])
            tail[i] = ' ';
    if (n > 0)
        ed_json_text_n(w, "worker_output", tail, (size_t)n);
}

// Whether the engine could reach anybody while it was measured.
static void write_network(struct ed_json_writer *w, const struct ed_block_context *context,
                          size_t block_index, const struct ed_block_result *result) {
    const struct ed_job *job = context->job;
    const bool needed = job->engines[job->cases[job->blocks[block_index].case_index].engine].network;
    const int32_t failed = result->mapping->isolation_errno;
    ed_json_object_begin(w, "network");
    ed_json_bool(w, "isolated", !needed && failed == 0);
    if (needed)
        ed_json_text(w, "reason", "the engine needs it");
    else if (failed)
        ed_json_text(w, "reason", failed > 0 ? strerror(failed) : context->isolation_reason);
    ed_json_object_end(w);
}

static void write_costs(struct ed_json_writer *w, const struct ed_block_result *result,
                        const struct ed_sampler *sampler) {
    const int64_t wall_ns = result->ended.monotonic_ns - result->started.monotonic_ns;
    const struct ed_channel_stats *busy = ed_sampler_find(sampler, "system_cpu.busy");
    ed_json_int(w, "wall_ns", wall_ns);
    ed_json_object_begin(w, "worker");
    ed_json_int(w, "spawn_ns", result->spawn_ns);
    ed_json_int(w, "cpu_ns", result->worker_cpu_ns);
    ed_json_int(w, "major_faults", result->major_faults);
    ed_json_int(w, "minor_faults", result->minor_faults);
    ed_json_int(w, "voluntary_switches", result->voluntary_switches);
    ed_json_int(w, "involuntary_switches", result->involuntary_switches);
    ed_json_object_end(w);
    ed_json_object_begin(w, "supervisor");
    ed_json_int(w, "cpu_ns", result->supervisor_cpu_ns);
    ed_json_object_end(w);
    if (busy && busy->readings > 1)
        ed_json_int(w, "system_busy_ns", busy->last - busy->first);
}

static void write_idle(struct ed_json_writer *w, const char *key, const struct ed_idle_window *window) {
    if (window->end_ns <= window->begin_ns)
        return;
    ed_json_object_begin(w, key);
    ed_json_int(w, "begin_ns", window->begin_ns);
    ed_json_int(w, "end_ns", window->end_ns);
    ed_json_object_end(w);
}

static void write_cold(struct ed_json_writer *w, const struct ed_block_result *result) {
    if (result->cold_resident_share < 0)
        return;
    ed_json_object_begin(w, "cold");
    ed_json_real(w, "resident_share", result->cold_resident_share);
    if (result->cold_reason[0])
        ed_json_text(w, "reason", result->cold_reason);
    ed_json_object_end(w);
}

static void write_head(struct ed_json_writer *w, const struct ed_job *job, size_t block_index,
                       enum ed_outcome outcome, const char *message) {
    const struct ed_job_block *block = &job->blocks[block_index];
    ed_json_text(w, "type", ED_JOURNAL_BLOCK);
    ed_json_text(w, "block", block->id);
    ed_json_text(w, "case", job->cases[block->case_index].id);
    ed_json_text(w, "pass", ed_pass_word(block->pass));
    ed_json_int(w, "repetition", block->repetition);
    ed_json_text(w, "outcome", outcome_words[outcome]);
    if (message[0])
        ed_json_text(w, "message", message);
}

enum ed_status ed_journal_block(struct ed_journal *journal, const struct ed_block_context *context,
                                size_t block_index, const struct ed_block_result *result,
                                struct ed_error *err) {
    const struct ed_mapping *mapping = result->mapping;
    uint64_t n = atomic_load(&result->mapping->n_samples);
    struct ed_buffer line;
    struct ed_json_writer w;
    n = n <= mapping->capacity ? n : mapping->capacity;
    const int64_t offset = journal->samples_bytes, timeline_offset = journal->timeline_bytes;
    size_t n_records = 0;
    enum ed_status status = append_samples(journal, result, n, err);
    if (status == ED_OK)
        status = append_timeline(journal, context->sampler, &n_records, err);
    if (status != ED_OK)
        return take_back(journal, offset, timeline_offset, status, err);
    ed_buffer_init(&line, ED_WIRE_LINE_MAX_BYTES);
    ed_json_writer_init(&w, &line, false);
    ed_json_object_begin(&w, NULL);
    write_head(&w, context->job, block_index, result->outcome, result->message);
    if (result->outcome != ED_OUTCOME_OK) {
        ed_json_text(&w, "died_in_phase", phase_words[result->phase]);
        ed_json_text(&w, "status", ed_status_word(result->status));
        if (result->where[0])
            ed_json_text(&w, "where", result->where);
        if (result->evidence[0])
            ed_json_text(&w, "oom_evidence", result->evidence);
        ed_json_int(&w, "exit_code", result->exit_code);
        ed_json_int(&w, "signal", result->signal);
    }
    write_stamp(&w, "started", &result->started);
    write_stamp(&w, "ended", &result->ended);
    ed_json_object_begin(&w, "samples");
    ed_json_int(&w, "offset", offset);
    ed_json_uint(&w, "count", n);
    if (mapping->stride > 1)
        ed_json_int(&w, "stride", mapping->stride);
    ed_json_object_end(&w);
    ed_json_object_begin(&w, "timeline");
    ed_json_int(&w, "offset", timeline_offset);
    ed_json_uint(&w, "records", n_records);
    ed_json_object_end(&w);
    ed_cool_down_write(&result->cool_down, &w);
    write_idle(&w, "idle_before", &result->idle_before);
    write_idle(&w, "idle_after", &result->idle_after);
    ed_json_object_begin(&w, "context");
    ed_context_write(context->before, context->sampler, "before", &w);
    ed_context_write(context->after, context->sampler, "after", &w);
    ed_json_object_end(&w);
    write_times(&w, mapping);
    write_marks(&w, mapping);
    write_cold(&w, result);
    ed_memory_limit_write(&result->limit, &w);
    write_network(&w, context, block_index, result);
    write_costs(&w, result, context->sampler);
    ed_sampler_write(context->sampler, &w);
    if (result->outcome != ED_OUTCOME_OK)
        write_output_tail(&w);
    // Whatever wrote into the mapping was an engine's process: what it left is inserted only if it is JSON.
    if (mapping->evidence_bytes > 0 && mapping->evidence_bytes <= ED_EVIDENCE_MAX_BYTES) {
        struct ed_json_document evidence = {0};
        if (ed_json_parse(&evidence, "evidence", mapping->evidence, mapping->evidence_bytes, NULL) == ED_OK) {
            char *text = cJSON_PrintUnformatted(evidence.root);
            if (text)
                ed_json_raw(&w, "evidence", text);
            cJSON_free(text);
        }
        ed_json_document_release(&evidence);
    }
    ed_json_object_end(&w);
    status = append_line(journal, &line, err);
    ed_buffer_release(&line);
    return status == ED_OK ? ED_OK : take_back(journal, offset, timeline_offset, status, err);
}

static enum ed_status append_object(struct ed_journal *journal, struct ed_buffer *line,
                                    struct ed_json_writer *w, struct ed_error *err) {
    ed_json_object_end(w);
    enum ed_status status = append_line(journal, line, err);
    ed_buffer_release(line);
    return status;
}

enum ed_status ed_journal_skipped(struct ed_journal *journal, const struct ed_job *job, size_t block_index,
                                  enum ed_outcome outcome, const char *message, struct ed_error *err) {
    struct ed_buffer line;
    struct ed_json_writer w;
    ed_buffer_init(&line, ED_WIRE_LINE_MAX_BYTES);
    ed_json_writer_init(&w, &line, false);
    ed_json_object_begin(&w, NULL);
    write_head(&w, job, block_index, outcome, message);
    ed_json_bool(&w, "skipped", true);
    return append_object(journal, &line, &w, err);
}

enum ed_status ed_journal_end(struct ed_journal *journal, const struct ed_job *job, const char *reason,
                              const char *message, struct ed_error *err) {
    struct ed_buffer line;
    struct ed_json_writer w;
    struct ed_clock_stamp now = ed_clock_stamp_now();
    ed_buffer_init(&line, ED_WIRE_LINE_MAX_BYTES);
    ed_json_writer_init(&w, &line, false);
    ed_json_object_begin(&w, NULL);
    ed_json_text(&w, "type", ED_JOURNAL_END);
    ed_json_text(&w, "job", job->id);
    ed_json_text(&w, "reason", reason);
    ed_json_text(&w, "message", message);
    write_stamp(&w, "ended", &now);
    return append_object(journal, &line, &w, err);
}
