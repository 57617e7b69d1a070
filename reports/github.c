// SPDX-License-Identifier: Apache-2.0
// For GitHub: annotations as workflow commands, which a workflow writes to its log; and a comment for a pull
// request, short with the rest folded away.
#include <string.h>

#include "reports/ci.h"
#include "reports/gate.h"
#include "reports/registry.h"
#include "reports/text.h"

// In a workflow command everything is text but the ends of lines, and in its properties also ':' and ','.
static void command_text(struct ed_buffer *out, const char *text, bool property) {
    struct ed_buffer visible;
    ed_buffer_init(&visible, ED_REPORT_MAX_BYTES);
    ed_text_visible(&visible, text, strlen(text));
    out->no_memory = out->no_memory || visible.no_memory;
    for (const char *p = ed_buffer_text(&visible); *p; p++) {
        if (*p == '%' || *p == '\r' || *p == '\n' || (property && (*p == ':' || *p == ',')))
            ed_buffer_printf(out, "%%%02X", (unsigned char)*p);
        else
            ed_buffer_append(out, p, 1);
    }
    ed_buffer_release(&visible);
}

static void annotation(struct ed_buffer *out, const char *level, const char *title, const char *device,
                       const char *group, const char *name, const char *detail) {
    ed_buffer_printf(out, "::%s title=", level);
    command_text(out, title, true);
    ed_buffer_text_append(out, "::");
    const char *const parts[] = {device, group, name, detail};
    for (size_t i = 0; i < 4; i++) {
        if (!parts[i] || !*parts[i])
            continue;
        command_text(out, parts[i], false);
        if (i < 3)
            ed_buffer_text_append(out, i == 2 ? ": " : ", ");
    }
    ed_buffer_text_append(out, "\n");
}

static enum ed_status annotations_end(void *state, struct ed_error *err) {
    struct ed_records *records = state;
    struct ed_ci_list list;
    struct ed_buffer out;
    ed_buffer_init(&out, ED_REPORT_MAX_BYTES);
    enum ed_status status = ed_ci_list_make(&list, records, err);
    for (size_t i = 0; status == ED_OK && i < list.n; i++) {
        const struct ed_ci_item *item = &list.items[i];
        if (item->verdict == ED_VERDICT_PASS && !item->told)
            continue;
        annotation(&out,
                   item->verdict == ED_VERDICT_INCONCLUSIVE || item->verdict == ED_VERDICT_PASS ? "warning"
                                                                                                : "error",
                   ed_verdict_word(item->verdict), item->device, item->group, item->name, item->detail);
    }
    if (status == ED_OK && records->info->gate) {
        struct ed_buffer summary;
        ed_buffer_init(&summary, ED_REPORT_MAX_BYTES);
        ed_report_gate_summary(&summary, records->info->gate);
        annotation(&out, "notice", records->info->gate->verdict, NULL, NULL, NULL, ed_buffer_text(&summary));
        out.no_memory = out.no_memory || summary.no_memory;
        ed_buffer_release(&summary);
    }
    if (status == ED_OK)
        status = ed_sink_flush(records->sink, &out, "the annotations", err);
    ed_ci_list_release(&list);
    ed_buffer_release(&out);
    ed_records_release(records);
    return status;
}

static void items_append(struct ed_buffer *out, const struct ed_ci_list *list, bool all) {
    size_t n = 0;
    for (size_t i = 0; i < list->n; i++) {
        const struct ed_ci_item *item = &list->items[i];
        if (!all && item->verdict == ED_VERDICT_PASS && !item->told)
            continue;
        if (n++ == 0)
            ed_buffer_text_append(out, "| verdict | device | case | of | why |\n|:--|:--|:--|:--|:--|\n");
        ed_buffer_printf(out, item->verdict == ED_VERDICT_PASS ? "| %s |" : "| **%s** |",
                         ed_verdict_word(item->verdict));
        const char *const cells[] = {item->device, item->group, item->name, item->detail};
        for (size_t c = 0; c < 4; c++) {
            ed_buffer_text_append(out, " ");
            ed_text_markdown(out, cells[c]);
            ed_buffer_text_append(out, " |");
        }
        ed_buffer_text_append(out, "\n");
    }
}

