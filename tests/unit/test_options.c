// SPDX-License-Identifier: Apache-2.0
// Command lines and values by option tables: what is taken, what is refused and with which words.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/options.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define ARGUMENTS_MAX 12

static const struct ed_option command_table[] = {
    {"device", 'd', ED_OPTION_LIST, "ID,TAG,GLOB", "", 0, 0, "", "devices to use", 0},
    {"threads", 't', ED_OPTION_INT_LIST, "N,...", "", 1, 1024, "", "threads of the engine", 0},
    {"blocks", 'r', ED_OPTION_INT, "N", "10", 1, 10000, "", "blocks of a case", 0},
    {"option", 'o', ED_OPTION_PAIR, "KEY=VALUE", "", 0, 0, "", "option of the adapter", ED_OPTION_REPEATABLE},
    {"deadline", 0, ED_OPTION_DURATION, "TIME", "", 1e6, 6e10, "", "deadline of an inference", 0},
    {"mem-limit", 0, ED_OPTION_SIZE, "SIZE", "", 1048576, 1099511627776, "", "memory limit", 0},
    {"min-placed", 0, ED_OPTION_SHARE, "SHARE", "", 0, 1, "", "least share of operators", 0},
    {"mde", 0, ED_OPTION_REAL, "X", "", -2.5, 7, "", "effect", 0},
    {"on-invalid", 0, ED_OPTION_WORD, "WORD", "retry", 0, 0, "retry|keep|stop", "what to do", 0},
    {"label", 0, ED_OPTION_TEXT, "", "", 0, 0, "", "any text", 0},
    {"out", 0, ED_OPTION_PATH, "DIR", "", 0, 0, "", "directory", 0},
    {"seed", 0, ED_OPTION_INT, "N", "", 0, 0, "", "seed", 0},
    {"ngl", 0, ED_OPTION_INT, "N", "", 0, 1000, "", "layers on the GPU", 0},
    {"pg", 0, ED_OPTION_TEXT, "P,N", "", 0, 0, "", "prompt and generated", 0},
    {"prompt", 'p', ED_OPTION_INT_LIST, "N", "", 1, 1e9, "", "prompt tokens", 0},
    {"n-gen", 'n', ED_OPTION_INT_LIST, "N", "", 0, 1e9, "", "generated tokens", 0},
    {"secret-thing", 0, ED_OPTION_FLAG, "", "", 0, 0, "", "for tests", ED_OPTION_HIDDEN},
};

static const struct ed_option global_table[] = {
    {"quiet", 'q', ED_OPTION_FLAG, "", "", 0, 0, "", "errors alone", 0},
    {"verbose", 'v', ED_OPTION_FLAG, "", "", 0, 0, "", "details", ED_OPTION_REPEATABLE},
    {"help", 'h', ED_OPTION_FLAG, "", "", 0, 0, "", "this text", 0},
    {"blocks", 'B', ED_OPTION_TEXT, "", "", 0, 0, "", "hidden behind the first table", 0},
};

static const struct ed_option *const tables[] = {command_table, global_table};
static const size_t counts[] = {COUNT(command_table), COUNT(global_table)};
static const struct ed_option_set set = {tables, counts, 2};

// Parses a line of words; the command's name is put in front.
static enum ed_status parse(struct ed_arguments *arguments, const char *const *words, struct ed_error *err) {
    const char *argv[ARGUMENTS_MAX + 2] = {"run"};
    int argc = 1;
    for (; words[argc - 1]; argc++) {
        assert_true(argc <= ARGUMENTS_MAX);
        argv[argc] = words[argc - 1];
    }
    return ed_arguments_parse(arguments, &set, argc, argv, err);
}

// One command line, and "name=text" for each value in order, then "+operand" for each operand.
struct right_case {
    const char *words[ARGUMENTS_MAX];
    const char *expected;
};

