// SPDX-License-Identifier: Apache-2.0
// A stand-in for NVIDIA's management library, with its symbols and types, that a test steers while it is
// used: the file that ED_FAKE_NVML names has lines "WORD CODE VALUE". A function with that word returns CODE
// and gives VALUE; without a line it returns 3 (not supported). With OLD_DRIVER it lacks what old drivers do.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int nvmlInit_v2(void);
int nvmlShutdown(void);
const char *nvmlErrorString(int code);
int nvmlDeviceGetCount_v2(unsigned *n);
int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **card);
int nvmlDeviceGetPowerUsage(void *card, unsigned *mw);
int nvmlDeviceGetTotalEnergyConsumption(void *card, unsigned long long *mj);
int nvmlDeviceGetTemperature(void *card, int sensor, unsigned *celsius);
int nvmlDeviceGetClockInfo(void *card, int type, unsigned *mhz);
int nvmlDeviceGetMemoryInfo(void *card, unsigned long long memory[3]);
int nvmlDeviceGetUtilizationRates(void *card, unsigned rates[2]);
int nvmlDeviceGetCurrentClocksThrottleReasons(void *card, unsigned long long *bits);

enum { NOT_SUPPORTED = 3, UPDATES_A_SECOND = 50 };

static int told(const char *word, unsigned long long *value) {
    const char *path = getenv("ED_FAKE_NVML");
    FILE *file = path ? fopen(path, "re") : NULL;
    char found[32];
    int code = NOT_SUPPORTED, given;
    unsigned long long number;
    *value = 0;
    while (file && fscanf(file, "%31s %d %llu", found, &given, &number) == 3)
        if (!strcmp(found, word)) {
            code = given;
            *value = number;
        }
    if (file)
        fclose(file);
    return code;
}

static int told_narrow(const char *word, unsigned *value) {
    unsigned long long wide;
    const int code = told(word, &wide);
    *value = (unsigned)wide;
    return code;
}

int nvmlInit_v2(void) {
    unsigned long long unused;
    return told("init", &unused);
}

int nvmlShutdown(void) {
    return 0;
}

const char *nvmlErrorString(int code) {
    return code == NOT_SUPPORTED ? "Not Supported"
           : code == 15          ? "GPU is lost"
           : code == 999         ? "Unknown Error"
                                 : NULL;
}

int nvmlDeviceGetCount_v2(unsigned *n) {
    return told_narrow("count", n);
}

int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **card) {
    static int cards[8];
    unsigned long long unused;
    *card = index < 8 ? &cards[index] : NULL;
    return told("card", &unused);
}

int nvmlDeviceGetPowerUsage(void *card, unsigned *mw) {
    (void)card;
    return told_narrow("power", mw);
}

int nvmlDeviceGetTemperature(void *card, int sensor, unsigned *celsius) {
    (void)card, (void)sensor;
    return told_narrow("temperature", celsius);
}

int nvmlDeviceGetClockInfo(void *card, int type, unsigned *mhz) {
    (void)card, (void)type;
    return told_narrow("clock", mhz);
}

int nvmlDeviceGetMemoryInfo(void *card, unsigned long long memory[3]) {
    (void)card;
    memory[0] = 1000000;
    memory[1] = 0;
    return told("memory", &memory[2]);
}

int nvmlDeviceGetUtilizationRates(void *card, unsigned rates[2]) {
    (void)card;
    rates[1] = 0;
    return told_narrow("busy", &rates[0]);
}

#ifndef OLD_DRIVER
// VALUE is a constant power in milliwatts, of which the counter is told some times a second.
int nvmlDeviceGetTotalEnergyConsumption(void *card, unsigned long long *mj) {
    struct timespec now;
    unsigned long long mw;
    (void)card;
    clock_gettime(CLOCK_MONOTONIC, &now);
    const unsigned long long updates = (unsigned long long)now.tv_sec * UPDATES_A_SECOND +
                                       (unsigned long long)now.tv_nsec / (1000000000 / UPDATES_A_SECOND);
    const int code = told("energy", &mw);
    *mj = mw * updates / UPDATES_A_SECOND;
    return code;
}

int nvmlDeviceGetCurrentClocksThrottleReasons(void *card, unsigned long long *bits) {
    (void)card;
    return told("throttle", bits);
}
#endif
