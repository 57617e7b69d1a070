// SPDX-License-Identifier: Apache-2.0
// What the ExecuTorch adapter reads of a .pte file by itself: what whole programs say, and that no damaged
// one leads it outside of the file. The sanitizers' build is the judge of that.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "backends/executorch/et_program.h"

#define PTE(name) ED_TEST_FIXTURES "/pte/" name ".pte"

static void read_whole(struct et_program *program, const char *path, const char *method) {
    struct ed_error err = {0};
    if (et_program_read(program, path, method, &err) != ED_OK)
        fail_msg("%s: %s", path, err.message);
}

static void test_whole_programs(void **state) {
    static struct et_program program;
    struct ed_error err = {0};
    (void)state;
    read_whole(&program, PTE("overwrite"), "forward");
    assert_int_equal(program.io.n_inputs, 2);
    assert_int_equal(program.io.n_outputs, 2);
    assert_string_equal(program.io.inputs[1].name, "input_1");
    assert_int_equal(program.io.inputs[0].dtype, ED_DTYPE_F32);
    assert_int_equal(program.io.inputs[0].rank, 2);
    assert_int_equal(program.io.inputs[0].shape[1], 4);
    assert_int_equal(program.io.inputs[0].bytes, 16);
    assert_false(program.aliased[0] || program.unplanned[0]);
    assert_int_equal(program.n_arenas, 1);
    assert_int_equal(program.n_delegates, 0);
    et_program_release(&program);

    read_whole(&program, PTE("unplanned"), "forward");
    assert_true(program.aliased[0] && program.aliased[1] && program.unplanned[0] && program.unplanned[1]);
    et_program_release(&program);

    read_whole(&program, PTE("mixed"), "forward");
    size_t kernels = 0, delegates = 0;
    for (size_t i = 0; i < program.n_instructions; i++) {
        const struct et_instruction *instruction = &program.instructions[i];
        kernels += instruction->call == ET_CALL_KERNEL;
        delegates += instruction->call == ET_CALL_DELEGATE;
        if (instruction->call == ET_CALL_KERNEL)
            assert_string_equal(program.operators[instruction->index].name, "aten::cumsum.out");
        if (instruction->call == ET_CALL_DELEGATE) {
            assert_string_equal(program.delegates[instruction->index].id, "XnnpackBackend");
            assert_non_null(strstr(program.delegates[instruction->index].nodes, "FullyConnected"));
        }
    }
    assert_int_equal(kernels, 1);
    assert_int_equal(delegates, 2);
    et_program_release(&program);

    read_whole(&program, PTE("methods"), "second");
    assert_string_equal(program.operators[program.instructions[0].index].name, "aten::neg.out");
    et_program_release(&program);
    assert_int_equal(et_program_read(&program, PTE("methods"), "third", &err), ED_ERR_USAGE);
    assert_non_null(strstr(err.message, "forward, second"));
}

static void test_damaged_programs(void **state) {
    static const char *const paths[] = {PTE("mixed"), PTE("methods")};
    static struct et_program program;
    char path[] = "/tmp/edgedyno-pte-XXXXXX";
    const int fd = mkstemp(path);
    size_t read = 0;
    (void)state;
    assert_true(fd >= 0);
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        FILE *file = fopen(paths[i], "re");
        assert_non_null(file);
        static unsigned char whole[65536], damaged[65536];
        const size_t n = fread(whole, 1, sizeof whole, file);
        fclose(file);
        assert_in_range(n, 500, sizeof whole - 1);
        // Every byte of what is read first, in the ways that make offsets large, negative and absent.
        static const unsigned char values[] = {0, 1, 0x7f, 0x80, 0xff};
        for (size_t at = 0; at < n && at < 6000; at++) {
            memcpy(damaged, whole, n);
            damaged[at] = values[at % sizeof values];
            assert_int_equal(pwrite(fd, damaged, n, 0), n);
            if (et_program_read(&program, path, "forward", NULL) == ED_OK) {
                et_program_release(&program);
                read++;
            }
        }
        for (size_t length = 0; length < n; length += 1 + length / 16) {
            assert_int_equal(ftruncate(fd, 0), 0);
            assert_int_equal(pwrite(fd, whole, length, 0), length);
            if (et_program_read(&program, path, "forward", NULL) == ED_OK)
                et_program_release(&program);
        }
    }
    assert_true(read > 0);
    close(fd);
    unlink(path);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_whole_programs),
                                       cmocka_unit_test(test_damaged_programs)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
