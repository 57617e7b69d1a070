// SPDX-License-Identifier: Apache-2.0
// Journals, samples and outputs of a device, on the controller's disk.
#include "harness/keep.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/json_write.h"

#define JOURNAL_MAX_BYTES ((size_t)1 << 30)
#define OUTPUT_MAX_BYTES (INT64_C(1) << 31)
#define ATTACH_TYPE "attach"

// What one line says, as far as keeping is concerned.
struct line {
    char type[16];
    char job[ED_WIRE_ID_MAX_BYTES + 1];
    char block[ED_WIRE_ID_MAX_BYTES + 1];
    int64_t samples_offset, samples_count, samples_base;
    int64_t timeline_offset, timeline_records, timeline_base;
};

static int block_compare(const void *a, const void *b) {
    return strcmp(((const struct ed_keep_block *)a)->id, ((const struct ed_keep_block *)b)->id);
}

static struct ed_keep_block *find_block(const struct ed_keep *keep, const char *block) {
    struct ed_keep_block key;
    if (strlen(block) >= sizeof key.id || !keep->n_planned)
        return NULL;
    memcpy(key.id, block, strlen(block) + 1);
    return bsearch(&key, keep->planned, keep->n_planned, sizeof *keep->planned, block_compare);
}

bool ed_keep_has(const struct ed_keep *keep, const char *block) {
    const struct ed_keep_block *found = find_block(keep, block);
    return found && found->done;
}

static void remember(struct ed_keep *keep, const char *block) {
    struct ed_keep_block *found = find_block(keep, block);
    if (!found || found->done)
        return;
    found->done = true;
    keep->n_done++;
}

// The ids of the device's frozen job.
static enum ed_status load_plan(struct ed_keep *keep, struct ed_error *err) {
    char path[ED_PATH_BYTES];
    struct ed_json_document document = {0};
    enum ed_status status = ed_path_join(path, keep->directory, ED_CAMPAIGN_JOB, err);
    if (status == ED_OK)
        status = ed_json_parse_file(&document, path, ED_WIRE_JOB_MAX_BYTES, err);
    if (status != ED_OK)
        return status;
    const struct ed_json_at root = ed_json_root(&document), blocks = ed_json_member(&root, "blocks");
    keep->planned = calloc(ed_json_count(&blocks) + 1, sizeof *keep->planned);
    if (!keep->planned)
        status = ed_fail(err, ED_ERR_NO_MEMORY, path, "no memory for the list of blocks");
    for (struct ed_json_at at = ed_json_element(&blocks, 0); status == ED_OK && at.value;
         at = ed_json_next(&at)) {
        struct ed_keep_block *block = &keep->planned[keep->n_planned++];
        status = ed_json_get_string(&at, "id", block->id, sizeof block->id, err);
    }
    ed_json_document_release(&document);
    if (status == ED_OK)
        qsort(keep->planned, keep->n_planned, sizeof *keep->planned, block_compare);
    return status;
}

// Nobody writes a journal by hand: a wrong value in one is no wrong usage.
static enum ed_status no_usage(enum ed_status status, struct ed_error *err) {
    if (status != ED_ERR_USAGE)
        return status;
    if (err)
        err->code = ED_ERR_PARSE;
    return ED_ERR_PARSE;
}

// Numbers come from the device: the caller checks them against what they would make it do.
static enum ed_status read_line(const char *name, const char *text, size_t n, struct line *line,
                                struct ed_json_document *document, struct ed_error *err) {
    const int64_t most = INT64_C(1) << 50;
    memset(line, 0, sizeof *line);
    enum ed_status status = ed_json_parse(document, name, text, n, err);
    if (status != ED_OK)
        return status;
    struct ed_json_at root = ed_json_root(document);
    struct ed_json_at samples = ed_json_member(&root, "samples"),
                      timeline = ed_json_member(&root, "timeline");
    status = ed_json_get_string(&root, "type", line->type, sizeof line->type, err);
    if (status == ED_OK)
        status = ed_json_opt_string(&root, "job", line->job, sizeof line->job, err);
    if (status == ED_OK)
        status = ed_json_opt_string(&root, "block", line->block, sizeof line->block, err);
    if (status == ED_OK)
        status = ed_json_opt_int(&root, "samples_base", 0, most, &line->samples_base, err);
    if (status == ED_OK)
        status = ed_json_opt_int(&root, "timeline_base", 0, most, &line->timeline_base, err);
    if (status == ED_OK && samples.value) {
        status = ed_json_get_int(&samples, "offset", 0, most, &line->samples_offset, err);
        if (status == ED_OK)
            status = ed_json_get_int(&samples, "count", 0, ED_WIRE_SAMPLES_MAX, &line->samples_count, err);
    }
    if (status == ED_OK && timeline.value) {
        status = ed_json_get_int(&timeline, "offset", 0, most, &line->timeline_offset, err);
        if (status == ED_OK)
            status =
                ed_json_get_int(&timeline, "records", 0, ED_WIRE_TIMELINE_MAX, &line->timeline_records, err);
    }
    return no_usage(status, err);
}

