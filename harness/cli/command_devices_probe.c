// SPDX-License-Identifier: Apache-2.0
// `edgedyno devices probe`: every channel of every probe of a device, as it is now. One device on a terminal
// is read again and again until Ctrl-C.
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/units.h"
#include "harness/cli/channel_text.h"
#include "harness/cli/command_devices.h"

#define AGAIN_NS INT64_C(1000000000)
#define NO_VALUE INT64_MIN

struct view {
    const struct ed_device_entry *entry;
    struct ed_json_document reply;
    enum ed_status status;
    struct ed_error err;
};

struct views {
    const struct ed_devices *devices;
    struct view *items;
    size_t n;
    bool live;
};

static const char *events_of(const struct ed_devices *devices) {
    const char *events = ed_arguments_get(devices->cli->arguments, "papi");
    return events ? events : "";
}

static void look(void *context, size_t i) {
    const struct views *views = context;
    struct view *view = &views->items[i];
    enum ed_session_depth reached;
    struct ed_session session = {0};
    view->entry = ed_devices_entry(views->devices, i);
    view->status =
        ed_devices_open(views->devices, &session, view->entry, ED_SESSION_READY, &reached, &view->err);
    if (view->status)
        return;
    view->status = ed_remote_probe(&session.remote, events_of(views->devices), &view->reply, &view->err);
    ed_session_close(&session);
}

static const char *text_of(const struct ed_json_at *at, const char *key) {
    const char *text = "";
    ed_json_opt_text(at, key, &text, NULL);
    return text;
}

// A value is decimal text on the wire; NO_VALUE where it is none.
static int64_t value_of(const struct ed_json_at *channel, const char *key) {
    int64_t value;
    return ed_units_integer(text_of(channel, key), &value, NULL) == ED_OK ? value : NO_VALUE;
}

static void add_channel(struct ed_grid *grid, const struct ed_json_at *channel, int64_t between_ns) {
    const char *unit = text_of(channel, "unit");
    const int64_t first = value_of(channel, "first"), last = value_of(channel, "last"),
                  wrap = value_of(channel, "wrap");
    char value[48] = "no reading", rate[48] = "";
    bool counter = false;
    ed_json_opt_bool(channel, "counter", &counter, NULL);
    if (last != NO_VALUE)
        ed_channel_text_value(value, sizeof value, unit, last);
    if (counter && first != NO_VALUE && last != NO_VALUE)
        ed_channel_text_rate(rate, sizeof rate, unit, first, last, wrap, between_ns);
    ed_grid_add(grid, "%s", value);
    ed_grid_add(grid, "%s", rate[0] ? rate : "-");
    ed_grid_add(grid, "%s", text_of(channel, "scope"));
    ed_grid_add(grid, "%s", text_of(channel, "id"));
}

// How many channels from `at` on share its reason; they are told in one line.
static size_t shared_reason(struct ed_json_at at) {
    const char *reason = text_of(&at, "reason");
    size_t n = 0;
    for (; at.value && strcmp(text_of(&at, "reason"), reason) == 0; at = ed_json_next(&at))
        n++;
    return n;
}

// One walk over the reply: channels that have a value into `grid`, the others into `missing`, which may be
// NULL. On a live screen, which is short, channels of the process are left out: they would be of the runner.
static void walk(const struct view *view, bool live, struct ed_grid *grid, struct ed_grid *missing,
                 size_t *n_missing) {
    const struct ed_json_at root = ed_json_root(&view->reply), probes = ed_json_member(&root, "probes");
    for (struct ed_json_at probe = ed_json_element(&probes, 0); probe.value; probe = ed_json_next(&probe)) {
        const struct ed_json_at channels = ed_json_member(&probe, "channels");
        int64_t between_ns = 0;
        ed_json_opt_int(&probe, "between_ns", 0, INT64_C(1) << 53, &between_ns, NULL);
        for (struct ed_json_at at = ed_json_element(&channels, 0); at.value; at = ed_json_next(&at)) {
            const char *reason = text_of(&at, "reason");
            if (!reason[0] && !(live && strcmp(text_of(&at, "scope"), "process") == 0))
                add_channel(grid, &at, between_ns);
            const size_t n = reason[0] ? shared_reason(at) : 1;
            if (reason[0] && missing) {
                ed_grid_add(missing, n > 1 ? "%s and %zu more" : "%s", text_of(&at, "id"), n - 1);
                ed_grid_add(missing, "%s", reason);
            }
            *n_missing += reason[0] ? n : 0;
            for (size_t i = 1; i < n; i++)
                at = ed_json_next(&at);
        }
    }
}

