// SPDX-License-Identifier: Apache-2.0
// A stand-in for NVIDIA's management library: two cards of which the second one refuses energy, and numbers
// that go on with each call. For tests and for the list of channels in docs/probes.md.
#include <stddef.h>

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

static int started;
static unsigned long long energy_mj = 5000000;
static int cards[2];

enum { OK = 0, UNINITIALIZED = 1, INVALID = 2, NOT_SUPPORTED = 3 };

static int known(const void *card) {
    return !started ? UNINITIALIZED : card == &cards[0] || card == &cards[1] ? OK : INVALID;
}

int nvmlInit_v2(void) {
    started++;
    return OK;
}

int nvmlShutdown(void) {
    return started-- > 0 ? OK : UNINITIALIZED;
}

const char *nvmlErrorString(int code) {
    return code == NOT_SUPPORTED ? "Not Supported" : "Uninitialized";
}

int nvmlDeviceGetCount_v2(unsigned *n) {
    *n = 2;
    return started ? OK : UNINITIALIZED;
}

int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **card) {
    *card = index < 2 ? &cards[index] : NULL;
    return started && index < 2 ? OK : INVALID;
}

int nvmlDeviceGetPowerUsage(void *card, unsigned *mw) {
    *mw = card == &cards[0] ? 71234 : 42000;
    return known(card);
}

int nvmlDeviceGetTotalEnergyConsumption(void *card, unsigned long long *mj) {
    if (card != &cards[0])
        return NOT_SUPPORTED;
    *mj = energy_mj += 7;
    return known(card);
}

int nvmlDeviceGetTemperature(void *card, int sensor, unsigned *celsius) {
    *celsius = 36;
    return sensor == 0 ? known(card) : INVALID;
}

int nvmlDeviceGetClockInfo(void *card, int type, unsigned *mhz) {
    *mhz = type == 1 ? 1980 : 2619;
    return type == 1 || type == 2 ? known(card) : INVALID;
}

int nvmlDeviceGetMemoryInfo(void *card, unsigned long long memory[3]) {
    memory[0] = 150754820096ull;
    memory[2] = 612368384ull;
    memory[1] = memory[0] - memory[2];
    return known(card);
}

int nvmlDeviceGetUtilizationRates(void *card, unsigned rates[2]) {
    rates[0] = 17;
    rates[1] = 3;
    return known(card);
}

int nvmlDeviceGetCurrentClocksThrottleReasons(void *card, unsigned long long *bits) {
    *bits = 4;
    return known(card);
}
