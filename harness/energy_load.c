// SPDX-License-Identifier: Apache-2.0
// The energy of a device's blocks, with what an external meter kept.
#include <string.h>

#include "harness/energy.h"
#include "harness/meter.h"

enum ed_status ed_energy_load(struct ed_energy_device *energy, const struct ed_campaign_device *device,
                              const struct ed_blocks *blocks, struct ed_error *err) {
    bool accelerator = false;
    for (size_t c = 0; c < device->n_cases; c++)
        accelerator = accelerator || !strcmp(device->cases[c].processor, "gpu") ||
                      !strcmp(device->cases[c].processor, "npu");
    struct ed_meter_data meter;
    enum ed_status status = ed_meter_load(&meter, device->directory, err);
    if (status == ED_OK)
        status = ed_energy_device_load(energy, blocks, meter.n || meter.why[0] ? &meter : NULL, accelerator,
                                       device->android, err);
    ed_meter_data_release(&meter);
    return status;
}
