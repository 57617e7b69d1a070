// SPDX-License-Identifier: Apache-2.0
// Reading a device's journal.
#include "harness/blocks.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define JOURNAL_MAX_BYTES ((size_t)1 << 30)
#define MOST (INT64_C(1) << 53)
#define NOWHERE (-4 * MOST) // no offset leads from here into a file
#define BATCH_MAX \
    INT64_C(1000000000) // a thousand steps of a clock that ticks once a millisecond, at 1 ns an inference

static const char *const mark_words[ED_BLOCK_MARKS] = {
#define MARK_WORD(name, word) [ED_BLOCK_##name] = word,
    ED_MARKS(MARK_WORD)
#undef MARK_WORD
};
static const char *const outcome_words[ED_OUTCOME_COUNT] = {
#define OUTCOME_WORD(name, word) [ED_OUTCOME_##name] = word,
    ED_OUTCOMES(OUTCOME_WORD)
#undef OUTCOME_WORD
};

// Of which job the lines are, where its parts of the files begin, and up to where the files belong to the
// blocks so far: what follows lies behind. Carried from line to line.
struct part {
    int64_t samples_base, timeline_base;
    int64_t samples_end, timeline_end;
    char attached[ED_WIRE_ID_MAX_BYTES + 1];
    size_t job;
};

// Numbers are optional everywhere: a worker that died left what it left.
static int64_t number(const struct ed_json_at *object, const char *key, int64_t otherwise) {
    int64_t value = otherwise;
    ed_json_opt_int(object, key, -MOST, MOST, &value, NULL);
    return value;
}

// A reading of a clock that counts from the boot: after 104 days its nanoseconds are beyond the integers that
// JSON readers keep exactly, and a duration between two of them is off by some nanoseconds.
static double moment(const struct ed_json_at *object, const char *key) {
    double value = 0;
    ed_json_opt_real(object, key, 0, 9e18, &value, NULL);
    return value;
}

static void read_marks(const struct ed_json_at *root, struct ed_block *block) {
    struct ed_json_at marks = ed_json_member(root, "marks");
    for (size_t i = 0; i < ed_json_count(&marks) && i < (size_t)2 * ED_BLOCK_MARKS; i++) {
        struct ed_json_at at = ed_json_element(&marks, i);
        const char *word = "";
        ed_json_opt_text(&at, "at", &word, NULL);
        for (size_t m = 0; m < ED_BLOCK_MARKS; m++) {
            struct ed_block_memory *memory = &block->memory[m];
            if (strcmp(word, mark_words[m]))
                continue;
            memory->set = true;
            ed_json_opt_bool(&at, "peak_reset", &memory->peak_reset, NULL);
            memory->peak_bytes = number(&at, "peak_bytes", -1);
            memory->rss_bytes = number(&at, "rss_bytes", -1);
            memory->anon_bytes = number(&at, "anon_bytes", -1);
            memory->file_bytes = number(&at, "file_bytes", -1);
            memory->swap_bytes = number(&at, "swap_bytes", -1);
        }
    }
}

static int64_t probe(const struct ed_json_at *root, const char *channel, const char *key) {
    struct ed_json_at probes = ed_json_member(root, "probes");
    struct ed_json_at at = ed_json_member(&probes, channel);
    return number(&at, key, INT64_MIN);
}

// Of a language workload an inference has several numbers; what it took is their sum.
static enum ed_status add_parts(const struct ed_json_at *at, struct ed_block *block, struct ed_error *err) {
    const size_t stride = block->stride, n = block->n_samples / stride;
    if (block->n_samples % stride)
        return ed_json_fail(at, err, "has half an inference at its end");
    block->parts = block->samples;
    if (!(block->totals = calloc(n, sizeof *block->totals)))
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the samples of a block");
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < stride; k++) {
            const int64_t part = block->parts[i * stride + k];
            if (part < 0 || part > MOST || (block->totals[i] += part) > MOST) {
                free(block->totals);
                block->totals = NULL;
                return ed_json_fail(at, err, "has times that no clock gives");
            }
        }
    block->samples = block->totals;
    block->n_samples = n;
    // What lies between inferences, such as the tokens of a depth, is not part of them.
    block->timed_ns = 0;
    for (size_t i = 0; i < n; i++)
        if (__builtin_add_overflow(block->timed_ns, block->totals[i], &block->timed_ns))
            block->timed_ns = -1;
    return ED_OK;
}

