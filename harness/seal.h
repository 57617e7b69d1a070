// SPDX-License-Identifier: Apache-2.0
// The seal of campaign.json: its last key holds the SHA-256 of all that stands before it, so that a file that
// was changed, cut or put together from two is not reported as what was planned. It guards against accidents
// and changes by hand, not against who makes the seal anew.
#ifndef EDGEDYNO_HARNESS_SEAL_H
#define EDGEDYNO_HARNESS_SEAL_H

#include <cjson/cJSON.h>

#include "base/buffer.h"
#include "base/json_write.h"

#define ED_SEAL_KEY "campaign_sha256"

// Writes the seal as the last member of the root object that `writer` writes into `text`.
void ed_seal_write(struct ed_json_writer *writer, const struct ed_buffer *text);

enum ed_seal { ED_SEAL_MISSING, ED_SEAL_WHOLE, ED_SEAL_BROKEN };
enum ed_seal ed_seal_check(const char *text, size_t bytes);

// What is judged is what was planned: a campaign that judges anything (a gate, a choice, a requirement) needs
// its seal whole, and one that has none may do without. `text` is campaign.json at `path`. ED_ERR_USAGE.
struct ed_campaign;
enum ed_status ed_seal_require(const struct ed_campaign *campaign, const struct ed_buffer *text,
                               const char *path, struct ed_error *err);
// A file of the campaign's data folder (absolute path), which is named after its own digest. ED_ERR_PARSE:
// it is not what the campaign began with.
enum ed_status ed_seal_data(const char *path, struct ed_error *err);
// Output file `index` of a block's evidence, whose digest the device wrote into the journal
// ("output_sha256"). ED_ERR_PARSE: it is not what the device wrote. A journal of before that says nothing of
// it: ED_OK.
enum ed_status ed_seal_output(const char *path, const cJSON *evidence, int index, struct ed_error *err);

#endif
