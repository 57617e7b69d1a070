// SPDX-License-Identifier: Apache-2.0
// Every kind of mistake in a suite, with its status, place and words.
#include "tests/unit/suite_place.h"

static void test_messages(void **state) {
    static const struct {
        const char *text;
        enum ed_status status;
        const char *where, *words[3];
    } rows[] = {
        {"{" MODELS ", \"thread\": [1]}", ED_ERR_USAGE, "/thread", {"did you mean \"threads\""}},
        {"{" MODELS ", \"block\": {\"min_tme\": \"1 s\"}}",
         ED_ERR_USAGE,
         "/block/min_tme",
         {"did you mean \"min_time\""}},
        {"{\"models\": [{\"name\": \"m\", \"variant\": []}]}",
         ED_ERR_USAGE,
         "/models/0/variant",
         {"\"variants\""}},
        {"{" MODELS ", \"blocks\": \"10\"}",
         ED_ERR_USAGE,
         "/blocks",
         {"whole number from 1 to 1000", "string \"10\""}},
        {"{" MODELS ", \"on\": \"null\"}", ED_ERR_USAGE, "/on", {"expected an array", "found"}},
        {"{" MODELS ", \"max_time\": 5}", ED_ERR_USAGE, "/max_time", {"unit", "5 ms"}},
        {"{" MODELS ", \"max_time\": \"5\"}", ED_ERR_USAGE, "/max_time", {"unit"}},
        {"{" MODELS ", \"max_time\": \"1 ns\"}", ED_ERR_USAGE, "/max_time", {"outside", "1.00 s"}},
        {"{" MODELS ", \"max_time\": null}", ED_ERR_USAGE, "/max_time", {"null", "leave the key out"}},
        {"{" MODELS ", \"pin\": \"3-1\"}", ED_ERR_USAGE, "/pin", {"list of CPUs", "0,2-3"}},
        {"{" MODELS ", \"threads\": \"8-1\"}", ED_ERR_USAGE, "/threads", {"goes down"}},
        {"{" MODELS ", \"threads\": \"1-4096\"}", ED_ERR_LIMIT, "/threads", {"more than 64"}},
        {"{" MODELS ", \"on\": [\"a\", \"b\\\\cpu\"]}",
         ED_ERR_USAGE,
         "/on/1",
         {"engine in \"b\\cpu\"", "NAME[@VERSION][/BACKEND]"}},
        {"{" MODELS ", \"on\": [\"a@/cpu\"]}", ED_ERR_USAGE, "/on/0", {"no version"}},
        {"{" MODELS ", \"on\": [\"a/\"]}", ED_ERR_USAGE, "/on/0", {"no backend"}},
        {"{" MODELS ", \"label\": {\"a\": \"b c\"}}",
         ED_ERR_USAGE,
         "/label/a",
         {"\"b c\"", "without spaces"}},
        {"{" MODELS ", \"options\": {\"a b\": \"c\"}}", ED_ERR_USAGE, "/options/a b", {"the key \"a b\""}},
        {"{" MODELS ", \"require\": [\"latency_p91_ns <= 5 ms\"]}",
         ED_ERR_USAGE,
         "/require/0",
         {"nearest", "latency_p9"}},
        {"{" MODELS ", \"require\": [\"latency_p90_ns <= 5\"]}", ED_ERR_USAGE, "/require/0", {"unit"}},
        {"{" MODELS ", \"block\": {\"min_time\": \"11 s\"}}",
         ED_ERR_USAGE,
         "/block",
         {"min_time", "max_time"}},
        {"{" MODELS ", \"block\": {\"max_time\": \"11 min\"}}",
         ED_ERR_USAGE,
         "/block",
         {"timeout", "killed"}},
        {"{}", ED_ERR_USAGE, "/", {"needs \"models\""}},
        {"{\"models\": []}", ED_ERR_USAGE, "/models", {"empty"}},
        {"{\"models\": [{\"variants\": [" VARIANT "]}]}", ED_ERR_USAGE, "/models/0", {"needs \"name\""}},
        {"{\"models\": [{\"name\": \"m\", \"variants\": []}]}",
         ED_ERR_USAGE,
         "/models/0/variants",
         {"at least 1"}},
        {"{\"models\": [{\"name\": \"m\", \"variants\": [{\"name\": \"v\"}]}]}",
         ED_ERR_USAGE,
         "/models/0/variants/0",
         {"needs \"file\" or \"files\""}},
        {"{\"models\": [{\"name\": \"m\", \"variants\": [{\"name\": \"v\", \"file\": \"a.onnx\", \"files\": "
         "[\"b.onnx\"]}]}]}",
         ED_ERR_USAGE,
         "/models/0/variants/0",
         {"both \"file\" and \"files\""}},
        {"{\"models\": [{\"name\": \"m\", \"variants\": [{\"name\": \"v\", \"file\": \"c.onnx\"}]}]}",
         ED_ERR_NOT_FOUND,
         "/models/0/variants/0/file",
         {"/c.onnx", "relative names start in"}},
        {"{\"models\": [{\"name\": \"m\", \"variants\": [{\"name\": \"v\", \"file\": \"folder\"}]}]}",
         ED_ERR_USAGE,
         "/models/0/variants/0/file",
         {"/folder is a directory"}},
        {"{\"models\": [{\"name\": \"m\", \"variants\": [{\"name\": \"v\", \"files\": [\"a.onnx\", "
         "\"pipe\"]}]}]}",
         ED_ERR_USAGE,
         "/models/0/variants/0/files/1",
         {"/pipe is not a regular file"}},
        {"{\"models\": [{\"name\": \"m\", \"variants\": [{\"name\": \"v\", \"files\": [\"a.onnx\", "
         "\"folder/a.onnx\"]}]}]}",
         ED_ERR_USAGE,
         "/models/0/variants/0",
         {"called a.onnx"}},
        {"{\"models\": [{\"name\": \"m\", \"variants\": [" VARIANT "," VARIANT "]}]}",
         ED_ERR_USAGE,
         "/models/0/variants/1",
         {"\"v\"", "/variants/0", "every variant"}},
        {"{\"models\": [{\"name\": \"m\", \"reference\": \"int9\", \"variants\": [{\"name\": \"fp32\", "
         "\"file\": \"a.onnx\"}, {\"name\": \"int8\", "
         "\"file\": \"b.onnx\"}]}]}",
         ED_ERR_USAGE,
         "/models/0/reference",
         {"did you mean \"int8\""}},
        {"{\"models\": [{\"name\": \"m\", \"variants\": [{\"name\": \"v\", \"file\": \"a.onnx\", \"how\": "
         "\"prune\"}]}]}",
         ED_ERR_USAGE,
         "/models/0/variants/0/how",
         {"ptq|qat|pruned|distilled", "did you mean \"pruned\""}},
        {"{\"models\": [{\"name\": \"m\", \"variants\": [" VARIANT
         "], \"tasks\": [{\"name\": \"t\", \"data\": \"x.npy\"}]}]}",
         ED_ERR_USAGE,
         "/models/0/tasks/0",
         {"needs \"labels\""}},
        {"{\"models\": [{\"name\": \"m\", \"variants\": [" VARIANT
         "], \"tasks\": [{\"name\": \"t\", \"data\": [], \"labels\": \"y.npy\"}]}]}",
         ED_ERR_USAGE,
         "/models/0/tasks/0/data",
         {"a file in quotes, or an object", "found an array"}},
        {"{\"models\": [{\"name\": \"m\", \"variants\": [" VARIANT "], \"shapes\": {\"a/b\": [1, \"2\"]}}]}",
         ED_ERR_USAGE,
         "/models/0/shapes/a~1b/1",
         {"whole number"}},
        {"{" MODELS ", \"blocks\": 1, \"blocks\": 2}", ED_ERR_PARSE, "/blocks", {"twice"}},
        {"{" MODELS ",}", ED_ERR_PARSE, "s.json:1:", {""}},
    };
    const struct place *place = *state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct ed_suite suite = {0};
        struct ed_error err;
        assert_int_equal(parse(place, &suite, rows[i].text, &err), rows[i].status);
        assert_int_equal(err.code, rows[i].status);
        assert_zero(&suite);
        size_t wanted = strlen(rows[i].where), found = strlen(err.where);
        bool ends = rows[i].where[0] == '/'
                        ? found > wanted && strcmp(err.where + found - wanted, rows[i].where) == 0 &&
                              err.where[found - wanted - 1] == ' '
                        : strncmp(err.where, rows[i].where, wanted) == 0;
        for (size_t k = 0; k < COUNT(rows[i].words) && rows[i].words[k]; k++)
            ends = ends && strstr(err.message, rows[i].words[k]) != NULL;
        if (!ends)
            fail_msg("%s\ngave %s: %s", rows[i].text, err.where, err.message);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_messages)};
    return cmocka_run_group_tests(tests, place_make, place_remove);
}
