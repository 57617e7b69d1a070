// SPDX-License-Identifier: Apache-2.0
// PAPI, opened when it is installed and through declarations of our own: version, components and the preset
// events that can be counted. PAPI calls a preset available where it knows the processor's name for it, also
// where there is no counter (in most virtual machines), so each is started and stopped once, and only those
// that the system let us count are listed.
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runners/hardware/sources.h"

// Values of papi.h, the same in versions 5 to 7.
enum {
    OK = 0,
    NULL_SET = -1,
    OPTION_LIBRARY_VERSION = 21,
    ENUM_FIRST = 1,
    ENUM_AVAILABLE = 2,
    MAX_NAME = 1024
};
#define ANSWER_MAX_BYTES (64u << 10)
#define FIRST_PRESET ((int)0x80000000u)

// The beginning of PAPI_component_info_t, the same in versions 5 to 7; what follows disabled_reason is not.
struct component {
    char name[128], short_name[64], description[128], version[64], support_version[64], kernel_version[64];
    char disabled_reason[128];
};

struct library {
    void *handle;
    int (*get_opt)(int option, void *pointer);
    int (*init)(int version);
    void (*shutdown)(void);
    char *(*error_text)(int code);
    int (*n_components)(void);
    const struct component *(*component)(int index);
    int (*next_event)(int *code, int modifier);
    int (*event_name)(int code, char *name);
    int (*set_new)(int *set);
    int (*set_add)(int set, int code);
    int (*set_start)(int set);
    int (*set_stop)(int set, long long *values);
    int (*set_clear)(int set);
    int (*set_free)(int *set);
};

static const char *library_find(struct library *library) {
    const struct {
        const char *name;
        void **place;
    } wanted[] = {
        {"PAPI_get_opt", (void **)&library->get_opt},
        {"PAPI_library_init", (void **)&library->init},
        {"PAPI_shutdown", (void **)&library->shutdown},
        {"PAPI_strerror", (void **)&library->error_text},
        {"PAPI_num_components", (void **)&library->n_components},
        {"PAPI_get_component_info", (void **)&library->component},
        {"PAPI_enum_event", (void **)&library->next_event},
        {"PAPI_event_code_to_name", (void **)&library->event_name},
        {"PAPI_create_eventset", (void **)&library->set_new},
        {"PAPI_add_event", (void **)&library->set_add},
        {"PAPI_start", (void **)&library->set_start},
        {"PAPI_stop", (void **)&library->set_stop},
        {"PAPI_cleanup_eventset", (void **)&library->set_clear},
        {"PAPI_destroy_eventset", (void **)&library->set_free},
    };
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        if (!(*wanted[i].place = dlsym(library->handle, wanted[i].name)))
            return wanted[i].name;
    return NULL;
}

// Starts and stops the event; OK or PAPI's error.
static int event_try(const struct library *library, int code) {
    int set = NULL_SET;
    long long value = 0;
    int status = library->set_new(&set);
    if (status != OK)
        return status;
    status = library->set_add(set, code);
    if (status == OK)
        status = library->set_start(set);
    if (status == OK)
        status = library->set_stop(set, &value);
    library->set_clear(set);
    library->set_free(&set);
    return status;
}

static void components_write(const struct library *library, struct ed_json_writer *writer) {
    ed_json_array_begin(writer, "components");
    for (int i = 0; i < library->n_components() && i < 64; i++) {
        const struct component *component = library->component(i);
        char name[129], reason[129];
        if (!component)
            continue;
        snprintf(name, sizeof name, "%.128s", component->name);
        snprintf(reason, sizeof reason, "%.128s", component->disabled_reason);
        ed_text_tidy(name);
        ed_text_tidy(reason);
        ed_json_object_begin(writer, NULL);
        ed_json_text(writer, "name", name);
        ed_json_text(writer, "reason", reason);
        ed_json_object_end(writer);
    }
    ed_json_array_end(writer);
}

