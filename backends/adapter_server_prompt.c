// SPDX-License-Identifier: Apache-2.0
// Prompts. A server takes text, and how many tokens that is only it knows: common words of four letters,
// drawn anew for each request so that it finds none of them in a cache, and as many as its own counts ask
// for.
#include <stdlib.h>

#include "backends/adapter_server.h"

#define PROBES_MAX 8
#define NEAR_SHARE 0.05 // of a prompt's tokens, or
#define NEAR_TOKENS 4   // so many, that it may be off

void srv_prompt(struct srv *srv, size_t words, struct ed_buffer *out) {
    static const char all[][5] = {"time", "have", "that", "with", "this", "from", "they", "will",
                                  "what", "when", "make", "like", "just", "know", "take", "year",
                                  "good", "some", "them", "then", "look", "only", "come", "over",
                                  "also", "back", "work", "well", "even", "want", "give", "most"};
    for (size_t i = 0; i < words; i++) {
        if (i)
            ed_buffer_append(out, " ", 1);
        ed_buffer_append(out, all[ed_random_below(&srv->random, sizeof all / sizeof *all)], 4);
    }
}

static enum ed_status probe(struct srv *srv, size_t words, int64_t *tokens, struct ed_error *err) {
    struct srv_request *request = NULL;
    enum ed_status status = srv_begin(srv, words, 1, 0, &request, err);
    if (status != ED_OK)
        return status;
    status = srv_wait(srv, request, 0, err);
    if (status == ED_OK)
        status = srv_settle(srv, request, err);
    if (status == ED_OK && request->prompt < 0)
        status = ed_fail(
            err, ED_ERR_UNSUPPORTED, srv->http.url,
            "the server does not tell how many tokens a prompt has (\"usage\" in its stream), so that none "
            "of a given length can be made; leave the prompt out (-p 0)");
    *tokens = request->prompt;
    srv_drop(srv, request);
    return status;
}

enum ed_status srv_calibrate(struct srv *srv, struct ed_error *err) {
    const int64_t wanted = srv->workload.prompt_tokens;
    int64_t best = -1, before_tokens = 0, tokens = 0;
    // From few words up, since too many are refused: some vocabularies have several tokens for each.
    size_t words = (size_t)wanted / 8 + 1, before_words = 0;
    enum ed_status status = ED_OK;
    srv->words = srv->base_words;
    for (size_t i = 0; wanted && i < PROBES_MAX && best != wanted; i++) {
        status = probe(srv, words, &tokens, err);
        if (status != ED_OK)
            return status;
        if (best < 0 || llabs(tokens - wanted) < llabs(best - wanted)) {
            best = tokens;
            srv->words = words;
        }
        // By the line through the last two where that can be one: words differ, and so does the count of a
        // prompt.
        const double ratio = (double)(tokens > 0 ? tokens : 1) / (double)words;
        double slope = words != before_words
                           ? (double)(tokens - before_tokens) / ((double)words - (double)before_words)
                           : ratio;
        slope = before_tokens && slope > ratio / 2 && slope < ratio * 2 ? slope : ratio;
        const double next = (double)words + (double)(wanted - tokens) / slope;
        before_words = words, before_tokens = tokens;
        words = next < 1 ? 1 : next > (double)(4 * wanted) ? (size_t)(4 * wanted) : (size_t)(next + 0.5);
        if (words == before_words)
            break;
    }
    const double off = wanted ? (double)llabs(best - wanted) : 0;
    if (off > NEAR_TOKENS && off > NEAR_SHARE * (double)wanted)
        return ed_fail(
            err, ED_ERR_UNSUPPORTED, srv->http.url,
            "a prompt of %lld tokens cannot be made: the nearest is %lld by the server's count, with what it "
            "puts around a prompt",
            (long long)wanted, (long long)best);
    memset(&srv->counts, 0, sizeof srv->counts);
    srv->told.n = 0;
    return ED_OK;
}
