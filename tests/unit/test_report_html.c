// SPDX-License-Identifier: Apache-2.0
// The HTML report and the figures for a terminal over sets of records with blocks, channels, operators and
// places behind them: the page and the commands of its figures, byte for byte against tests/golden/html/.
// UPDATE_GOLDEN=1 writes the files anew. The style sheet, the script and the whole records are left out of
// the page; that gnuplot draws what is commanded, and what a browser makes of it, is tested by tests/html.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "reports/html/page.h"
#include "reports/plot.h"
#include "reports/registry.h"
#include "reports/text.h"
#include "tests/unit/gate_rows.h"
#include "tests/unit/report_sets.h"

#define OUTPUT_MAX ((size_t)64 << 20)
#define BLOCKS 3
#define SAMPLES 12
#define READINGS 6

struct behind {
    struct ed_report_block blocks[RECORDS_MAX][BLOCKS];
    char ids[RECORDS_MAX][BLOCKS][32];
    int64_t samples[RECORDS_MAX][BLOCKS][SAMPLES];
    int64_t moments[READINGS], temperatures[READINGS], flags[READINGS];
    struct ed_report_channel channels[2];
    struct ed_report_op ops[3];
    struct ed_report_place places[2];
    const struct ed_result *records;
    size_t n_samples;
};

static enum ed_status blocks_of(void *context, const struct ed_result *result,
                                const struct ed_report_block **blocks, size_t *n, struct ed_error *err) {
    struct behind *behind = context;
    (void)err;
    *blocks = behind->blocks[result - behind->records];
    *n = ed_view_ran(result) ? BLOCKS : 0;
    return ED_OK;
}

static enum ed_status channels_of(void *context, const char *device,
                                  const struct ed_report_channel **channels, size_t *n,
                                  struct ed_error *err) {
    struct behind *behind = context;
    (void)device;
    (void)err;
    *channels = behind->channels;
    *n = 2;
    return ED_OK;
}

static enum ed_status ops_of(void *context, const struct ed_result *result, const struct ed_report_op **ops,
                             size_t *n, struct ed_error *err) {
    struct behind *behind = context;
    (void)err;
    *ops = behind->ops;
    *n = result == behind->records ? 3 : 0;
    return ED_OK;
}

static enum ed_status places_of(void *context, const struct ed_result *result,
                                const struct ed_report_place **places, size_t *n, struct ed_error *err) {
    struct behind *behind = context;
    (void)err;
    *places = behind->places;
    *n = result == behind->records ? 2 : 0;
    return ED_OK;
}

static struct behind *behind_new(const struct set *set) {
    struct behind *behind = calloc(1, sizeof *behind);
    assert_non_null(behind);
    behind->records = set->records;
    for (size_t r = 0; r < set->n; r++) {
        const int64_t median =
            set->records[r].has[ED_FIELD_latency_p50_ns] ? set->records[r].latency_p50_ns : 1000000;
        for (size_t b = 0; b < BLOCKS; b++) {
            const int64_t start = (int64_t)(b * set->n + r) * 2000000000;
            for (size_t i = 0; i < SAMPLES; i++)
                behind->samples[r][b][i] = median + (int64_t)((i * 7 + b * 3) % 20) * (median / 100) +
                                           (i == 9 && b == 2 ? 30 * median : 0);
            snprintf(behind->ids[r][b], sizeof behind->ids[r][b], "c%zu.timing.%zu", r, b + 1);
            behind->blocks[r][b] = (struct ed_report_block){
                .id = behind->ids[r][b],
                .outcome = "ok",
                .pass = "timing",
                .started_ns = start,
                .loaded_ns = start + 200000000,
                .timed_begin_ns = start + 500000000,
                .timed_end_ns = start + 1500000000,
                .ended_ns = start + 1600000000,
                .samples_ns = behind->samples[r][b],
                .n_samples = SAMPLES,
                .batch = 1,
                .valid = b != 1 || r != 0,
                .reasons = b != 1 || r != 0 ? "" : "invalid_busy",
            };
        }
    }
    for (size_t i = 0; i < READINGS; i++) {
        behind->moments[i] = (int64_t)i * 1000000000;
        behind->temperatures[i] = 40000 + (int64_t)i * 1500;
        behind->flags[i] = i == 4 ? 0x50004 : 0x50000; // remembered, and once at the moment
    }
    behind->channels[0] =
        (struct ed_report_channel){"thermal.'<soc>'`date`", "temperature",       "mc", "board", READINGS,
                                   behind->moments,         behind->temperatures};
    behind->channels[1] = (struct ed_report_channel){
        "raspberry_pi.throttled", "flags", "bits", "board", READINGS, behind->moments, behind->flags};
    behind->ops[0] = (struct ed_report_op){"conv<1>", "Conv", "npu", 40, 30000000, 0.6};
    behind->ops[1] = (struct ed_report_op){"=cmd()", "Softmax", "cpu", 40, 15000000, 0.3};
    behind->ops[2] = (struct ed_report_op){"add", "Add", "npu", 40, 5000000, 0.1};
    behind->places[0] = (struct ed_report_place){"NpuDelegate", "npu", "Conv,Add", "node", 2, 3};
    behind->places[1] = (struct ed_report_place){"CPU", "cpu", "Softmax", "node", 1, 3};
    return behind;
}

