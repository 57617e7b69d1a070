// SPDX-License-Identifier: Apache-2.0
// What the processor's counters counted for one inference. The probe reads them every so often: between the
// first and the last reading in the timed window the counts rise as they do in all of it, so a block's figure
// is that rate, times the window, by its inferences. The case's is the median over its blocks.
#include <stdlib.h>
#include <string.h>

#include "base/stats/reals.h"
#include "harness/summary.h"
#include "harness/timeline.h"
#include "harness/validity.h"

#define KEY "counters_per_inference"
#define PREFIX "papi."
#define SPAN_LEAST_NS 100000000 // between the first and the last reading

static bool is_counter(const struct ed_timeline_channel *channel) {
    return !strncmp(channel->id, PREFIX, sizeof PREFIX - 1);
}

// The event as it was asked for: the channels come in that order.
static const char *event_name(const struct ed_campaign *campaign, const struct ed_timeline_channels *channels,
                              size_t channel) {
    size_t place = 0, all = 0;
    for (size_t c = 0; c < channels->n; c++) {
        place += is_counter(&channels->items[c]) && c < channel;
        all += is_counter(&channels->items[c]);
    }
    return campaign->n_papi && all == campaign->n_papi ? campaign->papi[place]
                                                       : channels->items[channel].id + sizeof PREFIX - 1;
}

// Of one block; negative where it has too few readings.
static double count_of(const struct ed_blocks *blocks, size_t b, size_t channel) {
    const struct ed_block *block = &blocks->items[b];
    const struct ed_timeline_record *first = NULL, *last = NULL;
    struct ed_timeline_times times;
    ed_timeline_times(blocks, b, &times);
    for (size_t i = 0; i < block->n_readings; i++) {
        const struct ed_timeline_record *record = &block->readings[i];
        if (record->channel != channel || record->value < 0 || record->monotonic_ns < times.timed.begin_ns ||
            record->monotonic_ns > times.timed.end_ns)
            continue;
        first = first ? first : record;
        last = record;
    }
    if (!first || last->monotonic_ns - first->monotonic_ns < SPAN_LEAST_NS || last->value < first->value ||
        !block->n_samples)
        return -1;
    const double rate =
        (double)(last->value - first->value) / (double)(last->monotonic_ns - first->monotonic_ns);
    return rate * (double)(times.timed.end_ns - times.timed.begin_ns) /
           ((double)block->n_samples * (double)block->batch);
}

// The channels of all jobs of a device.
struct jobs {
    struct ed_timeline_channels *channels;
    size_t n;
};

static void jobs_release(struct jobs *jobs) {
    for (size_t j = 0; j < jobs->n; j++)
        ed_timeline_channels_release(&jobs->channels[j]);
    free(jobs->channels);
}

static enum ed_status jobs_load(struct jobs *jobs, const struct ed_blocks *blocks, struct ed_error *err) {
    enum ed_status status = ED_OK;
    jobs->channels = calloc(blocks->n_jobs + 1, sizeof *jobs->channels);
    if (!jobs->channels)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the counters of a case");
    for (size_t j = 0; status == ED_OK && j < blocks->n_jobs; j++) {
        status = ed_timeline_channels_load(&jobs->channels[j], blocks, j, err);
        jobs->n = j + (status == ED_OK);
    }
    return status;
}

// Median over the blocks of the case, whichever job they ran in.
static bool median_of(const struct ed_blocks *blocks, size_t case_index, const struct jobs *jobs,
                      const char *id, double *values, double *median) {
    size_t n = 0;
    for (size_t b = 0; b < blocks->n; b++) {
        const size_t job = blocks->items[b].job;
        if (!ed_block_counts(&blocks->items[b], case_index, ED_VALIDITY_VOID_COUNTERS) || job >= jobs->n)
            continue;
        const size_t channel = ed_timeline_channel_find(&jobs->channels[job], id);
        if (channel != SIZE_MAX && (values[n] = count_of(blocks, b, channel)) >= 0)
            n++;
    }
    if (!n)
        return false;
    *median = ed_reals_median(values, n);
    return true;
}

