// SPDX-License-Identifier: Apache-2.0
// What is used of libcurl's interface (curl/curl.h, curl/multi.h; its numbers and functions never change),
// declared here so that adapters compile without it, and the library opened at run time.
#ifndef EDGEDYNO_BACKENDS_ADAPTER_CURL_H
#define EDGEDYNO_BACKENDS_ADAPTER_CURL_H

#include "edgedyno/error.h"

enum {
    ED_CURLOPT_WRITEDATA = 10001,
    ED_CURLOPT_URL = 10002,
    ED_CURLOPT_PROXY = 10004,
    ED_CURLOPT_ERRORBUFFER = 10010,
    ED_CURLOPT_POSTFIELDS = 10015,
    ED_CURLOPT_USERAGENT = 10018,
    ED_CURLOPT_HTTPHEADER = 10023,
    ED_CURLOPT_PRIVATE = 10103,
    ED_CURLOPT_NOSIGNAL = 99,
    ED_CURLOPT_TCP_NODELAY = 121,
    ED_CURLOPT_CONNECTTIMEOUT_MS = 156,
    ED_CURLOPT_WRITEFUNCTION = 20011,
    ED_CURLOPT_POSTFIELDSIZE_LARGE = 30120
};
enum {
    ED_CURLINFO_RESPONSE_CODE = 0x200002,
    ED_CURLINFO_NUM_CONNECTS = 0x20001a,
    ED_CURLINFO_PRIVATE = 0x100015,
    ED_CURLMSG_DONE = 1,
    ED_CURLE_OK = 0,
    ED_CURLE_PARTIAL_FILE = 18,
    ED_CURL_GLOBAL_ALL = 3
};

struct ed_curl_message {
    int kind;
    void *easy;
    union {
        void *whatever;
        int result;
    } data;
};

struct ed_curl {
    void *library;
    int (*global_init)(long flags);
    char *(*version)(void);
    void *(*easy_init)(void);
    int (*easy_setopt)(void *easy, int option, ...);
    int (*easy_getinfo)(void *easy, int info, ...);
    const char *(*easy_strerror)(int code);
    void (*easy_cleanup)(void *easy);
    void *(*slist_append)(void *list, const char *text);
    void (*slist_free_all)(void *list);
    void *(*multi_init)(void);
    int (*multi_add_handle)(void *multi, void *easy);
    int (*multi_remove_handle)(void *multi, void *easy);
    int (*multi_perform)(void *multi, int *running);
    int (*multi_wait)(void *multi, void *fds, unsigned n, int timeout_ms, int *happened);
    struct ed_curl_message *(*multi_info_read)(void *multi, int *left);
    int (*multi_cleanup)(void *multi);
};

// ED_ERR_NOT_FOUND where there is no libcurl: the words say how to get it.
enum ed_status ed_curl_open(struct ed_curl *curl, struct ed_error *err);
void ed_curl_close(struct ed_curl *curl); // safe on a zeroed struct

#endif
