// SPDX-License-Identifier: Apache-2.0
// Requests by libcurl.
#include "backends/adapter_http.h"

#include <stdlib.h>
#include <time.h>

#include "backends/adapter_text.h"
#include "base/clock.h"

#define CONNECT_LIMIT_MS 10000L
#define ANSWER_MAX_BYTES (4u << 20)
#define KEY_PART_BYTES 8 // of the key: so much of its beginning is not shown either

enum ed_status ed_http_open(struct ed_http *http, struct ed_error *err) {
    memset(http, 0, sizeof *http);
    enum ed_status status = ed_curl_open(&http->curl, err);
    if (status == ED_OK && !(http->multi = http->curl.multi_init()))
        status = ed_fail(err, ED_ERR_NO_MEMORY, "libcurl", "no memory for requests");
    return status;
}

static bool is_loopback(const char *host, size_t n) {
    static const char *const names[] = {"localhost", "127.0.0.1", "[::1]"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strlen(names[i]) == n && !strncmp(host, names[i], n))
            return true;
    return false;
}

enum ed_status ed_http_server(struct ed_http *http, const char *url, struct ed_error *err) {
    const char *key = getenv(ED_HTTP_KEY_VARIABLE);
    const char *host = strstr(url, "://");
    char header[1200];
    void *list;
    if (!host || (size_t)snprintf(http->url, sizeof http->url, "%s", url) >= sizeof http->url)
        return ed_fail(err, ED_ERR_USAGE, NULL, "\"%.160s\" is no address of a server", url);
    host += 3;
    const size_t n = host[0] == '[' ? strcspn(host, "]/") + 1 : strcspn(host, ":/");
    http->curl.slist_free_all(http->headers);
    http->headers = http->curl.slist_append(NULL, "Content-Type: application/json");
    // Older ones ask first whether a long prompt may come, and wait for an answer.
    list = http->headers ? http->curl.slist_append(http->headers, "Expect:") : NULL;
    http->headers = list;
    http->key[0] = 0;
    http->here = is_loopback(host, n);
    if (!key || !key[0])
        return http->headers ? ED_OK : ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for a request");
    if (strncmp(url, "https://", 8) && !http->here)
        return ed_fail(err, ED_ERR_REFUSED, http->url,
                       "the key in " ED_HTTP_KEY_VARIABLE
                       " is not sent over plain HTTP to another machine; use "
                       "https://, or unset it");
    if (strlen(key) >= sizeof http->key || strpbrk(key, "\r\n"))
        return ed_fail(err, ED_ERR_USAGE, ED_HTTP_KEY_VARIABLE,
                       "is too long for a key, or has several lines");
    snprintf(http->key, sizeof http->key, "%s", key);
    snprintf(header, sizeof header, "Authorization: Bearer %s", http->key);
    list = http->headers ? http->curl.slist_append(http->headers, header) : NULL;
    memset(header, 0, sizeof header);
    if (!list)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for a request");
    http->headers = list;
    return ED_OK;
}

void ed_http_close(struct ed_http *http) {
    if (http->headers)
        http->curl.slist_free_all(http->headers);
    if (http->multi)
        http->curl.multi_cleanup(http->multi);
    ed_curl_close(&http->curl);
    memset(http, 0, sizeof *http);
}

static bool take_line(struct ed_http_call *call) {
    size_t n = call->line.size;
    const char *text = ed_buffer_text(&call->line);
    if (n && text[n - 1] == '\r')
        call->line.data[--n] = 0;
    const bool goes_on = call->status != 200 || call->on_line(call->context, text, n, &call->failure);
    ed_buffer_clear(&call->line);
    return goes_on;
}