// Of a transcription the first number is what it took; the others lie within it.
static enum ed_status add_speech(const struct ed_json_at *at, struct ed_block *block, struct ed_error *err) {
    const size_t n = block->n_samples / ED_SPEECH_PARTS;
    if (block->n_samples % ED_SPEECH_PARTS)
        return ed_json_fail(at, err, "has half an inference at its end");
    for (size_t i = 0; i < n; i++) {
        const int64_t *parts = block->samples + i * ED_SPEECH_PARTS, whole = parts[ED_SPEECH_WHOLE];
        if (whole < 0 || whole > MOST || parts[ED_SPEECH_FIRST_TOKEN] < -1 ||
            parts[ED_SPEECH_FIRST_TOKEN] > whole || parts[ED_SPEECH_ENCODE] < -1 ||
            parts[ED_SPEECH_ENCODE] > whole || parts[ED_SPEECH_DECODE] < 0 ||
            parts[ED_SPEECH_DECODE] > whole || parts[ED_SPEECH_TOKENS] < 0 || parts[ED_SPEECH_TOKENS] > MOST)
            return ed_json_fail(at, err, "has times that no clock gives");
    }
    if (!(block->totals = calloc(n ? n : 1, sizeof *block->totals)))
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the samples of a block");
    for (size_t i = 0; i < n; i++)
        block->totals[i] = block->samples[i * ED_SPEECH_PARTS + ED_SPEECH_WHOLE];
    block->speech = block->samples;
    block->samples = block->totals;
    block->n_samples = n;
    return ED_OK;
}

static bool is_there(const struct ed_blocks *blocks, const char *id) {
    for (size_t i = 0; i < blocks->n; i++)
        if (!strcmp(blocks->items[i].id, id))
            return true;
    return false;
}

// Nobody knows where the job's parts begin.
static void lose(struct part *part) {
    part->samples_base = part->timeline_base = NOWHERE;
}

static enum ed_status check_times(const struct ed_json_at *at, const struct ed_block *block,
                                  struct ed_error *err) {
    for (size_t i = 0; i < block->n_samples; i++)
        if (block->samples[i] < 0 || block->samples[i] > MOST)
            return ed_json_fail(at, err, "has times that no clock gives");
    return ED_OK;
}

static enum ed_status read_samples(const struct ed_json_at *root, const struct ed_workload *workload,
                                   const struct ed_blocks *blocks, struct part *part, struct ed_block *block,
                                   struct ed_error *err) {
    const struct ed_blocks_mapping *mapping = &blocks->samples;
    struct ed_json_at at = ed_json_member(root, "samples");
    int64_t offset = 0, count = 0, stride = 1;
    const bool language = ed_workload_is_language(workload);
    block->stride = 1;
    if (!at.value)
        return ED_OK;
    enum ed_status status = ed_json_get_int(&at, "offset", 0, MOST, &offset, err);
    if (status == ED_OK)
        status = ed_json_get_int(&at, "count", 0, ED_WIRE_SAMPLES_MAX, &count, err);
    if (status == ED_OK)
        status = ed_json_opt_int(&at, "stride", 1, ED_WIRE_SAMPLES_MAX, &stride, err);
    if (status != ED_OK || !count)
        return status;
    if (stride != (int64_t)ed_workload_stride(workload))
        return ed_json_fail(&at, err, "has %lld numbers an inference, which its workload does not have",
                            (long long)stride);
    const int64_t from = part->samples_base + offset;
    if (from < 0 || from % 8 || from > (int64_t)mapping->bytes ||
        count > ((int64_t)mapping->bytes - from) / 8)
        return ed_json_fail(&at, err, "names samples that samples.bin does not have");
    block->samples_claimed = from < part->samples_end;
    if (!block->samples_claimed)
        part->samples_end = from + count * 8;
    else if (!is_there(blocks, block->id))
        lose(part); // no copy of a line: the whole job is read from the wrong place
    block->samples = (const int64_t *)((const char *)mapping->base + from);
    block->n_samples = (size_t)count;
    block->stride = (size_t)stride;
    if (ed_workload_is_timed_speech(workload))
        return add_speech(&at, block, err);
    return language ? add_parts(&at, block, err) : check_times(&at, block, err);
}