static enum ed_status buffer_write(void *context, const char *bytes, size_t n, struct ed_error *err) {
    ed_buffer_append(context, bytes, n);
    return ed_buffer_status(context, "the test's output", err);
}

// Keeps what it is to draw, and answers as a machine without gnuplot does.
static enum ed_status keep_commands(void *context, const char *script, size_t bytes,
                                    const struct ed_sink *out, struct ed_error *err) {
    (void)out;
    ed_buffer_append(context, script, bytes);
    return ed_fail(err, ED_ERR_NO_PROGRAM, "gnuplot", "is not to be found");
}

static void golden_compare(const char *name, const struct ed_buffer *out) {
    char path[512];
    const char *update = getenv("UPDATE_GOLDEN");
    const bool writing = update && strcmp(update, "1") == 0;
    snprintf(path, sizeof path, "%s/tests/golden/html/%s", ED_SOURCE_DIR, name);
    FILE *file = fopen(path, writing ? "wb" : "rb");
    if (!file)
        fail_msg("%s is missing; run with UPDATE_GOLDEN=1 to make it", path);
    if (writing) {
        assert_int_equal(fwrite(ed_buffer_text(out), 1, out->size, file), out->size);
        assert_int_equal(fclose(file), 0);
        return;
    }
    char *wanted = malloc(out->size + 2);
    assert_non_null(wanted);
    size_t n = fread(wanted, 1, out->size + 1, file), at = 0, line = 1;
    fclose(file);
    while (at < n && at < out->size && wanted[at] == out->data[at])
        line += wanted[at++] == '\n';
    const bool same = n == out->size && at == n;
    free(wanted);
    if (!same)
        fail_msg("%s differs at byte %zu, line %zu; UPDATE_GOLDEN=1 writes it anew", path, at, line);
}

// The page without what stands in its style and script elements, the script's digest and the records as
// files.
static void without_assets(struct ed_buffer *out, const char *page) {
    static const char *const starts[] = {"'sha256-", "<style>\n", "download=\"records.csv",
                                         "download=\"records.json", "<script>"};
    static const char *const ends[] = {"'; base-uri", "</style>", "</a>", "</a>", "</script>"};
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        const char *start = strstr(page, starts[i]);
        assert_non_null(start);
        start += strlen(starts[i]);
        ed_buffer_append(out, page, (size_t)(start - page));
        page = strstr(start, ends[i]);
        assert_non_null(page);
    }
    ed_buffer_text_append(out, page);
}

