// SPDX-License-Identifier: Apache-2.0
// What a .pte file says of one of its methods: inputs and outputs, planned memory, and every instruction with
// what carries it out. A program has no other choice at run time, so this is where it runs.
#ifndef EDGEDYNO_BACKENDS_ET_PROGRAM_H
#define EDGEDYNO_BACKENDS_ET_PROGRAM_H

#include "edgedyno/backend.h"

#define ET_ARENAS_MAX 16

enum et_call { ET_CALL_OTHER = 0, ET_CALL_KERNEL, ET_CALL_DELEGATE }; // other: moves, jumps, frees

struct et_instruction {
    enum et_call call;
    uint32_t index; // of the operator or the delegate
    uint32_t chain;
};

struct et_operator {
    char name[96]; // "aten::add.out"
};

// A part of the model that was handed to a backend when the program was made.
struct et_delegate {
    char id[64];      // "XnnpackBackend"
    char device[32];  // the one that it was made for; "" where it does not say
    uint32_t n_nodes; // operators in it; 1 where its format is not known here
    char nodes[256];  // their kinds, separated by commas; "" likewise
};

struct et_program {
    char method[128];
    struct ed_io io;
    bool aliased[ED_TENSORS_MAX];   // an input without planned memory: the engine reads the caller's
    bool unplanned[ED_TENSORS_MAX]; // an output that the caller has to give memory
    uint64_t arenas[ET_ARENAS_MAX];
    size_t n_arenas;
    struct et_operator *operators;
    struct et_delegate *delegates;
    struct et_instruction *instructions; // of all chains, in their order
    size_t n_operators, n_delegates, n_instructions;
};

// Reads `method` of the file at `path`. ED_ERR_REFUSED for what is no program, ED_ERR_USAGE with the methods
// that there are, ED_ERR_UNSUPPORTED and ED_ERR_LIMIT for inputs and outputs that cannot be measured.
enum ed_status et_program_read(struct et_program *program, const char *path, const char *method,
                               struct ed_error *err);
void et_program_release(struct et_program *program);

#endif