static const struct right_case right_cases[] = {
    {{NULL}, ""},
    {{"model.onnx", NULL}, "+model.onnx "},
    {{"--threads", "1,2", NULL}, "threads=1,2 "},
    {{"--threads=1-8*2", NULL}, "threads=1-8*2 "},
    {{"-t", "4", NULL}, "threads=4 "},
    {{"-t4", NULL}, "threads=4 "},
    {{"-t=4", NULL}, "threads=4 "},
    {{"-qv", NULL}, "quiet= verbose= "},
    {{"-qvt4", NULL}, "quiet= verbose= threads=4 "},
    {{"-qvt", "4", NULL}, "quiet= verbose= threads=4 "},
    {{"-vvv", NULL}, "verbose= verbose= verbose= "},
    {{"-v", "suite.json", "-q", NULL}, "verbose= quiet= +suite.json "},
    {{"a", "-t", "2", "b", "--out", "d", "c", NULL}, "threads=2 out=d +a +b +c "},
    {{"-ngl", "0", NULL}, "ngl=0 "},
    {{"-ngl=99", NULL}, "ngl=99 "},
    {{"--ngl", "99", NULL}, "ngl=99 "},
    {{"--ngl=99", NULL}, "ngl=99 "},
    {{"-pg", "512,128", NULL}, "pg=512,128 "},
    {{"-p", "512", NULL}, "prompt=512 "},
    {{"-p512", NULL}, "prompt=512 "},
    {{"-n", "0", NULL}, "n-gen=0 "},
    {{"--", "-q", "--nope", "--", NULL}, "+-q +--nope +-- "},
    {{"-q", "--", NULL}, "quiet= "},
    {{"-", NULL}, "+- "},
    {{"--out", "-", NULL}, "out=- "},
    {{"--out=--", NULL}, "out=-- "},
    {{"--seed", "-5", NULL}, "seed=-5 "},
    {{"--mde", "-2.5", NULL}, "mde=-2.5 "},
    {{"--mde", "7", "-r", "10000", NULL}, "mde=7 blocks=10000 "},
    {{"-r1", NULL}, "blocks=1 "},
    {{"--label", "", NULL}, "label= "},
    {{"--label=", NULL}, "label= "},
    {{"--label=--quiet", NULL}, "label=--quiet "},
    {{"--label=a=b", NULL}, "label=a=b "},
    {{"-o", "a=1", "-ob=2", "--option=c=", NULL}, "option=a=1 option=b=2 option=c= "},
    {{"-d", "pi,lab-*", NULL}, "device=pi,lab-* "},
    {{"--deadline", "5 ms", "--mem-limit", "64MiB", "--min-placed", "99 %", NULL},
     "deadline=5 ms mem-limit=64MiB min-placed=99 % "},
    {{"--on-invalid", "stop", NULL}, "on-invalid=stop "},
    {{"--secret-thing", NULL}, "secret-thing= "},
    {{"", NULL}, "+ "},
};

static void right_lines(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(right_cases); i++) {
        struct ed_arguments arguments;
        struct ed_error err = {0};
        char got[512] = "";
        size_t n = 0;
        if (parse(&arguments, right_cases[i].words, &err) != ED_OK)
            fail_msg("case %zu: %s: %s", i, err.where, err.message);
        for (size_t k = 0; k < arguments.n_values; k++)
            n += (size_t)snprintf(got + n, sizeof got - n, "%s=%s ", arguments.values[k].option->name,
                                  arguments.values[k].text);
        for (size_t k = 0; k < arguments.n_operands; k++)
            n += (size_t)snprintf(got + n, sizeof got - n, "+%s ", arguments.operands[k]);
        assert_string_equal(got, right_cases[i].expected);
        ed_arguments_release(&arguments);
    }
}

// One command line that is refused, and the whole message as "WHERE: MESSAGE".
struct wrong_case {
    const char *words[ARGUMENTS_MAX];
    const char *message;
};

