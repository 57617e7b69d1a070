// SPDX-License-Identifier: Apache-2.0
// A stand-in for PAPI with counts that are known: FAKE_WALL rises by three each nanosecond, FAKE_NEVER never
// does, and there is no other event. For tests on machines without counters.
#include <stdlib.h>
#include <string.h>
#include <time.h>

int PAPI_get_opt(int option, void *pointer);
int PAPI_library_init(int version);
char *PAPI_strerror(int code);
int PAPI_create_eventset(int *set);
int PAPI_assign_eventset_component(int set, int component);
int PAPI_set_opt(int option, void *pointer);
int PAPI_attach(int set, unsigned long pid);
int PAPI_add_named_event(int set, const char *name);
int PAPI_start(int set);
int PAPI_read(int set, long long *values);
int PAPI_stop(int set, long long *values);
int PAPI_cleanup_eventset(int set);
int PAPI_destroy_eventset(int *set);
void PAPI_shutdown(void);

enum { OK = 0, NO_EVENT = -7, OPTION_LIBRARY_VERSION = 21, VERSION = 7 << 24, WALL = 3, NEVER = 0, MOST = 8 };

static int rates[MOST], n;

static long long now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

int PAPI_get_opt(int option, void *pointer) {
    return option == OPTION_LIBRARY_VERSION && !pointer ? VERSION : NO_EVENT;
}

int PAPI_library_init(int version) {
    return version;
}

char *PAPI_strerror(int code) {
    static char unknown[] = "Event does not exist", other[] = "Error";
    return code == NO_EVENT ? unknown : other;
}

int PAPI_create_eventset(int *set) {
    *set = 0;
    n = 0;
    return OK;
}

int PAPI_assign_eventset_component(int set, int component) {
    return set || component ? NO_EVENT : OK;
}

int PAPI_set_opt(int option, void *pointer) {
    return option && pointer ? OK : NO_EVENT;
}

int PAPI_attach(int set, unsigned long pid) {
    return set || !pid ? NO_EVENT : OK;
}

int PAPI_add_named_event(int set, const char *name) {
    const int wall = !strcmp(name, "FAKE_WALL");
    if (set || n == MOST || (!wall && strcmp(name, "FAKE_NEVER") != 0))
        return NO_EVENT;
    rates[n++] = wall ? WALL : NEVER;
    return OK;
}

int PAPI_start(int set) {
    return set ? NO_EVENT : OK;
}

int PAPI_read(int set, long long *values) {
    for (int i = 0; i < n; i++)
        values[i] = rates[i] * now_ns();
    return set ? NO_EVENT : OK;
}

int PAPI_stop(int set, long long *values) {
    return PAPI_read(set, values);
}

int PAPI_cleanup_eventset(int set) {
    return set ? NO_EVENT : OK;
}

int PAPI_destroy_eventset(int *set) {
    *set = -1;
    return OK;
}

void PAPI_shutdown(void) {
    n = 0;
}