// Readings are wanted for less than samples are: a block without them keeps its latency.
static void read_timeline(const struct ed_json_at *root, const struct ed_blocks *blocks, struct part *part,
                          struct ed_block *block) {
    const struct ed_blocks_mapping *mapping = &blocks->timeline;
    const struct ed_json_at at = ed_json_member(root, "timeline");
    const int64_t bytes = ED_TIMELINE_RECORD_BYTES, offset = number(&at, "offset", -1),
                  count = number(&at, "records", -1), from = part->timeline_base + offset;
    if (!at.value || !count)
        return;
    if (offset < 0 || count < 0 || count > ED_WIRE_TIMELINE_MAX || from < part->timeline_end || from % 8 ||
        from > (int64_t)mapping->bytes || count > ((int64_t)mapping->bytes - from) / bytes) {
        block->readings_lost = true;
        return;
    }
    part->timeline_end = from + count * bytes;
    block->readings = (const struct ed_timeline_record *)((const char *)mapping->base + from);
    block->n_readings = (size_t)count;
}

static enum ed_status read_block(const struct ed_json_at *root, const struct ed_campaign_device *device,
                                 const struct ed_blocks *blocks, struct part *part, struct ed_block *block,
                                 struct ed_error *err) {
    char case_id[ED_WIRE_ID_MAX_BYTES + 1] = "", word[16] = "", whole[128];
    memset(block, 0, sizeof *block);
    enum ed_status status = ed_json_get_string(root, "block", block->id, sizeof block->id, err);
    if (status == ED_OK)
        status = ed_json_get_string(root, "case", case_id, sizeof case_id, err);
    if (status == ED_OK)
        status = ed_json_get_string(root, "pass", block->pass, sizeof block->pass, err);
    if (status == ED_OK)
        status = ed_json_get_string(root, "outcome", word, sizeof word, err);
    if (status != ED_OK)
        return status;
    block->case_index = SIZE_MAX;
    for (size_t i = 0; i < device->n_cases; i++)
        if (!strcmp(device->cases[i].id, case_id))
            block->case_index = i;
    block->outcome = ED_OUTCOME_COUNT;
    for (int i = 0; i < ED_OUTCOME_COUNT; i++)
        if (!strcmp(outcome_words[i], word))
            block->outcome = (enum ed_outcome)i;
    if (block->case_index == SIZE_MAX || block->outcome == ED_OUTCOME_COUNT)
        return ed_json_fail(root, err, "a block of an unknown case or outcome");
    block->repetition = number(root, "repetition", 1);
    // The same three things stand in its name: a line in which one of them changed is of no block.
    snprintf(whole, sizeof whole, "%s.%s.%lld", case_id, block->pass, (long long)block->repetition);
    if (strcmp(block->id, whole) != 0)
        return ed_json_fail(root, err, "block '%.64s' says that it is %.80s", block->id, whole);
    ed_json_opt_bool(root, "skipped", &block->skipped, NULL);
    ed_json_opt_string(root, "died_in_phase", block->died_in_phase, sizeof block->died_in_phase, NULL);
    ed_json_opt_string(root, "status", block->status, sizeof block->status, NULL);
    const char *text = "";
    ed_json_opt_text(root, "message", &text, NULL);
    snprintf(block->message, sizeof block->message, "%s", text);
    text = "";
    ed_json_opt_text(root, "where", &text, NULL);
    snprintf(block->where, sizeof block->where, "%s", text);
    struct ed_json_at warmup = ed_json_member(root, "warmup"), timed = ed_json_member(root, "timed"),
                      cold = ed_json_member(root, "cold"), worker = ed_json_member(root, "worker"),
                      supervisor = ed_json_member(root, "supervisor");
    ed_json_opt_string(&warmup, "state", block->warmup_state, sizeof block->warmup_state, NULL);
    block->open_ns = number(root, "open_ns", -1);
    block->load_ns = number(root, "load_ns", -1);
    block->first_inference_ns = number(root, "first_inference_ns", -1);
    block->warmup_inferences = number(&warmup, "inferences", -1);
    block->batch = number(&timed, "batch", 1);
    block->timed_ns =
        timed.value ? (int64_t)(moment(&timed, "end_raw_ns") - moment(&timed, "begin_raw_ns")) : -1;
    block->wall_ns = number(root, "wall_ns", -1);
    block->worker_cpu_ns = number(&worker, "cpu_ns", -1);
    block->supervisor_cpu_ns = number(&supervisor, "cpu_ns", -1);
    block->system_busy_ns = number(root, "system_busy_ns", -1);
    block->cold_resident_share = -1;
    if (cold.value) {
        block->cold_resident_share = 1;
        ed_json_opt_real(&cold, "resident_share", 0, 1, &block->cold_resident_share, NULL);
    }
    block->sampled_anon_max = probe(root, "process_memory.anon", "max");
    block->sampled_swap_max = probe(root, "process_memory.swap", "max");
    block->available_first = probe(root, "system_memory.available", "first");
    block->available_min = probe(root, "system_memory.available", "min");
    read_marks(root, block);
    block->evidence = ed_json_member(root, "evidence").value;
    if (block->batch < 1 || block->batch > BATCH_MAX)
        return ed_json_fail(root, err, "a sample of %lld inferences, which nobody can have timed",
                            (long long)block->batch);
    block->job = part->job;
    read_timeline(root, blocks, part, block);
    return read_samples(root, &device->cases[block->case_index].workload_parts, blocks, part, block, err);
}

