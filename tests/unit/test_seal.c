// SPDX-License-Identifier: Apache-2.0
// The seal of campaign.json: any other byte is seen, and what only makes it look otherwise is not.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "harness/seal.h"

static void write_sealed(struct ed_buffer *text, const char *name) {
    struct ed_json_writer w;
    ed_buffer_init(text, 1u << 16);
    ed_json_writer_init(&w, text, true);
    ed_json_object_begin(&w, NULL);
    ed_json_text(&w, "name", name);
    ed_json_array_begin(&w, "list");
    ed_json_int(&w, NULL, 7);
    ed_json_array_end(&w);
    ed_seal_write(&w, text);
    ed_json_object_end(&w);
    ed_buffer_text_append(text, "\n");
    assert_false(w.misuse);
}

static enum ed_seal check(const char *text) {
    return ed_seal_check(text, strlen(text));
}

static void test_every_byte(void **state) {
    struct ed_buffer text;
    (void)state;
    write_sealed(&text, "m");
    assert_int_equal(check(ed_buffer_text(&text)), ED_SEAL_WHOLE);
    for (size_t i = 0; i < text.size; i++)
        for (int bit = 0; bit < 8; bit++) {
            const char was = text.data[i];
            const bool is_blank = was == ' ' || was == '\n';
            text.data[i] = (char)(was ^ 1 << bit);
            // Around the seal itself blanks are of one kind.
            if (!is_blank && ed_seal_check(text.data, text.size) == ED_SEAL_WHOLE)
                fail_msg("byte %zu as %d is not seen", i, text.data[i]);
            text.data[i] = was;
        }
    for (size_t n = 0; n + 1 < text.size; n++)
        assert_int_not_equal(ed_seal_check(ed_buffer_text(&text), n), ED_SEAL_WHOLE);
    ed_buffer_release(&text);
}

static void test_forms(void **state) {
    struct ed_buffer text, more;
    (void)state;
    // A text that looks like the key, in its own quotes, is none.
    write_sealed(&text, ED_SEAL_KEY);
    assert_int_equal(check(ed_buffer_text(&text)), ED_SEAL_WHOLE);
    ed_buffer_init(&more, 1u << 16);
    ed_buffer_printf(&more, "%s \r\n", ed_buffer_text(&text));
    assert_int_equal(check(ed_buffer_text(&more)), ED_SEAL_WHOLE);
    ed_buffer_printf(&more, "{}");
    assert_int_equal(check(ed_buffer_text(&more)), ED_SEAL_BROKEN);
    ed_buffer_clear(&more);
    ed_buffer_printf(&more, "%.*s,\"more\":1}", (int)(text.size - 3), ed_buffer_text(&text));
    assert_int_equal(check(ed_buffer_text(&more)), ED_SEAL_BROKEN);
    ed_buffer_release(&more);
    ed_buffer_release(&text);
    assert_int_equal(check(""), ED_SEAL_MISSING);
    assert_int_equal(check("{}"), ED_SEAL_MISSING);
    assert_int_equal(check("\"" ED_SEAL_KEY "\""), ED_SEAL_BROKEN);
    assert_int_equal(check("{\"" ED_SEAL_KEY "\":7}"), ED_SEAL_BROKEN);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_byte),
        cmocka_unit_test(test_forms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