// One reason for all events that share it.
static void tell_missing(struct ed_result *result, const struct ed_campaign *campaign,
                         const struct ed_timeline_channels *channels) {
    for (size_t c = 0; c < channels->n; c++) {
        const struct ed_timeline_channel *channel = &channels->items[c];
        char names[120] = "";
        bool told = false;
        if (!is_counter(channel) || channel->available)
            continue;
        for (size_t i = 0; i < c && !told; i++)
            told = is_counter(&channels->items[i]) && !channels->items[i].available &&
                   !strcmp(channels->items[i].reason, channel->reason);
        if (told)
            continue;
        for (size_t i = c; i < channels->n && strlen(names) + 1 < sizeof names; i++) {
            const struct ed_timeline_channel *other = &channels->items[i];
            const size_t used = strlen(names);
            if (!is_counter(other) || other->available || strcmp(other->reason, channel->reason) != 0)
                continue;
            snprintf(names + used, sizeof names - used, "%s%s", used ? ", " : "",
                     event_name(campaign, channels, i));
        }
        ed_result_reason(result, KEY, campaign->n_papi ? "unavailable" : ED_REASON_NOT_MEASURED, "%s: %.120s",
                         names, channel->reason);
    }
}

static void add_count(struct ed_result *result, char *text, const char *event, double count) {
    char word[96];
    const size_t used = strlen(text);
    snprintf(word, sizeof word, count < 1000 ? "%s=%.4g" : "%s=%.0f", event, count);
    if (used + strlen(word) + 1 < ED_RESULT_TEXT_BYTES)
        snprintf(text + used, ED_RESULT_TEXT_BYTES - used, "%s%s", used ? " " : "", word);
    else
        ed_result_reason(result, KEY, "continued", "%s", word);
}

// The last job that has blocks of the case names its events: a resume counts the same.
static size_t job_of(const struct ed_blocks *blocks, size_t case_index) {
    size_t job = SIZE_MAX;
    for (size_t b = 0; b < blocks->n; b++)
        if (blocks->items[b].case_index == case_index && !strcmp(blocks->items[b].pass, ED_PASS_TIMING) &&
            blocks->items[b].outcome == ED_OUTCOME_OK && blocks->items[b].job != SIZE_MAX)
            job = blocks->items[b].job;
    return job;
}

void ed_summary_counters(struct ed_result *result, const struct ed_campaign *campaign,
                         const struct ed_blocks *blocks, size_t case_index, struct ed_error *err) {
    struct jobs jobs = {0};
    char text[ED_RESULT_TEXT_BYTES] = "";
    const size_t job = job_of(blocks, case_index);
    size_t seen = 0;
    double *values = NULL, median;
    if (job == SIZE_MAX)
        return;
    if (jobs_load(&jobs, blocks, err) != ED_OK || job >= jobs.n)
        goto out;
    values = calloc(blocks->n + 1, sizeof *values);
    if (!values) {
        ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the counters of a case");
        goto out;
    }
    for (size_t c = 0; c < jobs.channels[job].n; c++) {
        const struct ed_timeline_channel *channel = &jobs.channels[job].items[c];
        seen += is_counter(channel);
        if (!is_counter(channel) || !channel->available)
            continue;
        const char *event = event_name(campaign, &jobs.channels[job], c);
        if (median_of(blocks, case_index, &jobs, channel->id, values, &median))
            add_count(result, text, event, median);
        else
            ed_result_reason(
                result, KEY, "too_few_readings",
                "%s: no block has two readings of it in its timed window, a tenth of a second apart", event);
    }
    tell_missing(result, campaign, &jobs.channels[job]);
    if (campaign->n_papi && !seen)
        ed_result_reason(result, KEY, "unavailable",
                         "the runner on the device does not count events by name");
    ED_RESULT_SET_TEXT(result, counters_per_inference, text);
out:
    free(values);
    jobs_release(&jobs);
}