static const struct wrong_case wrong_cases[] = {
    {{"--thread", "4", NULL}, "--thread: no such flag; did you mean --threads?"},
    {{"--therads=4", NULL}, "--therads: no such flag; did you mean --threads?"},
    {{"--thr", NULL}, "--thr: no such flag; did you mean --threads?"},
    {{"--zebra", NULL}, "--zebra: no such flag; --help lists all"},
    {{"--secret-thin", NULL}, "--secret-thin: no such flag; --help lists all"},
    {{"--t", "4", NULL}, "--t: no such flag; did you mean -t?"},
    {{"--=4", NULL}, "--: no such flag; --help lists all"},
    {{"-z", NULL}, "-z: no such flag; --help lists all"},
    {{"-qz", NULL}, "-qz: no such flag -z; --help lists all"},
    {{"-treads", NULL},
     "-t (--threads): \"reads\" is neither a whole number nor a range; write 1,2,8 or a range as 1-8, 1-8*2 "
     "or 1-8+3"},
    {{"-lable", "x", NULL}, "-lable: no such flag; did you mean --label?"},
    {{"-device", "pi", NULL}, "-device: long flags have two dashes; write --device"},
    {{"-device=pi", NULL}, "-device: long flags have two dashes; write --device=pi"},
    {{"-q", "-q", NULL}, "-q (--quiet): given twice; give it once"},
    {{"--out", "a", "--out", "b", NULL}, "--out: given twice (\"a\" and \"b\"); give it once"},
    {{"-t", "1", "--threads=2", NULL},
     "--threads: given twice (\"1\" and \"2\"); give it once, with commas between the values"},
    {{"--out", NULL}, "--out: a value is missing; write --out DIR"},
    {{"-t", NULL}, "-t (--threads): a value is missing; write --threads N,..."},
    {{"-ngl", NULL}, "-ngl: a value is missing; write --ngl N"},
    {{"--label", NULL}, "--label: a value is missing; write --label VALUE"},
    {{"--out", "--quiet", NULL},
     "--out: a value is missing before \"--quiet\"; where that is the value, write --out=--quiet"},
    {{"--out", "-q", NULL},
     "--out: a value is missing before \"-q\"; where that is the value, write --out=-q"},
    {{"--out", "--", NULL},
     "--out: a value is missing before \"--\"; where that is the value, write --out=--"},
    {{"--out", "-ngl", "0", NULL},
     "--out: a value is missing before \"-ngl\"; where that is the value, write --out=-ngl"},
    {{"--quiet=1", NULL}, "--quiet: takes no value, and \"1\" was given"},
    {{"-q=1", NULL}, "-q (--quiet): takes no value, and \"1\" was given"},
    {{"-ngl0", NULL}, "-ngl0: -ngl and its value are two words; write -ngl 0"},
    {{"--ngl", "1001", NULL}, "--ngl: \"1001\" is outside the range 0 to 1000"},
    {{"-r", "0", NULL}, "-r (--blocks): \"0\" is outside the range 1 to 10000"},
    {{"-r", "1e3", NULL}, "-r (--blocks): \"1e3\" is not a whole number; write for example \"4\""},
    {{"-r", "", NULL}, "-r (--blocks): a whole number is missing; write for example \"4\""},
    {{"--mde", "7.5", NULL}, "--mde: \"7.5\" is outside the range -2.5 to 7"},
    {{"--deadline", "5", NULL},
     "--deadline: \"5\" has no unit; write for example \"5 ms\" (units: ns, us, ms, s, min, h)"},
    {{"--deadline", "2 min", NULL}, "--deadline: \"2 min\" is outside the range 1.00 ms to 1.00 min"},
    {{"--mem-limit", "1 B", NULL}, "--mem-limit: \"1 B\" is outside the range 1.00 MiB to 1.00 TiB"},
    {{"--min-placed", "-1 %", NULL}, "--min-placed: \"-1 %\" is outside the range 0 to 1"},
    {{"--on-invalid", "kep", NULL},
     "--on-invalid: \"kep\" is none of retry|keep|stop; did you mean \"keep\"?"},
    {{"--on-invalid", "zebra", NULL}, "--on-invalid: \"zebra\" is none of retry|keep|stop"},
    {{"--on-invalid", "", NULL}, "--on-invalid: \"\" is none of retry|keep|stop"},
    {{"--on-invalid", "retry|keep", NULL}, "--on-invalid: \"retry|keep\" is none of retry|keep|stop"},
    {{"-o", "json", NULL}, "-o (--option): \"json\" has no '='; write KEY=VALUE"},
    {{"-o", "=1", NULL}, "-o (--option): \"=1\" has no key before '='; write KEY=VALUE"},
    {{"--out", "", NULL}, "--out: the path is empty"},
    {{"-d", "a,,b", NULL}, "-d (--device): part 2 of the list \"a,,b\" is empty; remove the extra comma"},
    {{"-d", "", NULL}, "-d (--device): the list is empty; write its parts with commas between them"},
    {{"-t", "0", NULL}, "-t (--threads): 0 is outside the range 1 to 1024"},
    {{"-t", "1-2000", NULL}, "-t (--threads): 2000 is outside the range 1 to 1024"},
    {{"-p", "1-5000", NULL},
     "-p (--prompt): the list has more than 1024 values; give fewer, or a larger step"},
};

