// SPDX-License-Identifier: Apache-2.0
// A .pte file, as far as the adapter has to know it. The numbers of fields are those of the engine's schema
// (program.fbs, and schema.fbs of its XNNPACK backend), in which a field is only ever added at the end.
#include "backends/executorch/et_program.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backends/executorch/et_flat.h"
#include "backends/executorch/et_io.h"
#include "backends/executorch/et_nodes.h"

#define INSTRUCTIONS_MAX (1u << 20)
#define TABLES_MAX 65536u

enum { PROGRAM_PLANS = 1, PROGRAM_INLINE_DATA = 3, PROGRAM_SEGMENTS = 4 };
enum { PLAN_NAME = 0, PLAN_CHAINS = 5, PLAN_OPERATORS = 6, PLAN_DELEGATES = 7, PLAN_ARENAS = 8 };
enum { CHAIN_INSTRUCTIONS = 2, CALL_KERNEL = 1, CALL_DELEGATE = 2 };

struct file {
    struct et_flat program; // the FlatBuffer at the beginning
    const uint8_t *data;    // everything
    size_t bytes;
    uint64_t segments_at; // where segments begin; 0: there are none
    size_t root;
};

static enum ed_status map_file(struct file *file, const char *path, struct ed_error *err) {
    struct stat about;
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &about) != 0) {
        if (fd >= 0)
            close(fd);
        return ed_fail(err, ED_ERR_IO, path, "the model cannot be read");
    }
    void *data =
        about.st_size > 0 ? mmap(NULL, (size_t)about.st_size, PROT_READ, MAP_PRIVATE, fd, 0) : MAP_FAILED;
    close(fd);
    if (data == MAP_FAILED)
        return ed_fail(err, ED_ERR_REFUSED, path, "the model is empty, or there is no memory to map it");
    file->data = data;
    file->bytes = (size_t)about.st_size;
    return ED_OK;
}

// The header behind the root's offset says how long the program is and where segments begin.
static enum ed_status find_program(struct file *file, const char *path, struct ed_error *err) {
    uint64_t program_bytes = file->bytes, segments_at = 0;
    if (file->bytes >= 32 && !memcmp(file->data + 8, "eh00", 4)) {
        memcpy(&program_bytes, file->data + 16, sizeof program_bytes);
        memcpy(&segments_at, file->data + 24, sizeof segments_at);
    }
    if (program_bytes > file->bytes || segments_at > file->bytes)
        return ed_fail(err, ED_ERR_REFUSED, path,
                       "the file is cut short: its header speaks of more than %zu bytes", file->bytes);
    file->program = (struct et_flat){file->data, (size_t)program_bytes};
    file->segments_at = segments_at;
    file->root = et_flat_root(&file->program, "ET12");
    if (!file->root)
        return ed_fail(err, ED_ERR_REFUSED, path,
                       "the file is no ExecuTorch program: 'ET12' is not where it should be");
    return ED_OK;
}

static enum ed_status find_plan(const struct file *file, const char *method, size_t *plan,
                                struct ed_error *err) {
    const struct et_flat *flat = &file->program;
    const struct et_flat_vector plans = et_flat_vector(flat, file->root, PROGRAM_PLANS, 4);
    char there[512] = "", name[128];
    for (size_t i = 0; i < plans.n && i < TABLES_MAX; i++) {
        const size_t used = strlen(there);
        *plan = et_flat_element_table(flat, &plans, i);
        et_flat_text(flat, *plan, PLAN_NAME, name, sizeof name);
        if (!strcmp(name, method))
            return ED_OK;
        snprintf(there + used, sizeof there - used, "%s%s", used ? ", " : "", name);
    }
    return ed_fail(err, ED_ERR_USAGE, "-o method", "the model has no method '%.100s'; it has %s", method,
                   there[0] ? there : "none");
}