static void report_make(const struct set *set, const char *format, const struct ed_report_source *source,
                        const struct ed_report_plotter *plotter, struct ed_buffer *out) {
    const struct ed_report *report = ed_report_find(format);
    const struct ed_report_info info = {.campaign = "20261121-081500-k3v9",
                                        .started_utc = "2026-11-21T08:15:00Z",
                                        .version = "0.1.0",
                                        .suite = set->suite ? set->suite : "images",
                                        .n_records = set->n,
                                        .n_hardware = set->n_hardware,
                                        .hardware = set->hardware,
                                        .n_requirements = set->n_requirements,
                                        .requirements = set->requirements,
                                        .n_absent = set->n_absent,
                                        .absent = set->absent,
                                        .gate = set->gate,
                                        .source = source,
                                        .plotter = plotter};
    const struct ed_sink sink = {.context = out, .write = buffer_write};
    struct ed_error err = {0};
    assert_non_null(report);
    void *state = calloc(1, report->state_bytes);
    assert_non_null(state);
    assert_int_equal(report->begin(state, &info, &sink, &err), ED_OK);
    for (size_t i = 0; i < set->n; i++)
        assert_int_equal(report->record(state, &set->records[i], &err), ED_OK);
    assert_int_equal(report->end(state, &err), ED_OK);
    free(state);
}

// Nothing that came from a record may be markup, an address or a command.
static void is_harmless(const char *page) {
    static const char *const words[] = {
        "<b>", "alert(1)</script>", "http:", "https:", "src=", "url(", "@import", "<i>|", "javascript:"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strstr(page, words[i]))
            fail_msg("the page has \"%s\": %.80s", words[i], strstr(page, words[i]));
}

static void fits(const char *text, size_t width) {
    while (*text) {
        const size_t bytes = strcspn(text, "\n");
        assert_true(ed_text_width_n(text, bytes) <= width);
        text += bytes + (text[bytes] == '\n');
    }
}

static void set_check(const char *name, void (*build)(struct set *)) {
    struct set *set = calloc(1, sizeof *set);
    struct ed_buffer page, again, shown, commands;
    char file[128];
    assert_non_null(set);
    set->hardware[0] = (struct ed_report_hardware){"local", "AMD EPYC, 2 cores, 24 GiB, Linux 6.18"};
    set->n_hardware = 1;
    build(set);
    struct behind *behind = behind_new(set);
    const struct ed_report_source source = {behind, blocks_of, channels_of, ops_of, places_of};
    const struct ed_report_plotter plotter = {&commands, keep_commands};
    ed_buffer_init(&page, OUTPUT_MAX);
    ed_buffer_init(&again, OUTPUT_MAX);
    ed_buffer_init(&shown, OUTPUT_MAX);
    ed_buffer_init(&commands, OUTPUT_MAX);
    report_make(set, "html", &source, &plotter, &page);
    without_assets(&shown, ed_buffer_text(&page));
    is_harmless(ed_buffer_text(&page));
    snprintf(file, sizeof file, "%s.html", name);
    golden_compare(file, &shown);
    snprintf(file, sizeof file, "%s.gnuplot", name);
    if (commands.size > 0)
        golden_compare(file, &commands);
    ed_buffer_clear(&commands);
    report_make(set, "plots", &source, NULL, &again);
    fits(ed_buffer_text(&again), 80);
    snprintf(file, sizeof file, "%s.plots", name);
    golden_compare(file, &again);
    ed_buffer_clear(&again);
    report_make(set, "html", &source, &plotter, &again);
    assert_int_equal(again.size, page.size);
    assert_memory_equal(ed_buffer_text(&again), ed_buffer_text(&page), page.size);
    // Records alone, as from other programs.
    ed_buffer_clear(&again);
    report_make(set, "html", NULL, NULL, &again);
    is_harmless(ed_buffer_text(&again));
    ed_buffer_release(&page);
    ed_buffer_release(&again);
    ed_buffer_release(&shown);
    ed_buffer_release(&commands);
    free(behind);
    free(set);
}

static void empty(struct set *set) {
    set->n = 0;
}

static void test_fleet(void **state) {
    (void)state;
    set_check("fleet", fleet);
}

static void gate(struct set *set) {
    static const struct ed_report_gate decided = {.verdict = "fail",
                                                  .summary =
                                                      "1 passed, 1 failed; first latency_p50_ns on pi5",
                                                  .confirms = "20261120-081500-a1b2",
                                                  .n = sizeof rows / sizeof rows[0],
                                                  .rows = rows};
    two_variants(set);
    set->gate = &decided;
}

static void test_gate(void **state) {
    (void)state;
    set_check("gate", gate);
}

static void test_hostile(void **state) {
    (void)state;
    set_check("hostile", hostile);
}

