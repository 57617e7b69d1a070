// SPDX-License-Identifier: Apache-2.0
// Fuzz target: what comes over the wire, both ways. The first byte chooses who reads the rest:
//   j  the runner, a job
//   b  the controller, a journal that lies in a campaign's directory: its records
//   k  the controller, the same when it goes on with the campaign
//   f  the controller, a journal as a device sends it: what it keeps must be readable afterwards
//   r  the controller, a reply to each short command
// What is accepted must keep the promises of the headers.
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "devices/remote.h"
#include "harness/blocks.h"
#include "harness/campaign.h"
#include "harness/keep.h"
#include "runners/job.h"

#define SAMPLES 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char home[64];

static void check(bool holds) {
    if (!holds)
        abort();
}

// Only what this program made, by name: one folder deep.
static void empty_folder(const char *path) {
    DIR *folder = opendir(path);
    for (const struct dirent *entry; folder && (entry = readdir(folder));)
        unlinkat(dirfd(folder), entry->d_name, 0);
    if (folder)
        closedir(folder);
}

static void go_home(void) {
    char path[128];
    snprintf(path, sizeof path, "%s/outputs", home);
    empty_folder(path);
    rmdir(path);
    empty_folder(home);
    rmdir(home);
}

static void write_file(const char *name, const void *bytes, size_t n) {
    char path[128];
    snprintf(path, sizeof path, "%s/%s", home, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    check(fd >= 0 && ed_path_write_all(fd, bytes, n, path, NULL) == ED_OK && close(fd) == 0);
}

// One device with two cases; samples.bin has SAMPLES of them.
static void campaign_begin(struct ed_campaign *campaign, struct ed_campaign_device *device,
                           struct ed_campaign_case cases[2], bool with_samples) {
    int64_t samples[SAMPLES];
    char path[128];
    if (!home[0]) {
        const char *folder = getenv("TMPDIR");
        snprintf(home, sizeof home, "%.40s/edgedyno-fuzz-XXXXXX", folder && folder[0] ? folder : "/tmp");
        check(mkdtemp(home) != NULL);
        atexit(go_home);
    }
    snprintf(path, sizeof path, "%s/outputs", home);
    mkdir(path, 0700);
    empty_folder(path);
    for (size_t i = 0; i < SAMPLES; i++)
        samples[i] = 1000 + (int64_t)i;
    write_file(ED_CAMPAIGN_SAMPLES, samples, with_samples ? sizeof samples : 0);
    // What may come: a device's blocks are taken by this list alone.
    static const char job[] = "{\"blocks\":[{\"id\":\"c0.timing.1\"},{\"id\":\"c0.cold.1\"},{\"id\":\"b\"},"
                              "{\"id\":\"c1.timing.1\"}]}";
    write_file(ED_CAMPAIGN_JOB, job, sizeof job - 1);
    memset(campaign, 0, sizeof *campaign);
    memset(device, 0, sizeof *device);
    memset(cases, 0, 2 * sizeof *cases);
    for (size_t i = 0; i < 2; i++) {
        snprintf(cases[i].id, sizeof cases[i].id, "c%zu", i);
        snprintf(cases[i].processor, sizeof cases[i].processor, "cpu");
        snprintf(cases[i].backend, sizeof cases[i].backend, "cpu");
        cases[i].timing = i;
        cases[i].reference = 0;
        cases[i].task = -1;
    }
    snprintf(device->id, sizeof device->id, "local");
    snprintf(device->directory, sizeof device->directory, "%s", home);
    device->cases = cases;
    device->n_cases = 2;
    device->n_blocks = 4;
    campaign->devices = device;
    campaign->n_devices = 1;
}

static void read_job(const char *text, size_t size) {
    struct ed_job job = {0}, again = {0};
    struct ed_error err = {0};
    struct ed_buffer out;
    if (ed_job_parse(&job, "input", text, size, &err) != ED_OK) {
        check(job.n_blocks == 0 && job.blocks == NULL && err.message[0] != '\0');
        return;
    }
    check(ed_path_name_ok(job.id) && ed_path_name_ok(job.campaign) && job.n_blocks > 0 &&
          job.n_blocks <= ED_WIRE_BLOCKS_MAX && job.n_cases > 0 && job.n_cases <= ED_WIRE_CASES_MAX);
    for (size_t i = 0; i < job.n_cases; i++) {
        const struct ed_job_case *c = &job.cases[i];
        check(c->engine < job.n_engines && c->model < (int64_t)job.n_models &&
              c->data < (int64_t)job.n_data && ed_path_name_ok(c->id) && c->threads >= 0);
        for (size_t k = 0; k < c->n_inputs; k++)
            check(c->inputs[k].file.path[0] == '/' && ed_digest_ok(c->inputs[k].file.sha256));
    }
    for (size_t i = 0; i < job.n_blocks; i++)
        check(job.blocks[i].case_index < job.n_cases && ed_path_name_ok(job.blocks[i].id) &&
              job.blocks[i].pass < ED_PASS_KIND_COUNT && job.blocks[i].inferences <= ED_WIRE_SAMPLES_MAX &&
              job.blocks[i].max_samples <= ED_WIRE_SAMPLES_MAX && job.blocks[i].timeout_ns > 0);
    // What a worker is given of it is a job again, of one block.
    ed_buffer_init(&out, ED_WIRE_JOB_MAX_BYTES);
    check(ed_job_write_block(&job, job.n_blocks - 1, &out, &err) == ED_OK);
    check(ed_job_parse(&again, "block", ed_buffer_text(&out), out.size, &err) == ED_OK);
    check(again.n_blocks == 1 && again.n_cases == 1 && again.n_engines == 1 &&
          again.blocks[0].timeout_ns == job.blocks[job.n_blocks - 1].timeout_ns &&
          again.blocks[0].pass == job.blocks[job.n_blocks - 1].pass);
    ed_buffer_release(&out);
    ed_job_release(&again);
    ed_job_release(&job);
}

static void read_records(const struct ed_campaign *campaign) {
    struct ed_records records;
    struct ed_blocks blocks;
    struct ed_buffer warnings;
    struct ed_error err = {0};
    ed_buffer_init(&warnings, 1u << 20);
    check(ed_blocks_load(&blocks, campaign->devices, &warnings, &err) == ED_OK);
    for (size_t i = 0; i < blocks.n; i++) {
        const struct ed_block *block = &blocks.items[i];
        int64_t sum = 0;
        check(block->case_index < 2 && block->outcome < ED_OUTCOME_COUNT && block->batch >= 1);
        for (size_t k = 0; k < block->n_samples; k++)
            sum |= block->samples[k];
        check(block->n_samples == 0 || sum > 0);
        for (size_t k = 0; k < i; k++)
            check(strcmp(block->id, blocks.items[k].id) != 0);
    }
    ed_blocks_release(&blocks);
    check(ed_campaign_records(campaign, &records, &warnings, &err) == ED_OK && records.n == 2);
    for (size_t i = 0; i < records.n; i++)
        check(!records.items[i].has[ED_FIELD_latency_p50_ns] || records.items[i].latency_p50_ns > 0);
    ed_records_exit_code(&records);
    ed_records_release(&records);
    ed_buffer_release(&warnings);
}

static void go_on(const struct ed_campaign *campaign) {
    struct ed_keep keep;
    struct ed_error err = {0};
    struct stat samples;
    char path[128];
    if (ed_keep_open(&keep, campaign->devices, &err) != ED_OK) {
        check(err.message[0] != '\0');
        return;
    }
    snprintf(path, sizeof path, "%s/" ED_CAMPAIGN_SAMPLES, home);
    check(stat(path, &samples) == 0 && samples.st_size == keep.samples.bytes &&
          keep.samples.bytes <= 8 * SAMPLES);
    check(!keep.job[0] || ed_path_name_ok(keep.job) || keep.n_jobs > 0);
    ed_keep_close(&keep);
}

// A device whose answer to everything is the input.
struct device {
    const char *text;
    size_t size;
};

static const char *word_after(const char *const *argv, const char *flag) {
    for (; argv[0] && argv[1]; argv++)
        if (!strcmp(argv[0], flag))
            return argv[1];
    return "";
}

static enum ed_status answer(void *state, const struct ed_spawn_args *args, struct ed_spawn_result *out,
                             struct ed_error *err) {
    const struct device *device = state;
    const char *file = word_after(args->argv, "--file");
    size_t from = strtoull(word_after(args->argv, "--from"), NULL, 10);
    size_t most = args->out_limit_bytes;
    ed_spawn_result_init(out);
    if (file[0])
        most = strtoull(word_after(args->argv, "--max"), NULL, 10);
    // The journal and every reply are the input; samples and outputs are 64 samples long.
    const bool is_input = !file[0] || !strcmp(file, ED_JOB_JOURNAL);
    const size_t size = is_input ? device->size : 8 * SAMPLES;
    const size_t n = from < size ? (size - from < most ? size - from : most) : 0;
    if (!file[0] && device->size > args->out_limit_bytes)
        return ed_fail(err, ED_ERR_LIMIT, "device", "too much");
    out->out = calloc(1, n + 1);
    out->err_out = calloc(1, 1);
    check(out->out && out->err_out);
    if (is_input && n)
        memcpy(out->out, device->text + from, n);
    else
        memset(out->out, 1, n);
    out->out_bytes = n;
    out->exit_code = 0;
    return ED_OK;
}

static const struct ed_transport transport = {.name = "fuzz", .spawn = answer};

static void remote_begin(struct ed_remote *remote, struct device *device, const char *text, size_t size) {
    memset(remote, 0, sizeof *remote);
    *device = (struct device){text, size};
    remote->transport = &transport;
    remote->state = device;
    snprintf(remote->device, sizeof remote->device, "fuzz");
    snprintf(remote->runner, sizeof remote->runner, "/runner");
    snprintf(remote->work_dir, sizeof remote->work_dir, "/work");
}

static void fetch(const struct ed_campaign *campaign, const char *text, size_t size) {
    struct ed_remote remote;
    struct device device;
    struct ed_keep keep;
    struct ed_error err = {0};
    write_file(ED_CAMPAIGN_JOURNAL, "", 0);
    check(ed_keep_open(&keep, campaign->devices, &err) == ED_OK &&
          ed_keep_attach(&keep, "job", &err) == ED_OK);
    remote_begin(&remote, &device, text, size);
    if (ed_keep_fetch(&keep, &remote, (int64_t)size, &err) != ED_OK)
        check(err.message[0] != '\0' && err.code != ED_ERR_USAGE);
    const size_t n_done = keep.n_done;
    ed_keep_close(&keep);
    // Whatever was kept can be taken up again, and is the same.
    check(ed_keep_open(&keep, campaign->devices, &err) == ED_OK && keep.n_done == n_done);
    ed_keep_close(&keep);
    read_records(campaign);
}

static void reply(const char *text, size_t size) {
    static const struct ed_remote_survey_args survey_args = {
        .adapter = "/a", .engine_dir = "", .library = ""};
    struct ed_remote remote;
    struct device device;
    struct ed_remote_status status;
    struct ed_json_document document = {0};
    struct ed_survey *survey = calloc(1, sizeof *survey);
    struct ed_error err = {0};
    char job[ED_WIRE_ID_MAX_BYTES + 1];
    check(survey != NULL);
    remote_begin(&remote, &device, text, size);
    ed_remote_check(&remote, &err);
    if (ed_remote_hardware(&remote, &document, &err) == ED_OK)
        ed_json_document_release(&document);
    if (ed_remote_survey(&remote, &survey_args, survey, &err) == ED_OK)
        check(survey->n_rows <= ED_SURVEY_MAX);
    if (ed_remote_status(&remote, "job", &status, &err) == ED_OK)
        check(status.journal_bytes >= 0 && status.left_ns >= 0 && status.next_news_ns >= 0 &&
              memchr(status.message, 0, sizeof status.message) &&
              memchr(status.block, 0, sizeof status.block));
    else
        check(err.message[0] != '\0');
    if (ed_remote_running(&remote, job, &err) == ED_OK)
        check(memchr(job, 0, sizeof job) != NULL);
    ed_remote_start(&remote, "{}", 2, &err);
    ed_remote_stop(&remote, "job", "", &err);
    ed_remote_forget(&remote, "job", &err);
    free(survey);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const char *text = (const char *)data + 1;
    struct ed_campaign campaign;
    struct ed_campaign_device device;
    struct ed_campaign_case cases[2];
    if (size == 0 || size > 1u << 20)
        return 0;
    switch (data[0]) {
    case 'j':
        read_job(text, size - 1);
        break;
    case 'b':
    case 'k':
        campaign_begin(&campaign, &device, cases, true);
        write_file(ED_CAMPAIGN_JOURNAL, text, size - 1);
        if (data[0] == 'b')
            read_records(&campaign);
        else
            go_on(&campaign);
        break;
    case 'f':
        campaign_begin(&campaign, &device, cases, false);
        fetch(&campaign, text, size - 1);
        break;
    case 'r':
        reply(text, size - 1);
        break;
    default:
        break;
    }
    return 0;
}