static void comment_append(struct ed_buffer *out, const struct ed_report_info *info,
                           const struct ed_ci_list *list) {
    enum ed_verdict all = ED_VERDICT_NONE;
    for (size_t i = 0; i < list->n; i++)
        all = ed_verdict_combine(all, list->items[i].verdict);
    // By this line a workflow finds the comment that it is to replace.
    ed_buffer_text_append(out, "<!-- edgedyno -->\n");
    ed_buffer_printf(out, "**edgedyno: %s**",
                     all == ED_VERDICT_NONE ? "nothing was judged" : ed_verdict_word(all));
    if (info->gate) {
        struct ed_buffer summary;
        ed_buffer_init(&summary, ED_REPORT_MAX_BYTES);
        ed_report_gate_summary(&summary, info->gate);
        ed_buffer_text_append(out, " \xC2\xB7 ");
        ed_text_markdown(out, ed_buffer_text(&summary));
        out->no_memory = out->no_memory || summary.no_memory;
        ed_buffer_release(&summary);
    }
    ed_buffer_text_append(out, "\n\n");
    if (info->gate)
        ed_report_gate_markdown(out, info->gate, ed_report_gate_open);
    else
        items_append(out, list, false);
    for (size_t i = 0; i < info->n_absent; i++) {
        ed_buffer_text_append(out, "\n- **not measured: ");
        ed_text_markdown(out, info->absent[i].device);
        ed_buffer_text_append(out, "** ");
        ed_text_markdown(out, info->absent[i].reason);
        ed_buffer_text_append(out, "\n");
    }
    ed_buffer_text_append(out, "\n<details><summary>Everything that was judged</summary>\n\n");
    if (info->gate)
        ed_report_gate_markdown(out, info->gate, NULL);
    else
        items_append(out, list, true);
    for (size_t i = 0; i < info->n_hardware; i++) {
        ed_buffer_text_append(out, i ? "- " : "\n- ");
        ed_text_markdown(out, info->hardware[i].device);
        ed_buffer_text_append(out, ": ");
        ed_text_markdown(out, info->hardware[i].summary);
        ed_buffer_text_append(out, "\n");
    }
    ed_buffer_text_append(out, "\n");
    const char *const words[] = {"edgedyno ",    info->version, " \xC2\xB7 campaign ",
                                 info->campaign, " \xC2\xB7 ",  info->started_utc};
    for (size_t i = 0; i < 6; i++)
        if (i % 2)
            ed_text_markdown(out, words[i]);
        else
            ed_buffer_text_append(out, words[i]);
    ed_buffer_text_append(out, "\n\n</details>\n");
}

static enum ed_status comment_end(void *state, struct ed_error *err) {
    struct ed_records *records = state;
    struct ed_ci_list list;
    struct ed_buffer out;
    ed_buffer_init(&out, ED_REPORT_MAX_BYTES);
    enum ed_status status = ed_ci_list_make(&list, records, err);
    if (status == ED_OK) {
        comment_append(&out, records->info, &list);
        status = ed_sink_flush(records->sink, &out, "the comment", err);
    }
    ed_ci_list_release(&list);
    ed_buffer_release(&out);
    ed_records_release(records);
    return status;
}

const struct ed_report ed_report_github = {
    .abi = ED_REPORT_ABI,
    .struct_bytes = sizeof(struct ed_report),
    .name = "github",
    .summary = "GitHub annotations, as commands of a workflow's log",
    .suffix = ".github",
    .state_bytes = sizeof(struct ed_records),
    .begin = ed_records_begin,
    .record = ed_records_add,
    .end = annotations_end,
};

const struct ed_report ed_report_comment = {
    .abi = ED_REPORT_ABI,
    .struct_bytes = sizeof(struct ed_report),
    .name = "comment",
    .summary = "a short comment for a pull request, the rest folded away",
    .suffix = ".comment",
    .state_bytes = sizeof(struct ed_records),
    .begin = ed_records_begin,
    .record = ed_records_add,
    .end = comment_end,
};
