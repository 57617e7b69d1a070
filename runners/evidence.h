// SPDX-License-Identifier: Apache-2.0
// What a worker finds out beside time and memory, after the timed loop, as one JSON object: what the model
// and the engine say of themselves, whether outputs have the promised shapes and repeat, where the model ran,
// memory by the engine's account.
#ifndef EDGEDYNO_RUNNERS_EVIDENCE_H
#define EDGEDYNO_RUNNERS_EVIDENCE_H

#include "base/json_write.h"
#include "runners/adapter.h"
#include "runners/inputs.h"

// Each writes its members into the writer's open object and fails only where the block has to.
void ed_evidence_io(struct ed_json_writer *w, const struct ed_io *io, const struct ed_inputs *inputs);
// Runs the bound inputs twice and compares the outputs byte by byte: "outputs" [...], "deterministic". An
// output whose shape or size is not what `describe` promised is ED_ERR_REFUSED.
enum ed_status ed_evidence_outputs(struct ed_json_writer *w, const struct ed_adapter *adapter,
                                   const struct ed_io *io, struct ed_error *err);
// "placement", "engine_memory", "engine_version", "offered", "threads_seen". A hook that fails writes its
// words under "KEY_reason".
void ed_evidence_engine(struct ed_json_writer *w, const struct ed_adapter *adapter);
// "facts": {KEY: NUMBER, "note": TEXT}; nothing where the engine has none.
void ed_evidence_facts(struct ed_json_writer *w, const struct ed_adapter *adapter);
// A survey as "engine_version", "build_info", "backends": [...]; used by `survey`, too.
void ed_evidence_survey(struct ed_json_writer *w, const struct ed_survey *survey);

#endif