// Where the part of the job's file that a line names ends here.
static int64_t end_of(const struct ed_keep_file *file, int64_t offset, int64_t bytes) {
    const int64_t end = file->base + offset + bytes;
    return bytes && end > file->bytes ? end : file->bytes;
}

// Takes the journal that is there already.
static enum ed_status replay(struct ed_keep *keep, struct ed_buffer *text, struct ed_error *err) {
    const char *at = ed_buffer_text(text), *end = at + text->size;
    enum ed_status status = ED_OK;
    while (status == ED_OK && at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        struct ed_json_document document = {0};
        struct line line;
        if (!stop)
            break;
        status = read_line(ED_CAMPAIGN_JOURNAL, at, (size_t)(stop - at), &line, &document, err);
        ed_json_document_release(&document);
        if (status == ED_OK && !strcmp(line.type, ATTACH_TYPE)) {
            memcpy(keep->job, line.job, sizeof keep->job);
            keep->n_jobs++;
            keep->job_journal_bytes = 0;
            keep->samples.base = keep->samples.bytes = line.samples_base;
            keep->timeline.base = keep->timeline.bytes = line.timeline_base;
        } else if (status == ED_OK) {
            keep->job_journal_bytes += stop - at + 1;
            if (line.block[0])
                remember(keep, line.block);
            keep->samples.bytes = end_of(&keep->samples, line.samples_offset, line.samples_count * 8);
            keep->timeline.bytes = end_of(&keep->timeline, line.timeline_offset,
                                          line.timeline_records * ED_TIMELINE_RECORD_BYTES);
        }
        at = stop + 1;
    }
    keep->journal_bytes = at - ed_buffer_text(text);
    return status;
}

static enum ed_status open_file(struct ed_keep *keep, const char *name, int *fd, struct ed_error *err) {
    char path[ED_PATH_BYTES];
    enum ed_status status = ed_path_join(path, keep->directory, name, err);
    if (status != ED_OK)
        return status;
    *fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    return *fd < 0 ? ed_fail_errno(err, ED_ERR_IO, path, "cannot be opened: %m") : ED_OK;
}

// What a crash left behind the last whole line is fetched again.
static enum ed_status cut_back(const struct ed_keep *keep, struct ed_keep_file *file, const char *what,
                               struct ed_error *err) {
    file->named = file->bytes;
    if (lseek(file->fd, 0, SEEK_END) < (off_t)file->bytes || ftruncate(file->fd, (off_t)file->bytes) != 0)
        return ed_fail(err, ED_ERR_PARSE, keep->directory, "the %s do not fit the journal: some are missing",
                       what);
    return ED_OK;
}

static void no_files(struct ed_keep *keep) {
    memset(keep, 0, sizeof *keep);
    keep->journal_fd = keep->samples.fd = keep->timeline.fd = -1;
}