static void test_empty(void **state) {
    (void)state;
    set_check("empty", empty);
}

// All other sets: a page is made, with everything behind the records and with nothing.
static void test_other_sets(void **state) {
    (void)state;
    static void (*const builds[])(struct set *) = {
        two_variants, accuracy_failed, crash_and_oom, nulls,          thirty,
        single,       language,        many_columns,  thirty_grouped, fleet_by_memory};
    for (size_t i = 0; i < sizeof builds / sizeof builds[0]; i++) {
        struct set *set = calloc(1, sizeof *set);
        struct ed_buffer page, commands;
        assert_non_null(set);
        builds[i](set);
        struct behind *behind = behind_new(set);
        const struct ed_report_source source = {behind, blocks_of, channels_of, ops_of, places_of};
        const struct ed_report_plotter plotter = {&commands, keep_commands};
        ed_buffer_init(&page, OUTPUT_MAX);
        ed_buffer_init(&commands, OUTPUT_MAX);
        report_make(set, "html", &source, &plotter, &page);
        is_harmless(ed_buffer_text(&page));
        assert_true(commands.size > 0);
        ed_buffer_clear(&page);
        report_make(set, "html", NULL, NULL, &page);
        assert_non_null(strstr(ed_buffer_text(&page), "</html>"));
        ed_buffer_clear(&page);
        report_make(set, "plots", &source, NULL, &page);
        fits(ed_buffer_text(&page), 80);
        ed_buffer_release(&page);
        ed_buffer_release(&commands);
        free(behind);
        free(set);
    }
}

static void test_base64(void **state) {
    (void)state;
    struct ed_buffer out;
    ed_buffer_init(&out, OUTPUT_MAX);
    static const char *const wanted[] = {"",         "Zg==",     "Zm8=",    "Zm9v",
                                         "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"}; // RFC 4648
    for (size_t n = 0; n < sizeof wanted / sizeof wanted[0]; n++) {
        ed_buffer_clear(&out);
        ed_html_base64(&out, (const unsigned char *)"foobar", n);
        assert_string_equal(ed_buffer_text(&out), wanted[n]);
    }
    ed_buffer_release(&out);
}

static void test_thin(void **state) {
    (void)state;
    static const int64_t samples[] = {5, 9, 1, 7, 7, 7, 2, 3};
    size_t kept[3];
    assert_int_equal(ed_plot_thin(samples, 8, 0, 4, kept), 3);
    assert_int_equal(kept[0], 0);
    assert_int_equal(kept[1], 1);
    assert_int_equal(kept[2], 2);
    assert_int_equal(ed_plot_thin(samples, 8, 3, 3, kept), 1);
    assert_int_equal(ed_plot_thin(samples, 8, 6, 100, kept), 2);
    assert_int_equal(ed_plot_stride(100, 100), 1);
    assert_int_equal(ed_plot_stride(1000000, 3000), 1000);
    assert_int_equal(ed_plot_stride(0, 0), 1);
}

static void text_is(const char *text, size_t width, const char *wanted) {
    struct ed_buffer out;
    ed_buffer_init(&out, OUTPUT_MAX);
    ed_plot_text(&out, text, width);
    assert_string_equal(ed_buffer_text(&out), wanted);
    ed_buffer_release(&out);
}

static void test_plot_text(void **state) {
    (void)state;
    text_is("it's", 20, "'it''s'");
    text_is("`id` \\n $x @y %d", 20, "'\xCB\x8Bid\xCB\x8B \\n $x @y %d'");
    text_is("a\nb\x1b", 20, "'a\\x0ab\\x1b'");
    text_is("abcdefgh", 4, "'abc\xE2\x80\xA6'");
}

