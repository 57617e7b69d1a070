// SPDX-License-Identifier: Apache-2.0
// gate --confirm: a fail is repeated by a fresh campaign, with other coins, before it blocks. The second
// one's verdict counts. It lies beside the first, as DIR-again.
#ifndef EDGEDYNO_HARNESS_CLI_GATE_CONFIRM_H
#define EDGEDYNO_HARNESS_CLI_GATE_CONFIRM_H

#include "harness/cli/measured.h"

// Where a fail is to be repeated: keeps the words in the campaign, so that a resume can do that, too.
enum ed_status ed_gate_confirm_keep(struct ed_suite *suite, const struct ed_arguments *arguments,
                                    struct ed_error *err);
// Measures or resumes a gate, and repeats its fail where that was asked for. A resumed one takes up whatever
// there is of its repetition: it goes on with it, or begins it. Returns the exit status.
int ed_gate_confirm(struct ed_cli *cli, struct ed_measured *measured);

#endif
