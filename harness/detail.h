// SPDX-License-Identifier: Apache-2.0
// What lies behind a campaign's records, for the formats that draw it: blocks with their samples, placement.
// A device's journal is read when something of it is first asked for, and kept until the release.
#ifndef EDGEDYNO_HARNESS_DETAIL_H
#define EDGEDYNO_HARNESS_DETAIL_H

#include "edgedyno/report.h"
#include "harness/campaign.h"

struct ed_detail;

// `only`: a block's id, and nothing of the others; NULL: all. Borrows its arguments until the release; the
// results that are asked about are those of `records`.
enum ed_status ed_detail_new(struct ed_detail **detail, const struct ed_campaign *campaign,
                             const struct ed_records *records, const char *only, struct ed_error *err);
// ED_ERR_NOT_FOUND where `only` is no block of any device.
enum ed_status ed_detail_check(struct ed_detail *detail, struct ed_error *err);
void ed_detail_free(struct ed_detail *detail); // NULL is fine
// Borrowed; lives as long as `detail`.
const struct ed_report_source *ed_detail_source(const struct ed_detail *detail);

#endif