static enum ed_status print_view(const struct view *view, bool several, bool live, int columns,
                                 struct ed_buffer *out, struct ed_error *err) {
    static const char *const heads[] = {"now", "rate", "scope", "channel"};
    static const char *const missing_heads[] = {"not available", "because"};
    struct ed_grid grid, missing;
    size_t n_missing = 0;
    ed_grid_init(&grid, heads, sizeof heads / sizeof heads[0]);
    ed_grid_init(&missing, missing_heads, sizeof missing_heads / sizeof missing_heads[0]);
    walk(view, live, &grid, live ? NULL : &missing, &n_missing);
    if (several)
        ed_buffer_printf(out, "%s\n", view->entry->id);
    enum ed_status status = ed_grid_print(&grid, columns, out, err);
    if (status == ED_OK && n_missing && live)
        ed_buffer_printf(out, "%zu channels are not available; `edgedyno devices probe %s | cat` says why\n",
                         n_missing, view->entry->id);
    else if (status == ED_OK && n_missing) {
        ed_buffer_text_append(out, "\n");
        status = ed_grid_print(&missing, columns, out, err);
    }
    if (status == ED_OK && !live)
        ed_buffer_text_append(out, "process channels show the runner itself\n");
    ed_grid_release(&grid);
    ed_grid_release(&missing);
    return status;
}

static void print_channel(struct ed_json_writer *json, const struct ed_json_at *at, int64_t between_ns) {
    static const char *const texts[] = {"quantity", "unit", "scope", "source"};
    static const char *const numbers[] = {"period_ns", "update_ns", "resolution", "wrap"};
    const int64_t first = value_of(at, "first"), last = value_of(at, "last");
    bool counter = false;
    ed_json_opt_bool(at, "counter", &counter, NULL);
    ed_json_object_begin(json, NULL);
    ed_json_text(json, "id", text_of(at, "id"));
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        ed_json_text(json, texts[i], text_of(at, texts[i]));
    ed_json_bool(json, "counter", counter);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        if (value_of(at, numbers[i]) != NO_VALUE)
            ed_json_int(json, numbers[i], value_of(at, numbers[i]));
        else
            ed_json_null(json, numbers[i]);
    if (last == NO_VALUE)
        ed_json_null(json, "value");
    else
        ed_json_int(json, "value", last);
    if (counter && first != NO_VALUE) {
        ed_json_int(json, "value_before", first);
        ed_json_int(json, "between_ns", between_ns);
    }
    ed_json_text_or_null(json, "reason", text_of(at, "reason"));
    ed_json_object_end(json);
}

static void print_json(const struct views *views, struct ed_json_writer *json) {
    ed_json_object_begin(json, NULL);
    ed_json_array_begin(json, "devices");
    for (size_t i = 0; i < views->n; i++) {
        const struct view *view = &views->items[i];
        ed_json_object_begin(json, NULL);
        ed_json_text(json, "id", view->entry->id);
        ed_json_text_or_null(json, "error", view->status ? view->err.message : "");
        ed_json_array_begin(json, "probes");
        const struct ed_json_at root = ed_json_root(&view->reply), probes = ed_json_member(&root, "probes");
        for (struct ed_json_at probe = ed_json_element(&probes, 0); !view->status && probe.value;
             probe = ed_json_next(&probe)) {
            const struct ed_json_at channels = ed_json_member(&probe, "channels");
            int64_t sample_ns = 0, between_ns = 0;
            bool costly = false;
            ed_json_opt_int(&probe, "sample_ns", 0, INT64_C(1) << 53, &sample_ns, NULL);
            ed_json_opt_int(&probe, "between_ns", 0, INT64_C(1) << 53, &between_ns, NULL);
            ed_json_opt_bool(&probe, "costly", &costly, NULL);
            ed_json_object_begin(json, NULL);
            ed_json_text(json, "name", text_of(&probe, "name"));
            ed_json_text(json, "summary", text_of(&probe, "summary"));
            ed_json_bool(json, "costly", costly);
            ed_json_int(json, "sample_ns", sample_ns);
            ed_json_array_begin(json, "channels");
            for (struct ed_json_at at = ed_json_element(&channels, 0); at.value; at = ed_json_next(&at))
                print_channel(json, &at, between_ns);
            ed_json_array_end(json);
            ed_json_object_end(json);
        }
        ed_json_array_end(json);
        ed_json_object_end(json);
    }
    ed_json_array_end(json);
    ed_json_object_end(json);
}

