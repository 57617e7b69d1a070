// SPDX-License-Identifier: Apache-2.0
// A library in an engine's place that does what no engine may, as soon as it is opened (-DWILD=...). LOUD
// writes what could be taken for a reply to standard output, complains on standard error, and leaves a thread
// and memory behind; it then serves as ONNX Runtime where libreal.so lies beside it, and else is none. EXITS
// and ABORTS end the process.
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EXITS, ABORTS, LOUD };

static void *wait_for_ever(void *argument) {
    pause();
    return argument;
}

static void be_loud(void) {
    pthread_t thread;
    char *lost = malloc(1 << 20);
    printf("{\"type\":\"error\",\"wire\":1,\"status\":\"refused\",\"message\":\"wild words on standard "
           "output\"}\n");
    fflush(stdout);
    fprintf(stderr, "wild words on standard error\n");
    if (lost)
        memset(lost, 1, 1 << 20);
    __asm__ volatile("" : : "r"(lost) : "memory");
    pthread_create(&thread, NULL, wait_for_ever, NULL);
}

__attribute__((constructor)) static void opened(void) {
    if (WILD == EXITS)
        exit(0);
    if (WILD == ABORTS)
        abort();
    be_loud();
}

__attribute__((visibility("default"))) const void *OrtGetApiBase(void);

const void *OrtGetApiBase(void) {
    const void *(*real)(void) = NULL;
    char path[4096];
    Dl_info own;
    if (!dladdr((void *)opened, &own) || !strrchr(own.dli_fname, '/'))
        return NULL;
    snprintf(path, sizeof path, "%.*s/libreal.so", (int)(strrchr(own.dli_fname, '/') - own.dli_fname),
             own.dli_fname);
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library)
        *(void **)&real = dlsym(library, "OrtGetApiBase");
    printf("wild words from a call\n");
    fflush(stdout);
    return real ? real() : NULL;
}