// libcurl's write callback: less than all of it ends the request.
static size_t on_data(char *data, size_t size, size_t n, void *context) {
    struct ed_http_call *call = context;
    const size_t bytes = size * n;
    call->last_ns = ed_clock_monotonic_ns();
    call->http->heard++;
    if (!call->status)
        call->http->curl.easy_getinfo(call->easy, ED_CURLINFO_RESPONSE_CODE, &call->status);
    const size_t room = ED_HTTP_KEPT_MAX_BYTES - call->kept.size;
    ed_buffer_append(&call->kept, data, bytes < room ? bytes : room);
    for (size_t at = 0; at < bytes;) {
        const char *end = memchr(data + at, '\n', bytes - at);
        const size_t length = end ? (size_t)(end - data) - at : bytes - at;
        ed_buffer_append(&call->line, data + at, length);
        if (call->line.too_large || call->line.no_memory) {
            ed_fail(&call->failure, ED_ERR_LIMIT, call->what, "the server sent a line of more than %u bytes",
                    ED_HTTP_LINE_MAX_BYTES);
            return 0;
        }
        at += length + 1;
        if (end && !take_line(call))
            return 0;
    }
    return bytes;
}

enum ed_status ed_http_begin(struct ed_http *http, struct ed_http_call *call, const char *path,
                             const char *body, struct ed_error *err) {
    const struct ed_curl *curl = &http->curl;
    char url[512];
    snprintf(url, sizeof url, "%s%s", http->url, path);
    call->http = http;
    call->status = call->connects = 0;
    call->result = -1;
    call->done = false;
    call->words[0] = 0;
    memset(&call->failure, 0, sizeof call->failure);
    snprintf(call->what, sizeof call->what, "%s %.50s", body ? "POST" : "GET", path);
    ed_buffer_init(&call->body, ED_HTTP_LINE_MAX_BYTES * 8);
    ed_buffer_init(&call->line, ED_HTTP_LINE_MAX_BYTES);
    ed_buffer_init(&call->kept, ED_HTTP_KEPT_MAX_BYTES + 1);
    if (body)
        ed_buffer_text_append(&call->body, body);
    call->easy = curl->easy_init();
    enum ed_status status = ed_buffer_status(&call->body, "a request", err);
    if (status == ED_OK && !call->easy)
        status = ed_fail(err, ED_ERR_NO_MEMORY, call->what, "no memory for a request");
    if (status != ED_OK) {
        ed_http_end(call);
        return status;
    }
    curl->easy_setopt(call->easy, ED_CURLOPT_URL, url);
    curl->easy_setopt(call->easy, ED_CURLOPT_NOSIGNAL, 1L);
    curl->easy_setopt(call->easy, ED_CURLOPT_TCP_NODELAY, 1L);
    curl->easy_setopt(call->easy, ED_CURLOPT_CONNECTTIMEOUT_MS, CONNECT_LIMIT_MS);
    curl->easy_setopt(call->easy, ED_CURLOPT_USERAGENT, "edgedyno");
    curl->easy_setopt(call->easy, ED_CURLOPT_ERRORBUFFER, call->words);
    curl->easy_setopt(call->easy, ED_CURLOPT_HTTPHEADER, http->headers);
    curl->easy_setopt(call->easy, ED_CURLOPT_WRITEFUNCTION, on_data);
    curl->easy_setopt(call->easy, ED_CURLOPT_WRITEDATA, call);
    curl->easy_setopt(call->easy, ED_CURLOPT_PRIVATE, call);
    // A proxy would see the key, and be measured.
    if (http->here)
        curl->easy_setopt(call->easy, ED_CURLOPT_PROXY, "");
    if (body) {
        curl->easy_setopt(call->easy, ED_CURLOPT_POSTFIELDSIZE_LARGE, (int64_t)call->body.size);
        curl->easy_setopt(call->easy, ED_CURLOPT_POSTFIELDS, ed_buffer_text(&call->body));
    }
    call->last_ns = ed_clock_monotonic_ns();
    if (curl->multi_add_handle(http->multi, call->easy) != 0) {
        curl->easy_cleanup(call->easy);
        call->easy = NULL;
        ed_http_end(call);
        return ed_fail(err, ED_ERR_INTERNAL, call->what, "libcurl takes no further request");
    }
    return ED_OK;
}