enum ed_status ed_keep_open(struct ed_keep *keep, const struct ed_campaign_device *device,
                            struct ed_error *err) {
    char path[ED_PATH_BYTES];
    struct ed_buffer text;
    no_files(keep);
    snprintf(keep->directory, sizeof keep->directory, "%s", device->directory);
    enum ed_status status = open_file(keep, ED_CAMPAIGN_JOURNAL, &keep->journal_fd, err);
    if (status == ED_OK && flock(keep->journal_fd, LOCK_EX | LOCK_NB) != 0)
        status = ed_fail(err, ED_ERR_BUSY, keep->directory,
                         "another edgedyno works on this campaign; wait for it, or stop it");
    if (status == ED_OK)
        status = load_plan(keep, err);
    if (status == ED_OK)
        status = open_file(keep, ED_CAMPAIGN_SAMPLES, &keep->samples.fd, err);
    if (status == ED_OK)
        status = open_file(keep, ED_CAMPAIGN_TIMELINE, &keep->timeline.fd, err);
    ed_buffer_init(&text, JOURNAL_MAX_BYTES);
    if (status == ED_OK)
        status = ed_path_join(path, keep->directory, ED_CAMPAIGN_JOURNAL, err);
    if (status == ED_OK)
        status = ed_path_read(path, JOURNAL_MAX_BYTES, &text, err);
    if (status == ED_OK)
        status = replay(keep, &text, err);
    if (status == ED_OK && ftruncate(keep->journal_fd, (off_t)keep->journal_bytes) != 0)
        status = ed_fail_errno(err, ED_ERR_IO, path, "cannot be cut back to its last line: %m");
    if (status == ED_OK)
        status = cut_back(keep, &keep->samples, "samples", err);
    if (status == ED_OK)
        status = cut_back(keep, &keep->timeline, "readings of the probes", err);
    ed_buffer_release(&text);
    if (status != ED_OK)
        ed_keep_close(keep);
    return status;
}

void ed_keep_close(struct ed_keep *keep) {
    if (keep->journal_fd >= 0)
        close(keep->journal_fd);
    if (keep->samples.fd >= 0)
        close(keep->samples.fd);
    if (keep->timeline.fd >= 0)
        close(keep->timeline.fd);
    free(keep->planned);
    no_files(keep);
}

static enum ed_status append(struct ed_keep *keep, const char *bytes, size_t n, struct ed_error *err) {
    enum ed_status status = ed_path_write_all(keep->journal_fd, bytes, n, ED_CAMPAIGN_JOURNAL, err);
    if (status == ED_OK && fdatasync(keep->journal_fd) != 0)
        status = ed_fail_errno(err, ED_ERR_IO, ED_CAMPAIGN_JOURNAL, "cannot be synced: %m");
    if (status == ED_OK)
        keep->journal_bytes += (int64_t)n;
    else if (ftruncate(keep->journal_fd, (off_t)keep->journal_bytes) != 0)
        return ed_fail_errno(err, ED_ERR_IO, ED_CAMPAIGN_JOURNAL,
                             "cannot be written, nor cut back to its last line: %m");
    return status;
}

enum ed_status ed_keep_attach(struct ed_keep *keep, const char *job, struct ed_error *err) {
    struct ed_buffer line;
    struct ed_json_writer w;
    ed_buffer_init(&line, ED_WIRE_LINE_MAX_BYTES);
    ed_json_writer_init(&w, &line, false);
    ed_json_object_begin(&w, NULL);
    ed_json_text(&w, "type", ATTACH_TYPE);
    ed_json_text(&w, "job", job);
    ed_json_int(&w, "samples_base", keep->samples.bytes);
    ed_json_int(&w, "timeline_base", keep->timeline.bytes);
    ed_json_object_end(&w);
    ed_buffer_text_append(&line, "\n");
    enum ed_status status = ed_buffer_status(&line, "a journal line", err);
    if (status == ED_OK)
        status = append(keep, ed_buffer_text(&line), line.size, err);
    ed_buffer_release(&line);
    if (status == ED_OK) {
        snprintf(keep->job, sizeof keep->job, "%s", job);
        keep->n_jobs++;
        keep->samples.base = keep->samples.named = keep->samples.bytes;
        keep->timeline.base = keep->timeline.named = keep->timeline.bytes;
        keep->job_journal_bytes = 0;
    }
    return status;
}

