// SPDX-License-Identifier: Apache-2.0
// The device that an engine gets by way of WebGPU and Vulkan, which those engines do not tell.
#ifndef EDGEDYNO_BACKENDS_ADAPTER_VULKAN_H
#define EDGEDYNO_BACKENDS_ADAPTER_VULKAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "edgedyno/error.h"

// Name of the device that WebGPU gets by Vulkan, and whether that is software. ED_ERR_REFUSED says what is
// missing.
enum ed_status ed_adapter_vulkan_look(char *name, size_t bytes, bool *software, struct ed_error *err);

#endif
