// SPDX-License-Identifier: Apache-2.0
// Governors of the processor's clock by the numbers that stand for them in readings: 1 for the first one.
// Others, a maker's own, have numbers from ED_GOVERNOR_OTHERS on, made of their names.
#ifndef EDGEDYNO_BASE_GOVERNOR_H
#define EDGEDYNO_BASE_GOVERNOR_H

#define ED_GOVERNORS(X) \
    X("performance")    \
    X("powersave")      \
    X("userspace")      \
    X("ondemand")       \
    X("conservative")   \
    X("schedutil")      \
    X("interactive")

#define ED_GOVERNOR_OTHERS 1000

#endif