static void events_write(const struct library *library, struct ed_json_writer *writer, bool *any,
                         char *reason, size_t bytes) {
    int code = FIRST_PRESET, known = 0, refused = OK;
    ed_json_array_begin(writer, "events");
    for (int more = library->next_event(&code, ENUM_FIRST); more == OK && known < 1000;
         more = library->next_event(&code, ENUM_AVAILABLE)) {
        char name[MAX_NAME] = "";
        int status = event_try(library, code);
        known++;
        if (status != OK) {
            refused = status;
            continue;
        }
        if (library->event_name(code, name) == OK) {
            *any = true;
            ed_json_text(writer, NULL, name);
        }
    }
    ed_json_array_end(writer);
    if (*any)
        return;
    if (known == 0)
        snprintf(reason, bytes, "PAPI knows no preset event of this processor");
    else
        snprintf(reason, bytes,
                 "PAPI knows %d preset events of this processor, and none could be counted: %s", known,
                 library->error_text(refused));
}

static void missing(struct ed_json_writer *writer, const char *reason) {
    ed_json_bool(writer, "available", false);
    ed_json_text(writer, "reason", reason);
}

static void ask_library(struct ed_json_writer *writer) {
    static const char *const names[] = {
        "libpapi.so",     "libpapi.so.7.2", "libpapi.so.7.1", "libpapi.so.7.0", "libpapi.so.7",
        "libpapi.so.6.0", "libpapi.so.6",   "libpapi.so.5.7", "libpapi.so.5",   NULL};
    struct library library = {0};
    char reason[256] = "", version_text[32];
    bool any = false;
    ed_json_object_begin(writer, NULL);
    ed_library_open(names, &library.handle, reason, sizeof reason);
    if (!library.handle) {
        missing(writer, reason);
        goto out;
    }
    const char *absent = library_find(&library);
    if (absent) {
        snprintf(reason, sizeof reason, "libpapi has no function %s", absent);
        missing(writer, reason);
        goto out;
    }
    int version = library.get_opt(OPTION_LIBRARY_VERSION, NULL), major = version >> 24;
    snprintf(version_text, sizeof version_text, "%d.%d.%d", major, version >> 16 & 0xff, version >> 8 & 0xff);
    if (version <= 0 || major < 5 || major > 7) {
        snprintf(reason, sizeof reason, "libpapi has version %s, this program knows 5 to 7", version_text);
        missing(writer, reason);
        goto out;
    }
    ed_json_text(writer, "version", version_text);
    int started = library.init(version & (int)0xffff0000u);
    if (started != (version & (int)0xffff0000u)) {
        snprintf(reason, sizeof reason, "PAPI_library_init: %s",
                 started < 0 ? library.error_text(started) : "wrong version");
        missing(writer, reason);
        goto out;
    }
    components_write(&library, writer);
    events_write(&library, writer, &any, reason, sizeof reason);
    library.shutdown();
    ed_json_bool(writer, "available", any);
    if (!any)
        ed_json_text(writer, "reason", reason);
out:
    if (library.handle)
        dlclose(library.handle);
    ed_json_object_end(writer);
}

static void task(void *context, int out_fd) {
    struct ed_buffer buffer;
    struct ed_json_writer writer;
    (void)context;
    ed_buffer_init(&buffer, ANSWER_MAX_BYTES - 1);
    ed_json_writer_init(&writer, &buffer, false);
    ask_library(&writer);
    // With the NUL. Nothing at all where the buffer failed, which the parent sees.
    if (!writer.misuse && ed_buffer_status(&buffer, "PAPI's answer", NULL) == ED_OK)
        ed_isolated_write(out_fd, ed_buffer_text(&buffer), buffer.size + 1);
    ed_buffer_release(&buffer);
}

void ed_papi_write(bool live, struct ed_json_writer *writer) {
    char reason[192] = "PAPI speaks of the running system, not of a recorded tree", text[208];
    size_t size = 0;
    char *answer = live ? malloc(ANSWER_MAX_BYTES) : NULL;
    if (live && !answer)
        snprintf(reason, sizeof reason, "no memory to ask it");
    if (answer &&
        ed_isolated_run(task, NULL, 2000000000, answer, ANSWER_MAX_BYTES, &size, reason, sizeof reason) &&
        size > 1 && memchr(answer, 0, size) == answer + size - 1) {
        ed_json_raw(writer, "papi", answer);
    } else {
        ed_json_object_begin(writer, "papi");
        snprintf(text, sizeof text, live ? "PAPI: %s" : "%s", reason[0] ? reason : "its answer is damaged");
        missing(writer, text);
        ed_json_object_end(writer);
    }
    free(answer);
}
