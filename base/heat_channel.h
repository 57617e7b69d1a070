// SPDX-License-Identifier: Apache-2.0
// Which channel of temperature speaks for a device: the runner waits by it, the controller judges by it.
#ifndef EDGEDYNO_BASE_HEAT_CHANNEL_H
#define EDGEDYNO_BASE_HEAT_CHANNEL_H

#include <stdbool.h>

// How well a channel of that id and quantity speaks for the temperature of what computes; 0: not at all. Of
// equal ones the first counts. `accelerated`: cases run on a GPU or NPU.
int ed_heat_channel_rank(const char *id, const char *quantity, bool accelerated);

#endif
