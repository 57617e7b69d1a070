// SPDX-License-Identifier: Apache-2.0
// What identify's script and its reader share.
#ifndef EDGEDYNO_DEVICES_IDENTIFY_SCRIPT_H
#define EDGEDYNO_DEVICES_IDENTIFY_SCRIPT_H

// The script, for standard input of `sh -s WORK_DIR`: so no login shell between sees it, whatever its quoting
// is. It prints lines KEY=VALUE between the two marks; what stands before, behind and on standard error is
// noise (banners, profiles).
extern const char ed_identify_script[];

#define ED_IDENTIFY_BEGIN "@edgedyno-begin 1"
#define ED_IDENTIFY_END "@edgedyno-end"
#define ED_IDENTIFY_OUT_MAX_BYTES (256u << 10)

#endif