// The job's file `name` up to `up_to` bytes of it, behind what is here.
static enum ed_status fetch_part(struct ed_keep *keep, const struct ed_remote *remote,
                                 struct ed_keep_file *file, const char *name, int64_t up_to,
                                 struct ed_error *err) {
    enum ed_status status = ED_OK;
    while (status == ED_OK && file->base + up_to > file->bytes) {
        const int64_t from = file->bytes - file->base;
        const int64_t want =
            up_to - from < (int64_t)ED_WIRE_READ_MAX_BYTES ? up_to - from : (int64_t)ED_WIRE_READ_MAX_BYTES;
        struct ed_buffer bytes;
        ed_buffer_init(&bytes, ED_WIRE_READ_MAX_BYTES);
        status = ed_remote_read(remote, keep->job, name, from, want, &bytes, err);
        if (status == ED_OK && bytes.size == 0)
            status = ed_fail(err, ED_ERR_PARSE, remote->device,
                             "the device's journal names bytes of %s that it does not have", name);
        if (status == ED_OK)
            status = ed_path_write_all(file->fd, ed_buffer_text(&bytes), bytes.size, name, err);
        if (status == ED_OK)
            file->bytes += (int64_t)bytes.size;
        ed_buffer_release(&bytes);
    }
    if (status == ED_OK && fdatasync(file->fd) != 0)
        status = ed_fail_errno(err, ED_ERR_IO, name, "cannot be synced: %m");
    return status;
}

// What a line names in the job's file follows what the lines before it name without a gap, so a device cannot
// make this fetch more than its blocks may have. Of a line whose part was being fetched when the link broke,
// some is here.
static enum ed_status take_part(struct ed_keep *keep, const struct ed_remote *remote,
                                struct ed_keep_file *file, const char *name, const char *block,
                                int64_t offset, int64_t bytes, struct ed_error *err) {
    if (!bytes)
        return ED_OK;
    if (file->base + offset != file->named)
        return ed_fail(err, ED_ERR_PARSE, remote->device,
                       "what block '%.80s' has in %s does not follow what the blocks before it have", block,
                       name);
    return fetch_part(keep, remote, file, name, offset + bytes, err);
}

// Piece by piece, so that what a device calls its output never has to fit into memory.
static enum ed_status copy_output(struct ed_keep *keep, const struct ed_remote *remote, const char *there,
                                  int fd, const char *path, struct ed_error *err) {
    struct ed_buffer piece;
    int64_t total = 0;
    enum ed_status status = ED_OK;
    ed_buffer_init(&piece, ED_WIRE_READ_MAX_BYTES);
    do {
        ed_buffer_clear(&piece);
        status = ed_remote_read(remote, keep->job, there, total, ED_WIRE_READ_MAX_BYTES, &piece, err);
        total += (int64_t)piece.size;
        if (status == ED_OK && total > OUTPUT_MAX_BYTES)
            status = ed_fail(err, ED_ERR_LIMIT, remote->device, "%.80s is larger than %lld bytes", there,
                             (long long)OUTPUT_MAX_BYTES);
        if (status == ED_OK)
            status = ed_path_write_all(fd, ed_buffer_text(&piece), piece.size, path, err);
    } while (status == ED_OK && piece.size);
    ed_buffer_release(&piece);
    if (status == ED_OK && fsync(fd) != 0)
        status = ed_fail_errno(err, ED_ERR_IO, path, "cannot be synced to disk: %m");
    return status;
}

static enum ed_status fetch_output(struct ed_keep *keep, const struct ed_remote *remote, const char *name,
                                   struct ed_error *err) {
    char there[ED_WIRE_ID_MAX_BYTES + 16], part[ED_PATH_BYTES], path[ED_PATH_BYTES], directory[ED_PATH_BYTES];
    if (!ed_path_name_ok(name))
        return ed_fail(err, ED_ERR_PARSE, remote->device,
                       "the device names an output file '%.80s', which is no file name", name);
    snprintf(there, sizeof there, ED_JOB_OUTPUTS "/%s", name);
    // No device can name this one: names do not begin with a dot.
    enum ed_status status = ed_path_join(directory, keep->directory, ED_CAMPAIGN_OUTPUTS, err);
    if (status == ED_OK)
        status = ed_path_join(part, directory, ".part", err);
    if (status == ED_OK)
        status = ed_path_join(path, directory, name, err);
    if (status != ED_OK)
        return status;
    int fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd < 0)
        return ed_fail_errno(err, ED_ERR_IO, part, "cannot be made: %m");
    status = copy_output(keep, remote, there, fd, path, err);
    if (close(fd) != 0 && status == ED_OK)
        status = ed_fail_errno(err, ED_ERR_IO, path, "cannot be written: %m");
    if (status == ED_OK && rename(part, path) != 0)
        status = ed_fail_errno(err, ED_ERR_IO, path, "the finished file cannot be renamed to this: %m");
    if (status != ED_OK) {
        unlink(part);
        return status;
    }
    return ed_path_sync_directory(directory, err);
}