static enum ed_status grow(struct ed_blocks *blocks, struct ed_error *err) {
    if (blocks->n < blocks->capacity)
        return ED_OK;
    const size_t capacity = blocks->capacity ? blocks->capacity * 2 : 64;
    struct ed_block *items = realloc(blocks->items, capacity * sizeof *items);
    if (items)
        blocks->items = items;
    struct ed_json_document *documents =
        items ? realloc(blocks->documents, capacity * sizeof *documents) : NULL;
    if (!documents)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the blocks of a journal");
    blocks->documents = documents;
    blocks->capacity = capacity;
    return ED_OK;
}

// The document moves into the list.
static enum ed_status keep_job(struct ed_blocks *blocks, struct ed_json_document *document,
                               struct ed_error *err) {
    struct ed_json_document *jobs = realloc(blocks->jobs, (blocks->n_jobs + 1) * sizeof *jobs);
    if (!jobs)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the jobs of a journal");
    blocks->jobs = jobs;
    blocks->jobs[blocks->n_jobs++] = *document;
    memset(document, 0, sizeof *document);
    return ED_OK;
}

// A job's parts of the files follow those of the jobs before: with any other base its blocks would be read
// from where other blocks have their samples.
static void attach(const struct ed_json_at *root, struct part *part) {
    part->samples_base = number(root, "samples_base", NOWHERE);
    part->timeline_base = number(root, "timeline_base", NOWHERE);
    if (part->samples_base < part->samples_end)
        part->samples_base = NOWHERE;
    if (part->timeline_base < part->timeline_end)
        part->timeline_base = NOWHERE;
    part->job = SIZE_MAX;
    part->attached[0] = '\0';
    ed_json_opt_string(root, "job", part->attached, sizeof part->attached, NULL);
}

