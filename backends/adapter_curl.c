// SPDX-License-Identifier: Apache-2.0
// Opening libcurl.
#include "backends/adapter_curl.h"

#include <dlfcn.h>
#include <stddef.h>

enum ed_status ed_curl_open(struct ed_curl *curl, struct ed_error *err) {
    static const char *const names[] = {"libcurl.so.4", "libcurl-gnutls.so.4", "libcurl.so"};
    static const struct {
        const char *name;
        size_t at;
    } functions[] = {
        {"curl_global_init", offsetof(struct ed_curl, global_init)},
        {"curl_version", offsetof(struct ed_curl, version)},
        {"curl_easy_init", offsetof(struct ed_curl, easy_init)},
        {"curl_easy_setopt", offsetof(struct ed_curl, easy_setopt)},
        {"curl_easy_getinfo", offsetof(struct ed_curl, easy_getinfo)},
        {"curl_easy_strerror", offsetof(struct ed_curl, easy_strerror)},
        {"curl_easy_cleanup", offsetof(struct ed_curl, easy_cleanup)},
        {"curl_slist_append", offsetof(struct ed_curl, slist_append)},
        {"curl_slist_free_all", offsetof(struct ed_curl, slist_free_all)},
        {"curl_multi_init", offsetof(struct ed_curl, multi_init)},
        {"curl_multi_add_handle", offsetof(struct ed_curl, multi_add_handle)},
        {"curl_multi_remove_handle", offsetof(struct ed_curl, multi_remove_handle)},
        {"curl_multi_perform", offsetof(struct ed_curl, multi_perform)},
        {"curl_multi_wait", offsetof(struct ed_curl, multi_wait)},
        {"curl_multi_info_read", offsetof(struct ed_curl, multi_info_read)},
        {"curl_multi_cleanup", offsetof(struct ed_curl, multi_cleanup)},
    };
    memset(curl, 0, sizeof *curl);
    for (size_t i = 0; i < sizeof names / sizeof *names && !curl->library; i++)
        curl->library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
    if (!curl->library)
        return ed_fail(err, ED_ERR_NOT_FOUND, "libcurl.so.4",
                       "libcurl is not on this device; on Debian: apt-get install libcurl4");
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        void *found = dlsym(curl->library, functions[i].name);
        if (!found) {
            ed_curl_close(curl);
            return ed_fail(err, ED_ERR_VERSION, "libcurl", "this libcurl has no %s: it is older than 7.28",
                           functions[i].name);
        }
        memcpy((char *)curl + functions[i].at, &found, sizeof found);
    }
    if (curl->global_init(ED_CURL_GLOBAL_ALL) != ED_CURLE_OK) {
        ed_curl_close(curl);
        return ed_fail(err, ED_ERR_REFUSED, "libcurl", "it cannot be initialised");
    }
    return ED_OK;
}

// Its TLS library may have left handlers for the end of the process: the code stays mapped.
void ed_curl_close(struct ed_curl *curl) {
    memset(curl, 0, sizeof *curl);
}