static void wrong_lines(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(wrong_cases); i++) {
        struct ed_arguments arguments;
        struct ed_error err = {0};
        char got[ED_ERROR_WHERE_BYTES + ED_ERROR_MESSAGE_BYTES + 2];
        enum ed_status status = parse(&arguments, wrong_cases[i].words, &err);
        snprintf(got, sizeof got, "%s: %s", err.where, err.message);
        assert_string_equal(got, wrong_cases[i].message);
        assert_int_equal(status, ED_ERR_USAGE);
        assert_int_equal(err.code, ED_ERR_USAGE);
        assert_null(arguments.values);
        assert_null(arguments.operands);
        assert_int_equal(arguments.n_values + arguments.n_operands, 0);
        ed_arguments_release(&arguments);
    }
}

static void lookups(void **state) {
    (void)state;
    static const char *const words[] = {"-o", "a=1", "-o", "b=2", "-q", "--label", "", NULL};
    struct ed_arguments arguments;
    struct ed_error err = {0};
    assert_int_equal(parse(&arguments, words, &err), ED_OK);
    assert_string_equal(ed_arguments_get(&arguments, "option"), "b=2");
    assert_ptr_equal(ed_arguments_get(&arguments, "option"), words[3]);
    assert_string_equal(ed_arguments_get(&arguments, "quiet"), "");
    assert_true(ed_arguments_has(&arguments, "label"));
    assert_false(ed_arguments_has(&arguments, "verbose"));
    assert_null(ed_arguments_get(&arguments, "threads"));
    ed_arguments_release(&arguments);
    ed_arguments_release(&arguments);
    assert_int_equal(ed_arguments_parse(&arguments, &set, 0, NULL, &err), ED_OK);
    assert_int_equal(arguments.n_values + arguments.n_operands, 0);
}

// Hundreds of values and operands: the arrays grow.
static void many_arguments(void **state) {
    (void)state;
    enum { N = 700 };
    const char *argv[2 * N + 1] = {"run"};
    char bundle[N + 2] = "-";
    struct ed_arguments arguments;
    struct ed_error err = {0};
    memset(bundle + 1, 'v', N);
    for (int i = 0; i < N; i++) {
        argv[1 + 2 * i] = i % 2 ? bundle : "-oa=b";
        argv[2 + 2 * i] = "operand";
    }
    assert_int_equal(ed_arguments_parse(&arguments, &set, 2 * N + 1, argv, &err), ED_OK);
    assert_int_equal(arguments.n_operands, N);
    assert_int_equal(arguments.n_values, N / 2 * N + N / 2);
    ed_arguments_release(&arguments);
}

