// SPDX-License-Identifier: Apache-2.0
// Inputs and outputs of a method, by the tables of its plan.
#ifndef EDGEDYNO_BACKENDS_ET_IO_H
#define EDGEDYNO_BACKENDS_ET_IO_H

#include "backends/executorch/et_flat.h"
#include "backends/executorch/et_program.h"

// Sets io, aliased and unplanned. Errors as those of et_program_read.
enum ed_status et_io_read(struct et_program *program, const struct et_flat *flat, size_t plan,
                          struct ed_error *err);
// The engine's number of a type of elements; -1 for one that it does not have.
int8_t et_type_of(enum ed_dtype dtype);

#endif