static void finish(const struct ed_curl *curl, const struct ed_curl_message *message) {
    struct ed_http_call *call = NULL;
    curl->easy_getinfo(message->easy, ED_CURLINFO_PRIVATE, &call);
    if (!call)
        return;
    curl->easy_getinfo(call->easy, ED_CURLINFO_RESPONSE_CODE, &call->status);
    curl->easy_getinfo(call->easy, ED_CURLINFO_NUM_CONNECTS, &call->connects);
    call->result = message->data.result;
    call->done = true;
    // A last line without its end.
    if (call->result == ED_CURLE_OK && call->line.size)
        take_line(call);
}

// libcurl's code.
static int work(struct ed_http *http) {
    const struct ed_curl *curl = &http->curl;
    struct ed_curl_message *message;
    int running = 0, left = 0;
    http->looks++;
    const int code = curl->multi_perform(http->multi, &running);
    while (!code && (message = curl->multi_info_read(http->multi, &left)))
        if (message->kind == ED_CURLMSG_DONE) {
            http->heard++;
            finish(curl, message);
        }
    return code;
}

static enum ed_status failed(const struct ed_http *http, int code, struct ed_error *err) {
    return ed_fail(err, ED_ERR_INTERNAL, http->url, "libcurl's loop failed with %d", code);
}

enum ed_status ed_http_turn(struct ed_http *http, int64_t until_ns, struct ed_error *err) {
    const struct ed_curl *curl = &http->curl;
    const int64_t before = ed_clock_monotonic_ns(), rest = until_ns - before;
    const struct timespec pause = {0, 500000};
    const uint64_t heard = http->heard;
    int happened = 0;
    // First what is to be done without waiting: requests that were only begun, answers that are here.
    int code = work(http);
    if (code || http->heard != heard)
        return code ? failed(http, code, err) : ED_OK;
    if (rest > 0)
        code = curl->multi_wait(http->multi, NULL, 0, (int)(rest < 1000000000 ? rest / 1000000 : 1000),
                                &happened);
    // While it looks a name up it has nothing to wait for, and comes back at once.
    if (!code && !happened && rest > 2000000 && ed_clock_monotonic_ns() - before < 1000000)
        nanosleep(&pause, NULL);
    if (!code)
        code = work(http);
    return code ? failed(http, code, err) : ED_OK;
}

// Out of `text` goes every occurrence of the key, and of its beginning where the rest was cut off.
static void hide_key(const struct ed_http *http, char *text) {
    const size_t n = strlen(http->key), least = n < KEY_PART_BYTES ? n : KEY_PART_BYTES;
    char part[KEY_PART_BYTES + 1];
    snprintf(part, sizeof part, "%.*s", (int)least, http->key);
    for (char *at = text; n && (at = strstr(at, part));) {
        size_t same = least;
        while (http->key[same] && at[same] == http->key[same])
            same++;
        const size_t shown = same < 3 ? same : 3;
        memcpy(at, "***", shown);
        memmove(at + shown, at + same, strlen(at + same) + 1);
        at += shown;
    }
}

void ed_http_words(const struct ed_http *http, const char *text, char *out, size_t bytes) {
    char *copy = strdup(text);
    if (copy)
        hide_key(http, copy);
    ed_adapter_text(out, bytes, copy ? copy : "");
    free(copy);
}

const char *ed_http_error(const cJSON *answer) {
    const cJSON *error = cJSON_GetObjectItemCaseSensitive(answer, "error");
    const cJSON *message = cJSON_GetObjectItemCaseSensitive(error, "message");
    return cJSON_IsString(message) ? message->valuestring : cJSON_GetStringValue(error);
}