static void adapter_flag(void **state) {
    (void)state;
    static const struct ed_option option = {"fast", 0, ED_OPTION_FLAG, "", "", 0, 0, "", "faster", 0};
    static const char *const right[] = {"0", "1", "true", "false"};
    struct ed_error err = {0};
    for (size_t i = 0; i < COUNT(right); i++)
        assert_int_equal(ed_option_check(&option, "option fast", right[i], &err), ED_OK);
    assert_int_equal(ed_option_check(&option, "option fast", "yes", &err), ED_ERR_USAGE);
    assert_string_equal(err.where, "option fast");
    assert_string_equal(err.message, "\"yes\" is none of 0, 1, true, false");
    assert_int_equal(ed_option_check(&option, NULL, "", NULL), ED_ERR_USAGE);
}

struct list_case {
    const char *text;
    int64_t min, max;
    size_t n;
    int64_t values[8];
};

static const struct list_case list_cases[] = {
    {"1", 0, 100, 1, {1}},
    {"1,2,8", 0, 100, 3, {1, 2, 8}},
    {"8,1", 0, 100, 2, {8, 1}},
    {"1-4", 0, 100, 4, {1, 2, 3, 4}},
    {"1-8*2", 0, 100, 4, {1, 2, 4, 8}},
    {"1-8+3", 0, 100, 3, {1, 4, 7}},
    {"1-9*2", 0, 100, 4, {1, 2, 4, 8}},
    {"3-3", 0, 100, 1, {3}},
    {"3-3*2", 0, 100, 1, {3}},
    {"1,1-2,2,1-3", 0, 100, 3, {1, 2, 3}},
    {"0-1", 0, 100, 2, {0, 1}},
    {"-2", -5, 5, 1, {-2}},
    {"-2-1", -5, 5, 4, {-2, -1, 0, 1}},
    {"-3--2", -5, 5, 2, {-3, -2}},
    {"9223372036854775806-9223372036854775807", INT64_MIN, INT64_MAX, 2, {INT64_MAX - 1, INT64_MAX}},
    {"9223372036854775800-9223372036854775807+5", 0, INT64_MAX, 2, {INT64_MAX - 7, INT64_MAX - 2}},
    {"1-9223372036854775807*4611686018427387904", 0, INT64_MAX, 2, {1, INT64_C(4611686018427387904)}},
    {"-9223372036854775808", INT64_MIN, INT64_MAX, 1, {INT64_MIN}},
    {"1-8", 0, 100, 8, {1, 2, 3, 4, 5, 6, 7, 8}},
    {"1-8,1-8,5", 0, 100, 8, {1, 2, 3, 4, 5, 6, 7, 8}},
};

static void int_lists(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(list_cases); i++) {
        const struct list_case *c = &list_cases[i];
        struct ed_error err = {0};
        int64_t values[8];
        size_t n = 99;
        if (ed_options_int_list(c->text, "-t", c->min, c->max, values, 8, &n, &err) != ED_OK)
            fail_msg("%s: %s", c->text, err.message);
        assert_int_equal(n, c->n);
        assert_memory_equal(values, c->values, n * sizeof *values);
    }
}