// Letters that the fonts of a small machine lack would be drawn as black areas over the figure.
static void test_png_letters(void **state) {
    (void)state;
    struct ed_plots plots = {0};
    struct ed_buffer commands;
    const struct ed_report_plotter plotter = {&commands, keep_commands};
    const struct ed_sink sink = {.context = &commands, .write = buffer_write};
    struct ed_error err = {0};
    ed_buffer_init(&commands, OUTPUT_MAX);
    struct ed_plot *plot = ed_plot_add(&plots, "test", 100);
    assert_non_null(plot);
    ed_buffer_text_append(&plot->script, "set label ");
    ed_plot_text(&plot->script, "\xC3\xA9 \xCE\xBC\xE2\x80\xA6 \xE6\xA8\xA1-\xF0\x9F\x9A\x80", 40);
    assert_int_equal(ed_plot_png(plot, &plotter, &sink, &err), ED_ERR_NO_PROGRAM);
    assert_non_null(strstr(ed_buffer_text(&commands),
                           "set label '\xC3\xA9 \xCE\xBC\xE2\x80\xA6 \xE2\x96\xA1-\xE2\x96\xA1'"));
    ed_plots_release(&plots);
    ed_buffer_release(&commands);
}

// What gnuplot 5.4 writes, cut short: the page's element has variables for colours, one path for points, no
// ids.
static void test_svg_page(void **state) {
    (void)state;
    static const char svg[] =
        "<?xml version=\"1.0\"?>\n<svg \n viewBox=\"0 0 760 250\"\n xmlns=\"x\">\n<title>p1</title>\n"
        "<desc>Produced by GNUPLOT</desc>\n<g id=\"gnuplot_canvas\">\n<defs>\n\t<circle id='gpDot' "
        "r='0.5'/>\n"
        "\t<use xlink:href='#gpPt5' id='gpPt6'/>\n\t<filter id='textbox'/>\n</defs>\n"
        "<g fill=\"none\" color=\"black\" stroke=\"currentColor\" stroke-width=\"1.00\">\n</g>\n"
        "<g fill=\"none\" color=\"black\"><polygon fill = 'rgb(220, 235, 247)' points = '1,2 3,4'/>\n"
        "\t<g stroke=\"none\" fill=\"rgb(27,31,36)\" font-family=\"sans-serif\">\n\t\t<text>a &lt; "
        "b</text>\n\t</g>\n"
        "\t<use xlink:href='#gpPt6' transform='translate(1.00,2.00) scale(0.50)' color='rgb(  0, 114, "
        "178)'/>\n"
        "\t<use xlink:href='#gpPt6' transform='translate(3.00,4.00) scale(0.50)' color='rgb(  0, 114, "
        "178)'/>\n"
        "</g>\n</g>\n</svg>\n";
    struct ed_buffer out;
    ed_buffer_init(&out, OUTPUT_MAX);
    ed_plot_svg_page(&out, svg, sizeof svg - 1, "row \"1\"");
    assert_string_equal(
        ed_buffer_text(&out),
        "<svg class=\"plot\" role=\"img\" viewBox=\"0 0 760 250\" aria-label=\"row &quot;1&quot;\"><g>"
        "<g fill=\"none\" color=\"var(--ink)\"><polygon fill=\"var(--band)\" points=\"1,2 3,4\"/>"
        "<g stroke=\"none\" fill=\"var(--ink)\"><text>a &lt; b</text></g>"
        "<path class=\"dots\" stroke=\"var(--s1)\" stroke-width=\"1.00\" d=\"M1.00,2.00h0M3.00,4.00h0\"/>\n"
        "</g></g></svg>\n");
    ed_buffer_clear(&out);
    ed_plot_svg_defs(&out, svg, sizeof svg - 1);
    assert_string_equal(ed_buffer_text(&out),
                        "<defs>\n<circle id='gpDot' r='0.5'/>\n<use href='#gpPt5' id='gpPt6'/>\n</defs>");
    // Whatever comes instead of a figure must not be read past its end.
    for (size_t n = 0; n < sizeof svg; n++) {
        char *cut = malloc(n + 1);
        assert_non_null(cut);
        memcpy(cut, svg, n);
        cut[n] = '\0';
        ed_buffer_clear(&out);
        ed_plot_svg_page(&out, cut, n, "");
        ed_plot_svg_defs(&out, cut, n);
        free(cut);
    }
    ed_buffer_release(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fleet),      cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_gate),       cmocka_unit_test(test_empty),
        cmocka_unit_test(test_other_sets), cmocka_unit_test(test_base64),
        cmocka_unit_test(test_thin),       cmocka_unit_test(test_plot_text),
        cmocka_unit_test(test_svg_page),   cmocka_unit_test(test_png_letters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