// The device's first line of a job. One that was not attached is another than that whose places are known.
static enum ed_status begin_job(struct ed_blocks *blocks, struct part *part, struct ed_error *err) {
    const struct ed_json_at root = ed_json_root(&blocks->documents[blocks->n]);
    char job[ED_WIRE_ID_MAX_BYTES + 1] = "";
    ed_json_opt_string(&root, "job", job, sizeof job, NULL);
    if (strcmp(job, part->attached) != 0)
        lose(part);
    const enum ed_status status = keep_job(blocks, &blocks->documents[blocks->n], err);
    part->job = status == ED_OK ? blocks->n_jobs - 1 : SIZE_MAX;
    return status;
}

static enum ed_status take_line(struct ed_blocks *blocks, const struct ed_campaign_device *device,
                                const char *name, const char *text, size_t n, struct part *part,
                                struct ed_error *err) {
    struct ed_json_document document = {0};
    const char *type = "";
    enum ed_status status = grow(blocks, err);
    if (status == ED_OK)
        status = ed_json_parse(&document, name, text, n, err);
    if (status != ED_OK)
        return status;
    // The document moves into the array first, since places in it are remembered by address.
    blocks->documents[blocks->n] = document;
    struct ed_json_at root = ed_json_root(&blocks->documents[blocks->n]);
    status = ed_json_get_text(&root, "type", &type, err);
    if (status == ED_OK && !strcmp(type, ED_JOURNAL_BLOCK)) {
        status = read_block(&root, device, blocks, part, &blocks->items[blocks->n], err);
        if (status == ED_OK) {
            // Without it every reader takes the digests for itself.
            blocks->items[blocks->n].outputs_whole = calloc(1, sizeof(uint64_t));
            blocks->n++;
            return ED_OK;
        }
    } else if (status == ED_OK && !strcmp(type, "attach")) {
        attach(&root, part);
    } else if (status == ED_OK && !strcmp(type, ED_JOURNAL_JOB)) {
        status = begin_job(blocks, part, err);
    }
    ed_json_document_release(&blocks->documents[blocks->n]);
    return status;
}

static int by_id(const void *a, const void *b) {
    const struct ed_block *const *left = a, *const *right = b;
    const int order = strcmp((*left)->id, (*right)->id);
    return order ? order : *left < *right ? -1 : *left > *right;
}

// A block counts once, by its first line: twice the same samples would make an interval narrower than it is.
static enum ed_status drop_repeated(struct ed_blocks *blocks, const struct ed_campaign_device *device,
                                    struct ed_buffer *warnings, struct ed_error *err) {
    const struct ed_block **sorted = calloc(blocks->n + 1, sizeof *sorted);
    bool *again = calloc(blocks->n + 1, sizeof *again);
    size_t kept = 0;
    if (!sorted || !again) {
        free(sorted);
        free(again);
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the blocks of a journal");
    }
    for (size_t i = 0; i < blocks->n; i++)
        sorted[i] = &blocks->items[i];
    qsort(sorted, blocks->n, sizeof *sorted, by_id);
    for (size_t i = 1; i < blocks->n; i++)
        again[sorted[i] - blocks->items] = !strcmp(sorted[i]->id, sorted[i - 1]->id);
    for (size_t i = 0; i < blocks->n; i++) {
        if (again[i] || blocks->items[i].samples_claimed) {
            if (warnings)
                ed_buffer_printf(warnings, "journal of %.40s: block %.64s %s (left out)\n", device->id,
                                 blocks->items[i].id,
                                 again[i] ? "is there twice" : "names samples of another block");
            ed_json_document_release(&blocks->documents[i]);
            free(blocks->items[i].totals);
            free(blocks->items[i].outputs_whole);
            blocks->n_left_out++;
            continue;
        }
        if (kept < i) {
            blocks->items[kept] = blocks->items[i];
            blocks->documents[kept] = blocks->documents[i];
        }
        kept++;
    }
    blocks->n = kept;
    free(sorted);
    free(again);
    return ED_OK;
}