static const struct {
    const char *text;
    enum ed_status status;
    const char *message; // a part of it
} wrong_lists[] = {
    {"", ED_ERR_USAGE, "a part of the list is empty; write 1,2,8 or a range as 1-8, 1-8*2 or 1-8+3"},
    {"1,,2", ED_ERR_USAGE, "a part of the list is empty"},
    {"1,", ED_ERR_USAGE, "a part of the list is empty"},
    {",1", ED_ERR_USAGE, "a part of the list is empty"},
    {"1-8*1", ED_ERR_USAGE, "the factor behind '*' in \"1-8*1\" must be at least 2"},
    {"1-8*0", ED_ERR_USAGE, "must be at least 2"},
    {"1-8*-2", ED_ERR_USAGE, "must be at least 2"},
    {"0-8*2", ED_ERR_USAGE, "a range with '*' starts at 1 or more, and \"0-8*2\" does not"},
    {"-4-8*2", ED_ERR_USAGE, "a range with '*' starts at 1 or more"},
    {"1-8+0", ED_ERR_USAGE, "the step behind '+' in \"1-8+0\" must be at least 1"},
    {"1-8+-1", ED_ERR_USAGE, "must be at least 1"},
    {"8-1", ED_ERR_USAGE, "the range \"8-1\" goes down; write its smaller end first"},
    {"8-1*2", ED_ERR_USAGE, "goes down"},
    {"1-", ED_ERR_USAGE, "\"1-\" is neither a whole number nor a range"},
    {"-", ED_ERR_USAGE, "neither"},
    {"1-8*", ED_ERR_USAGE, "neither"},
    {"1-8/2", ED_ERR_USAGE, "neither"},
    {"1*2", ED_ERR_USAGE, "neither"},
    {"1-8*2*2", ED_ERR_USAGE, "neither"},
    {"1-2-3", ED_ERR_USAGE, "neither"},
    {"+1", ED_ERR_USAGE, "neither"},
    {"1 ,2", ED_ERR_USAGE, "neither"},
    {"1.5", ED_ERR_USAGE, "neither"},
    {"a", ED_ERR_USAGE, "\"a\" is neither"},
    {"9223372036854775808", ED_ERR_USAGE, "does not fit in 64 bits"},
    {"1-9223372036854775808", ED_ERR_USAGE, "does not fit in 64 bits"},
    {"1-8+99999999999999999999", ED_ERR_USAGE, "does not fit in 64 bits"},
    {"1001", ED_ERR_USAGE, "1001 is outside the range -1000 to 1000"},
    {"-1001", ED_ERR_USAGE, "-1001 is outside the range"},
    {"1-1001", ED_ERR_USAGE, "1001 is outside the range"},
    {"1-9", ED_ERR_LIMIT, "the list has more than 8 values; give fewer, or a larger step"},
    {"1,2,3,4,5,6,7,8,9", ED_ERR_LIMIT, "more than 8 values"},
    {"-1000-1000", ED_ERR_LIMIT, "more than 8 values"},
};

static void wrong_int_lists(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(wrong_lists); i++) {
        struct ed_error err = {0};
        int64_t values[8];
        size_t n = 99;
        enum ed_status status =
            ed_options_int_list(wrong_lists[i].text, "-t", -1000, 1000, values, 8, &n, &err);
        if (status != wrong_lists[i].status || !strstr(err.message, wrong_lists[i].message))
            fail_msg("%s: %s: %s", wrong_lists[i].text, ed_status_word(status), err.message);
        assert_string_equal(err.where, "-t");
        assert_int_equal(n, 99);
    }
}

static void text_lists(void **state) {
    (void)state;
    struct ed_error err = {0};
    char **parts = NULL;
    size_t n = 0;
    assert_int_equal(ed_options_list("onnxruntime/*,llama.cpp@b1/cpu, x", "--on", &parts, &n, &err), ED_OK);
    assert_int_equal(n, 3);
    assert_string_equal(parts[0], "onnxruntime/*");
    assert_string_equal(parts[1], "llama.cpp@b1/cpu");
    assert_string_equal(parts[2], " x");
    free(parts);
    assert_int_equal(ed_options_list("one", "--on", &parts, &n, &err), ED_OK);
    assert_int_equal(n, 1);
    assert_string_equal(parts[0], "one");
    free(parts);
    static const char *const wrong[] = {"", ",", "a,", ",a", "a,,b"};
    for (size_t i = 0; i < COUNT(wrong); i++) {
        assert_int_equal(ed_options_list(wrong[i], "--on", &parts, &n, &err), ED_ERR_USAGE);
        assert_string_equal(err.where, "--on");
    }
    assert_string_equal(err.message, "part 2 of the list \"a,,b\" is empty; remove the extra comma");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(right_lines),     cmocka_unit_test(wrong_lines),  cmocka_unit_test(lookups),
        cmocka_unit_test(many_arguments),  cmocka_unit_test(adapter_flag), cmocka_unit_test(int_lists),
        cmocka_unit_test(wrong_int_lists), cmocka_unit_test(text_lists),
    };
    return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