static enum ed_status fetch_outputs(struct ed_keep *keep, const struct ed_remote *remote,
                                    const struct ed_json_document *document, struct ed_error *err) {
    struct ed_json_at root = ed_json_root(document);
    struct ed_json_at evidence = ed_json_member(&root, "evidence");
    struct ed_json_at files = ed_json_member(&evidence, "output_files");
    enum ed_status status = ED_OK;
    for (size_t i = 0; status == ED_OK && i < ed_json_count(&files); i++) {
        struct ed_json_at at = ed_json_element(&files, i);
        const char *name = "";
        status = ed_json_as_text(&at, &name, err);
        if (status == ED_OK)
            status = fetch_output(keep, remote, name, err);
    }
    return status;
}

// One whole line from the device: everything that it names first, then the line itself.
static enum ed_status take_line(struct ed_keep *keep, const struct ed_remote *remote, const char *text,
                                size_t n, struct ed_error *err) {
    char name[128];
    struct ed_json_document document = {0};
    struct line line;
    snprintf(name, sizeof name, "journal of %.80s", remote->device);
    enum ed_status status = read_line(name, text, n, &line, &document, err);
    if (status == ED_OK && line.block[0] && (!find_block(keep, line.block) || ed_keep_has(keep, line.block)))
        status =
            ed_fail(err, ED_ERR_PARSE, name, "block '%.80s' was not asked for, or came twice", line.block);
    if (status == ED_OK && !strcmp(line.type, ATTACH_TYPE))
        status = ed_fail(err, ED_ERR_PARSE, name, "a device does not write lines of type %s", ATTACH_TYPE);
    if (status == ED_OK)
        status = take_part(keep, remote, &keep->samples, ED_JOB_SAMPLES, line.block, line.samples_offset,
                           line.samples_count * 8, err);
    if (status == ED_OK)
        status = take_part(keep, remote, &keep->timeline, ED_JOB_TIMELINE, line.block, line.timeline_offset,
                           line.timeline_records * ED_TIMELINE_RECORD_BYTES, err);
    if (status == ED_OK && line.block[0])
        status = fetch_outputs(keep, remote, &document, err);
    status = no_usage(status, err);
    ed_json_document_release(&document);
    if (status == ED_OK)
        status = append(keep, text, n + 1, err);
    if (status == ED_OK) {
        keep->job_journal_bytes += (int64_t)n + 1;
        if (line.samples_count)
            keep->samples.named = keep->samples.base + line.samples_offset + line.samples_count * 8;
        if (line.timeline_records)
            keep->timeline.named =
                keep->timeline.base + line.timeline_offset + line.timeline_records * ED_TIMELINE_RECORD_BYTES;
        if (line.block[0])
            remember(keep, line.block);
    }
    return status;
}

enum ed_status ed_keep_fetch(struct ed_keep *keep, const struct ed_remote *remote, int64_t there_bytes,
                             struct ed_error *err) {
    enum ed_status status = ED_OK;
    while (status == ED_OK && keep->job_journal_bytes < there_bytes) {
        struct ed_buffer bytes;
        const int64_t before = keep->job_journal_bytes;
        ed_buffer_init(&bytes, ED_WIRE_READ_MAX_BYTES);
        status =
            ed_remote_read(remote, keep->job, ED_JOB_JOURNAL, before, ED_WIRE_READ_MAX_BYTES, &bytes, err);
        const char *at = ed_buffer_text(&bytes), *end = at + bytes.size;
        for (const char *stop; status == ED_OK && at < end && (stop = memchr(at, '\n', (size_t)(end - at))) &&
                               stop - at < (ptrdiff_t)ED_WIRE_LINE_MAX_BYTES;
             at = stop + 1)
            status = take_line(keep, remote, at, (size_t)(stop - at), err);
        if (status == ED_OK && end - at > (ptrdiff_t)ED_WIRE_LINE_MAX_BYTES)
            status = ed_fail(err, ED_ERR_LIMIT, remote->device,
                             "the device sent a journal line of more than %u bytes", ED_WIRE_LINE_MAX_BYTES);
        ed_buffer_release(&bytes);
        // Half a line is being written: it comes with the next news.
        if (keep->job_journal_bytes == before)
            break;
    }
    return status;
}