static enum ed_status map_file(struct ed_blocks_mapping *mapping, const struct ed_campaign_device *device,
                               const char *name, struct ed_error *err) {
    char path[ED_PATH_BYTES];
    struct stat file;
    enum ed_status status = ed_path_join(path, device->directory, name, err);
    if (status != ED_OK)
        return status;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return errno == ENOENT ? ED_OK : ed_fail_errno(err, ED_ERR_IO, path, "cannot be opened: %m");
    if (fstat(fd, &file) == 0 && file.st_size > 0) {
        void *base = mmap(NULL, (size_t)file.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (base == MAP_FAILED)
            status = ed_fail_errno(err, ED_ERR_IO, path, "cannot be mapped: %m");
        else
            *mapping = (struct ed_blocks_mapping){base, (size_t)file.st_size};
    }
    close(fd);
    return status;
}

enum ed_status ed_blocks_load(struct ed_blocks *blocks, const struct ed_campaign_device *device,
                              struct ed_buffer *warnings, struct ed_error *err) {
    char path[ED_PATH_BYTES];
    struct ed_buffer text;
    struct part part = {.job = SIZE_MAX};
    memset(blocks, 0, sizeof *blocks);
    ed_buffer_init(&text, JOURNAL_MAX_BYTES);
    enum ed_status status = ed_path_join(path, device->directory, ED_CAMPAIGN_JOURNAL, err);
    if (status == ED_OK && ed_path_exists(path))
        status = ed_path_read(path, JOURNAL_MAX_BYTES, &text, err);
    if (status == ED_OK)
        status = map_file(&blocks->samples, device, ED_CAMPAIGN_SAMPLES, err);
    if (status == ED_OK)
        status = map_file(&blocks->timeline, device, ED_CAMPAIGN_TIMELINE, err);
    const char *at = ed_buffer_text(&text), *end = at + text.size;
    for (size_t line = 1; status == ED_OK && at < end; line++) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        struct ed_error wrong = {0};
        char name[128];
        if (!stop)
            break;
        snprintf(name, sizeof name, "journal of %.40s, line %zu", device->id, line);
        enum ed_status taken = take_line(blocks, device, name, at, (size_t)(stop - at), &part, &wrong);
        if (taken == ED_ERR_NO_MEMORY)
            status = ed_fail(err, taken, NULL, "%s", wrong.message);
        else if (taken != ED_OK && warnings)
            ed_buffer_printf(warnings, "%s: %s (left out)\n", wrong.where, wrong.message);
        blocks->n_left_out += taken != ED_OK;
        at = stop + 1;
    }
    ed_buffer_release(&text);
    if (status == ED_OK)
        status = drop_repeated(blocks, device, warnings, err);
    if (status != ED_OK)
        ed_blocks_release(blocks);
    return status;
}

void ed_blocks_release(struct ed_blocks *blocks) {
    for (size_t i = 0; i < blocks->n; i++) {
        ed_json_document_release(&blocks->documents[i]);
        free(blocks->items[i].totals);
        free(blocks->items[i].outputs_whole);
    }
    free(blocks->documents);
    free(blocks->items);
    for (size_t i = 0; i < blocks->n_jobs; i++)
        ed_json_document_release(&blocks->jobs[i]);
    free(blocks->jobs);
    if (blocks->samples.base)
        munmap(blocks->samples.base, blocks->samples.bytes);
    if (blocks->timeline.base)
        munmap(blocks->timeline.base, blocks->timeline.bytes);
    memset(blocks, 0, sizeof *blocks);
}

bool ed_block_is_timing(const struct ed_block *block, size_t case_index) {
    return block->case_index == case_index && !strcmp(block->pass, ED_PASS_TIMING) &&
           block->outcome == ED_OUTCOME_OK;
}

bool ed_block_counts(const struct ed_block *block, size_t case_index, unsigned quantity) {
    return ed_block_is_timing(block, case_index) && !(block->left_out & quantity);
}