static enum ed_status read_arenas(struct et_program *program, const struct et_flat *flat, size_t plan,
                                  struct ed_error *err) {
    const struct et_flat_vector sizes = et_flat_vector(flat, plan, PLAN_ARENAS, 8);
    // The first one is reserved.
    program->n_arenas = sizes.n ? sizes.n - 1 : 0;
    if (program->n_arenas > ET_ARENAS_MAX)
        return ed_fail(err, ED_ERR_LIMIT, NULL,
                       "the model plans %zu areas of memory; at most %d are supported", program->n_arenas,
                       ET_ARENAS_MAX);
    for (size_t i = 0; i < program->n_arenas; i++) {
        program->arenas[i] = et_flat_element(flat, &sizes, i + 1, 8);
        if (program->arenas[i] > SIZE_MAX / 2)
            return ed_fail(err, ED_ERR_REFUSED, NULL, "the model plans an area of memory of a negative size");
    }
    return ED_OK;
}

// The bytes that a delegate was given.
static struct et_flat delegate_data(const struct file *file, size_t delegate) {
    const struct et_flat *flat = &file->program;
    const size_t reference = et_flat_table(flat, delegate, 1);
    const uint64_t index = et_flat_number(flat, reference, 1, 4, 0);
    const bool in_segment = et_flat_number(flat, reference, 0, 1, 0) == 1;
    const struct et_flat_vector list =
        et_flat_vector(flat, file->root, in_segment ? PROGRAM_SEGMENTS : PROGRAM_INLINE_DATA, 4);
    const size_t table = reference ? et_flat_element_table(flat, &list, index) : 0;
    if (!in_segment) {
        const struct et_flat_vector bytes = et_flat_vector(flat, table, 0, 1);
        return (struct et_flat){flat->data + bytes.at, bytes.n};
    }
    const uint64_t offset = et_flat_number(flat, table, 0, 8, 0),
                   bytes = et_flat_number(flat, table, 1, 8, 0);
    const uint64_t room = file->bytes - file->segments_at;
    if (!table || !file->segments_at || offset > room || bytes > room - offset)
        return (struct et_flat){NULL, 0};
    return (struct et_flat){file->data + file->segments_at + offset, (size_t)bytes};
}

// The value of the compile option `key` that a delegate was made with; text, cut where too long.
static void read_spec(const struct et_flat *flat, size_t delegate, const char *key, char *text,
                      size_t bytes) {
    const struct et_flat_vector specs = et_flat_vector(flat, delegate, 2, 4);
    char name[32];
    text[0] = 0;
    for (size_t i = 0; i < specs.n && i < TABLES_MAX; i++) {
        const size_t spec = et_flat_element_table(flat, &specs, i);
        et_flat_text(flat, spec, 0, name, sizeof name);
        if (!strcmp(name, key))
            et_flat_text(flat, spec, 1, text, bytes);
    }
}

static enum ed_status read_tables(struct et_program *program, const struct file *file, size_t plan,
                                  struct ed_error *err) {
    const struct et_flat *flat = &file->program;
    const struct et_flat_vector operators = et_flat_vector(flat, plan, PLAN_OPERATORS, 4),
                                delegates = et_flat_vector(flat, plan, PLAN_DELEGATES, 4);
    if (operators.n > TABLES_MAX || delegates.n > TABLES_MAX)
        return ed_fail(err, ED_ERR_LIMIT, NULL,
                       "the model names %zu operators and %zu delegates; at most %u are supported",
                       operators.n, delegates.n, TABLES_MAX);
    program->operators = calloc(operators.n + 1, sizeof *program->operators);
    program->delegates = calloc(delegates.n + 1, sizeof *program->delegates);
    if (!program->operators || !program->delegates)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the model's tables");
    for (size_t i = 0; i < operators.n; i++) {
        const size_t table = et_flat_element_table(flat, &operators, i);
        char name[64], overload[30];
        et_flat_text(flat, table, 0, name, sizeof name);
        et_flat_text(flat, table, 1, overload, sizeof overload);
        snprintf(program->operators[i].name, sizeof program->operators[i].name, "%s%s%s", name,
                 overload[0] ? "." : "", overload);
    }
    for (size_t i = 0; i < delegates.n; i++) {
        struct et_delegate *delegate = &program->delegates[i];
        const size_t table = et_flat_element_table(flat, &delegates, i);
        const struct et_flat data = delegate_data(file, table);
        et_flat_text(flat, table, 0, delegate->id, sizeof delegate->id);
        read_spec(flat, table, "device", delegate->device, sizeof delegate->device);
        et_nodes_read(delegate, &data);
    }
    program->n_operators = operators.n;
    program->n_delegates = delegates.n;
    return ED_OK;
}