static enum ed_status render(const void *context, const struct ed_output_target *target,
                             struct ed_buffer *out, struct ed_error *err) {
    const struct views *views = context;
    enum ed_status status = ED_OK;
    if (strcmp(target->format, "json") == 0) {
        struct ed_json_writer json;
        ed_json_writer_init(&json, out, true);
        print_json(views, &json);
        ed_buffer_append(out, "\n", 1);
        return ED_OK;
    }
    for (size_t i = 0; status == ED_OK && i < views->n; i++) {
        if (views->items[i].status)
            continue;
        if (i > 0)
            ed_buffer_text_append(out, "\n");
        status = print_view(&views->items[i], views->n > 1, views->live, target->columns, out, err);
    }
    return status;
}

// As many lines of the text as the terminal shows, from its top.
static enum ed_status draw(const struct ed_buffer *text, struct ed_error *err) {
    struct winsize size = {0};
    struct ed_buffer screen;
    const size_t rows =
        ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 1 ? size.ws_row - 1u : 23;
    size_t n = 0;
    ed_buffer_init(&screen, 1 << 20);
    ed_buffer_text_append(&screen, "\x1b[H");
    const char *line = ed_buffer_text(text);
    for (; *line && n < rows; n++) {
        const size_t bytes = strcspn(line, "\n");
        ed_buffer_append(&screen, line, bytes);
        ed_buffer_text_append(&screen, "\x1b[K\n");
        line += bytes + (line[bytes] == '\n');
    }
    ed_buffer_text_append(&screen, *line ? "... (more than this terminal shows)\x1b[K" : "\x1b[J");
    const enum ed_status status = ed_cli_print(ed_buffer_text(&screen), screen.size, err);
    ed_buffer_release(&screen);
    return status;
}

static int follow(const struct ed_devices *devices) {
    const struct ed_device_entry *entry = ed_devices_entry(devices, 0);
    struct views views = {.devices = devices, .n = 1, .live = true};
    struct view view = {.entry = entry};
    struct ed_session session = {0};
    struct ed_error err = {0};
    enum ed_session_depth reached;
    views.items = &view;
    enum ed_status status = ed_devices_open(devices, &session, entry, ED_SESSION_READY, &reached, &err);
    if (status)
        return ed_devices_fail(devices, entry, &err);
    status = ed_cli_print("\x1b[2J", 4, &err);
    while (!status) {
        struct ed_buffer text;
        const int64_t begin_ns = ed_clock_monotonic_ns();
        const struct ed_output_target target = {.format = "table", .columns = devices->cli->columns};
        ed_buffer_init(&text, 1 << 20);
        status = ed_remote_probe(&session.remote, events_of(devices), &view.reply, &err);
        if (!status)
            status = render(&views, &target, &text, &err);
        if (!status)
            status = draw(&text, &err);
        ed_json_document_release(&view.reply);
        ed_buffer_release(&text);
        if (!status)
            ed_clock_sleep_until(begin_ns + AGAIN_NS, NULL);
    }
    ed_session_close(&session);
    return status == ED_ERR_CANCELLED ? ED_EXIT_PASS : ed_devices_fail(devices, entry, &err);
}

int ed_devices_probe(struct ed_devices *devices) {
    struct views views = {.devices = devices, .n = devices->n_indices};
    int code = ED_EXIT_PASS;
    if (views.n == 1 && isatty(STDOUT_FILENO) && devices->cli->colour &&
        !ed_arguments_has(devices->cli->arguments, "format") &&
        !ed_arguments_has(devices->cli->arguments, "export"))
        return follow(devices);
    views.items = calloc(views.n + 1, sizeof *views.items);
    if (!views.items) {
        struct ed_error err = {0};
        ed_fail(&err, ED_ERR_NO_MEMORY, NULL, "no memory for the devices");
        return ed_cli_fail(devices->cli, &err);
    }
    ed_devices_each(devices, views.n, look, &views);
    for (size_t i = 0; i < views.n; i++)
        if (views.items[i].status)
            code = ed_cli_exit_combine(code,
                                       ed_devices_fail(devices, views.items[i].entry, &views.items[i].err));
    code = ed_cli_exit_combine(code, ed_output_write(&devices->output, devices->cli, render, &views));
    for (size_t i = 0; i < views.n; i++)
        ed_json_document_release(&views.items[i].reply);
    free(views.items);
    return code;
}
