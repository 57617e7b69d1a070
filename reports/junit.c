// SPDX-License-Identifier: Apache-2.0
// JUnit XML: a suite a device, a test case a judgement. A fail is a failure, what is invalid an error, what
// is inconclusive skipped. Attributes and elements are those that both the schema of Ant's JUnit task and
// that of the Jenkins plug-in know.
#include <string.h>

#include "base/utf8.h"
#include "reports/ci.h"
#include "reports/gate.h"
#include "reports/registry.h"
#include "reports/text.h"

// Visible text, so that no character is left that XML 1.0 does not have.
static void escaped(struct ed_buffer *out, const char *text) {
    struct ed_buffer visible;
    ed_buffer_init(&visible, ED_REPORT_MAX_BYTES);
    ed_text_visible(&visible, text, strlen(text));
    out->no_memory = out->no_memory || visible.no_memory;
    for (const char *p = ed_buffer_text(&visible); *p; p++) {
        // U+FFFE and U+FFFF are no characters of XML.
        if (!memcmp(p, "\xEF\xBF", 2) && ((unsigned char)p[2] == 0xBE || (unsigned char)p[2] == 0xBF)) {
            ed_buffer_text_append(out, "\xEF\xBF\xBD");
            p += 2;
            continue;
        }
        const char *entity = *p == '<'    ? "&lt;"
                             : *p == '>'  ? "&gt;"
                             : *p == '&'  ? "&amp;"
                             : *p == '"'  ? "&quot;"
                             : *p == '\'' ? "&apos;"
                                          : NULL;
        if (entity)
            ed_buffer_text_append(out, entity);
        else
            ed_buffer_append(out, p, 1);
    }
    ed_buffer_release(&visible);
}

static void attribute(struct ed_buffer *out, const char *name, const char *value) {
    ed_buffer_printf(out, " %s=\"", name);
    escaped(out, value);
    ed_buffer_text_append(out, "\"");
}

// Of the items from..to; of each kind.
static void counts(struct ed_buffer *out, const struct ed_ci_item *items, size_t n) {
    size_t of[ED_VERDICT_FAIL + 1] = {0};
    for (size_t i = 0; i < n; i++)
        of[items[i].verdict]++;
    ed_buffer_printf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\" time=\"0\"", n,
                     of[ED_VERDICT_FAIL], of[ED_VERDICT_INVALID], of[ED_VERDICT_INCONCLUSIVE]);
}

static void test_case(struct ed_buffer *out, const struct ed_ci_item *item) {
    ed_buffer_text_append(out, "    <testcase");
    attribute(out, "name", item->name);
    attribute(out, "classname", item->group);
    ed_buffer_text_append(out, " time=\"0\"");
    const char *element = item->verdict == ED_VERDICT_FAIL           ? "failure"
                          : item->verdict == ED_VERDICT_INVALID      ? "error"
                          : item->verdict == ED_VERDICT_INCONCLUSIVE ? "skipped"
                                                                     : NULL;
    if (!element) {
        ed_buffer_text_append(out, "/>\n");
        return;
    }
    ed_buffer_printf(out, ">\n      <%s", element);
    attribute(out, "message", item->detail);
    if (item->verdict != ED_VERDICT_INCONCLUSIVE)
        attribute(out, "type", ed_verdict_word(item->verdict));
    ed_buffer_text_append(out, "/>\n    </testcase>\n");
}

static void suite(struct ed_buffer *out, const struct ed_report_info *info, const struct ed_ci_item *items,
                  size_t n, size_t id) {
    char timestamp[32];
    snprintf(timestamp, sizeof timestamp, "%.19s", info->started_utc); // without the Z
    ed_buffer_text_append(out, "  <testsuite");
    attribute(out, "name", items[0].device);
    attribute(out, "package", *info->suite ? info->suite : "edgedyno");
    ed_buffer_printf(out, " id=\"%zu\"", id);
    attribute(out, "timestamp", timestamp);
    attribute(out, "hostname", items[0].device);
    counts(out, items, n);
    ed_buffer_text_append(out, ">\n    <properties>\n");
    const struct {
        const char *name, *value;
    } properties[] = {{"edgedyno", info->version}, {"campaign", info->campaign}};
    for (size_t i = 0; i < 2; i++) {
        ed_buffer_text_append(out, "      <property");
        attribute(out, "name", properties[i].name);
        attribute(out, "value", properties[i].value);
        ed_buffer_text_append(out, "/>\n");
    }
    ed_buffer_text_append(out, "    </properties>\n");
    for (size_t i = 0; i < n; i++)
        test_case(out, &items[i]);
    ed_buffer_text_append(out, "    <system-out>");
    if (info->gate) {
        struct ed_buffer summary;
        ed_buffer_init(&summary, ED_REPORT_MAX_BYTES);
        ed_report_gate_summary(&summary, info->gate);
        escaped(out, ed_buffer_text(&summary));
        out->no_memory = out->no_memory || summary.no_memory;
        ed_buffer_release(&summary);
    }
    for (size_t i = 0; i < n; i++) {
        // A test case that passed has no room for words.
        if (!items[i].told || items[i].verdict != ED_VERDICT_PASS)
            continue;
        const char *const parts[] = {items[i].group, ", ", items[i].name, ": ", items[i].detail};
        ed_buffer_text_append(out, "\n");
        for (size_t k = 0; k < sizeof parts / sizeof *parts; k++)
            escaped(out, parts[k]);
    }
    ed_buffer_text_append(out, "</system-out>\n    <system-err></system-err>\n  </testsuite>\n");
}

static enum ed_status junit_end(void *state, struct ed_error *err) {
    struct ed_records *records = state;
    struct ed_ci_list list;
    struct ed_buffer out;
    size_t id = 0;
    ed_buffer_init(&out, ED_REPORT_MAX_BYTES);
    enum ed_status status = ed_ci_list_make(&list, records, err);
    if (status == ED_OK) {
        ed_buffer_text_append(&out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites");
        attribute(&out, "name", "edgedyno");
        counts(&out, list.items, list.n);
        ed_buffer_text_append(&out, ">\n");
        for (size_t first = 0, last; first < list.n; first = last) {
            for (last = first + 1;
                 last < list.n && !strcmp(list.items[last].device, list.items[first].device);)
                last++;
            suite(&out, records->info, &list.items[first], last - first, id++);
        }
        ed_buffer_text_append(&out, "</testsuites>\n");
        status = ed_sink_flush(records->sink, &out, "the JUnit report", err);
    }
    ed_ci_list_release(&list);
    ed_buffer_release(&out);
    ed_records_release(records);
    return status;
}

const struct ed_report ed_report_junit = {
    .abi = ED_REPORT_ABI,
    .struct_bytes = sizeof(struct ed_report),
    .name = "junit",
    .summary = "JUnit XML: a suite a device, a test case a judgement",
    .suffix = ".xml",
    .state_bytes = sizeof(struct ed_records),
    .begin = ed_records_begin,
    .record = ed_records_add,
    .end = junit_end,
};