// What an error's body says: its error, {"message": TEXT}, or its own text.
static void body_words(const struct ed_http_call *call, char *out, size_t bytes) {
    struct ed_json_document document = {0};
    const char *text = ed_buffer_text(&call->kept), *told = NULL;
    if (ed_json_parse(&document, "an answer", text, call->kept.size, NULL) == ED_OK) {
        told = ed_http_error(document.root);
        if (!told)
            told = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(document.root, "message"));
    }
    ed_http_words(call->http, told ? told : text, out, bytes);
    ed_json_document_release(&document);
}

static enum ed_status refuse(const struct ed_http_call *call, struct ed_error *err) {
    char words[400];
    body_words(call, words, sizeof words);
    const char *between = words[0] ? ": " : "";
    switch (call->status) {
    case 401:
    case 403:
        return ed_fail(err, ED_ERR_KEY_REFUSED, call->what,
                       "the server %s (%ld)%s%s; its key is the environment variable " ED_HTTP_KEY_VARIABLE
                       " where the worker runs",
                       call->http->key[0] ? "refuses the key" : "wants a key", call->status, between, words);
    case 404:
        return ed_fail(
            err, ED_ERR_NOT_FOUND, call->what,
            "the server knows no such path or model (404)%s%s; is the address right, to its /v1, and the "
            "model's name?",
            between, words);
    case 429:
        return ed_fail(err, ED_ERR_BUSY, call->what,
                       "too many requests for the server (429)%s%s; ask more slowly (--rate), or for less",
                       between, words);
    default:
        return ed_fail(err, ED_ERR_REFUSED, call->what, "the server answered with status %ld%s%s",
                       call->status, between, words);
    }
}

enum ed_status ed_http_verdict(const struct ed_http_call *call, struct ed_error *err) {
    if (call->failure.code) {
        if (err)
            *err = call->failure;
        return call->failure.code;
    }
    if (call->result == ED_CURLE_PARTIAL_FILE)
        return ed_fail(err, ED_ERR_LINK_LOST, call->what,
                       "the server closed the connection in the middle of its "
                       "answer");
    if (call->result != ED_CURLE_OK)
        return ed_fail(err, ED_ERR_UNREACHABLE, call->what, "%s: %s", call->http->url,
                       call->words[0] ? call->words : call->http->curl.easy_strerror(call->result));
    return call->status == 200 ? ED_OK : refuse(call, err);
}

void ed_http_end(struct ed_http_call *call) {
    if (!call->http)
        return;
    if (call->easy) {
        call->http->curl.multi_remove_handle(call->http->multi, call->easy);
        call->http->curl.easy_cleanup(call->easy);
    }
    call->easy = NULL;
    ed_buffer_release(&call->body);
    ed_buffer_release(&call->line);
    ed_buffer_release(&call->kept);
    call->http = NULL;
}

static bool collect(void *context, const char *line, size_t bytes, struct ed_error *failure) {
    struct ed_buffer *answer = context;
    (void)failure;
    ed_buffer_append(answer, line, bytes);
    ed_buffer_append(answer, "\n", 1);
    return true;
}

enum ed_status ed_http_ask(struct ed_http *http, const char *path, const char *body, int64_t limit_ns,
                           struct ed_buffer *answer, struct ed_error *err) {
    struct ed_http_call call = {.on_line = collect, .context = answer};
    const int64_t deadline_ns = ed_clock_monotonic_ns() + limit_ns;
    ed_buffer_init(answer, ANSWER_MAX_BYTES);
    enum ed_status status = ed_http_begin(http, &call, path, body, err);
    while (status == ED_OK && !call.done) {
        status = ed_http_turn(http, deadline_ns, err);
        if (status == ED_OK && !call.done && ed_clock_monotonic_ns() >= deadline_ns)
            status = ed_fail(err, ED_ERR_TIMEOUT, call.what, "the server did not answer within %.3g s",
                             (double)limit_ns / 1e9);
    }
    if (status == ED_OK)
        status = ed_http_verdict(&call, err);
    if (status == ED_OK)
        status = ed_buffer_status(answer, "the server's answer", err);
    ed_http_end(&call);
    return status;
}
