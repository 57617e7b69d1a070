// SPDX-License-Identifier: Apache-2.0
// The operators inside a delegate, where its format is known: XNNPACK's.
#ifndef EDGEDYNO_BACKENDS_ET_NODES_H
#define EDGEDYNO_BACKENDS_ET_NODES_H

#include "backends/executorch/et_flat.h"
#include "backends/executorch/et_program.h"

#define ET_XNNPACK "XnnpackBackend"

// Sets n_nodes and nodes from the bytes that the delegate was given; where they are not understood, one node
// without a name.
void et_nodes_read(struct et_delegate *delegate, const struct et_flat *data);

#endif