// Into `out`, which has room for them, or counted only where it is NULL.
static size_t take_instructions(const struct et_flat *flat, size_t plan, struct et_instruction *out) {
    const struct et_flat_vector chains = et_flat_vector(flat, plan, PLAN_CHAINS, 4);
    size_t n = 0;
    for (size_t i = 0; i < chains.n; i++) {
        const struct et_flat_vector list =
            et_flat_vector(flat, et_flat_element_table(flat, &chains, i), CHAIN_INSTRUCTIONS, 4);
        for (size_t j = 0; j < list.n && n < INSTRUCTIONS_MAX; j++, n++) {
            const size_t table = et_flat_element_table(flat, &list, j), call = et_flat_table(flat, table, 1);
            const uint64_t kind = et_flat_number(flat, table, 0, 1, 0);
            if (out)
                out[n] = (struct et_instruction){kind == CALL_KERNEL     ? ET_CALL_KERNEL
                                                 : kind == CALL_DELEGATE ? ET_CALL_DELEGATE
                                                                         : ET_CALL_OTHER,
                                                 (uint32_t)et_flat_number(flat, call, 0, 4, 0), (uint32_t)i};
        }
    }
    return n;
}

static enum ed_status read_instructions(struct et_program *program, const struct et_flat *flat, size_t plan,
                                        struct ed_error *err) {
    const size_t n = take_instructions(flat, plan, NULL);
    if (n >= INSTRUCTIONS_MAX)
        return ed_fail(err, ED_ERR_LIMIT, NULL, "the model has more than %u instructions",
                       INSTRUCTIONS_MAX - 1);
    program->instructions = calloc(n + 1, sizeof *program->instructions);
    if (!program->instructions)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the model's instructions");
    program->n_instructions = take_instructions(flat, plan, program->instructions);
    for (size_t i = 0; i < n; i++) {
        const struct et_instruction *instruction = &program->instructions[i];
        if ((instruction->call == ET_CALL_KERNEL && instruction->index >= program->n_operators) ||
            (instruction->call == ET_CALL_DELEGATE && instruction->index >= program->n_delegates))
            return ed_fail(err, ED_ERR_REFUSED, NULL,
                           "instruction %zu of the model calls what the model does not have", i);
    }
    return ED_OK;
}

enum ed_status et_program_read(struct et_program *program, const char *path, const char *method,
                               struct ed_error *err) {
    struct file file = {0};
    size_t plan = 0;
    memset(program, 0, sizeof *program);
    snprintf(program->method, sizeof program->method, "%s", method);
    enum ed_status status = map_file(&file, path, err);
    if (status)
        return status;
    status = find_program(&file, path, err);
    if (!status)
        status = find_plan(&file, method, &plan, err);
    if (!status)
        status = et_io_read(program, &file.program, plan, err);
    if (!status)
        status = read_arenas(program, &file.program, plan, err);
    if (!status)
        status = read_tables(program, &file, plan, err);
    if (!status)
        status = read_instructions(program, &file.program, plan, err);
    munmap((void *)(uintptr_t)file.data, file.bytes);
    if (status)
        et_program_release(program);
    return status;
}

void et_program_release(struct et_program *program) {
    free(program->operators);
    free(program->delegates);
    free(program->instructions);
    memset(program, 0, sizeof *program);
}
