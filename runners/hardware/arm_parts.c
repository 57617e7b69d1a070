// SPDX-License-Identifier: Apache-2.0
// Names of Arm cores by the implementer and part numbers of the main identification register, as Arm's
// Technical Reference Manuals give them. An unknown part has no name, never a guessed one.
#include "runners/hardware/sources.h"

const char *ed_arm_implementer_name(int64_t implementer) {
    static const struct {
        int code;
        const char *name;
    } known[] = {{0x41, "ARM"},       {0x42, "Broadcom"}, {0x43, "Cavium"},   {0x46, "Fujitsu"},
                 {0x48, "HiSilicon"}, {0x4e, "NVIDIA"},   {0x51, "Qualcomm"}, {0x53, "Samsung"},
                 {0x61, "Apple"},     {0xc0, "Ampere"}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].code == implementer)
            return known[i].name;
    return NULL;
}

const char *ed_arm_part_name(int64_t implementer, int64_t part) {
    static const struct {
        int part;
        const char *name;
    } arm[] = {
        {0xb76, "ARM1176"},     {0xc05, "Cortex-A5"},   {0xc07, "Cortex-A7"},    {0xc08, "Cortex-A8"},
        {0xc09, "Cortex-A9"},   {0xc0e, "Cortex-A17"},  {0xc0f, "Cortex-A15"},   {0xd01, "Cortex-A32"},
        {0xd03, "Cortex-A53"},  {0xd04, "Cortex-A35"},  {0xd05, "Cortex-A55"},   {0xd06, "Cortex-A65"},
        {0xd07, "Cortex-A57"},  {0xd08, "Cortex-A72"},  {0xd09, "Cortex-A73"},   {0xd0a, "Cortex-A75"},
        {0xd0b, "Cortex-A76"},  {0xd0c, "Neoverse-N1"}, {0xd0d, "Cortex-A77"},   {0xd0e, "Cortex-A76AE"},
        {0xd40, "Neoverse-V1"}, {0xd41, "Cortex-A78"},  {0xd42, "Cortex-A78AE"}, {0xd44, "Cortex-X1"},
        {0xd46, "Cortex-A510"}, {0xd47, "Cortex-A710"}, {0xd48, "Cortex-X2"},    {0xd49, "Neoverse-N2"},
        {0xd4a, "Neoverse-E1"}, {0xd4b, "Cortex-A78C"}, {0xd4c, "Cortex-X1C"},   {0xd4d, "Cortex-A715"},
        {0xd4e, "Cortex-X3"},   {0xd4f, "Neoverse-V2"}, {0xd80, "Cortex-A520"},  {0xd81, "Cortex-A720"},
        {0xd82, "Cortex-X4"},   {0xd84, "Neoverse-V3"}, {0xd85, "Cortex-X925"},  {0xd87, "Cortex-A725"},
        {0xd8e, "Neoverse-N3"},
    };
    if (implementer == 0x41)
        for (size_t i = 0; i < sizeof arm / sizeof *arm; i++)
            if (arm[i].part == part)
                return arm[i].name;
    return NULL;
}
