// SPDX-License-Identifier: Apache-2.0
// From a figure of gnuplot's svg terminal to an element of a page: attributes that a page does not need go,
// colours become CSS variables that the dark scheme sets anew, points of one series become one path, and what
// is said of it for screen readers is ours. Tags and attributes that are not known pass as they are.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/html/escape.h"
#include "reports/plot.h"

#define ATTRIBUTES_MAX 12
#define FILLED_CIRCLE "#gpPt6"

struct slice {
    const char *at;
    size_t n;
};

struct tag {
    struct slice whole, name;
    bool closing;
    size_t n;
    struct slice keys[ATTRIBUTES_MAX], values[ATTRIBUTES_MAX];
};

struct writer {
    struct ed_buffer *out;
    struct slice dots_colour, dots_scale; // of the path of points that is open
    bool dots;
};

static bool is(struct slice text, const char *word) {
    return text.n == strlen(word) && memcmp(text.at, word, text.n) == 0;
}

static bool same(struct slice a, struct slice b) {
    return a.n == b.n && memcmp(a.at, b.at, a.n) == 0;
}

// How many bytes from `at` on are of `set` (`in`), or are not. Figures are megabytes without a NUL: what
// looks for one at every tag takes minutes.
static size_t span(const char *at, const char *end, const char *set, bool in) {
    const char *p = at;
    while (p < end && (memchr(set, *p, strlen(set)) != NULL) == in)
        p++;
    return (size_t)(p - at);
}

static bool begins(const char *at, const char *end, const char *word) {
    const size_t n = strlen(word);
    return (size_t)(end - at) >= n && memcmp(at, word, n) == 0;
}

static const char *skip_to(const char *at, const char *end, const char *word) {
    return memmem(at, (size_t)(end - at), word, strlen(word));
}

// The tag at `at`, which is a '<'. False where it does not end.
static bool tag_read(const char *at, const char *end, struct tag *tag) {
    const char *p = at + 1, *stop = memchr(at, '>', (size_t)(end - at));
    memset(tag, 0, sizeof *tag);
    if (!stop)
        return false;
    tag->whole = (struct slice){at, (size_t)(stop + 1 - at)};
    tag->closing = p < stop && *p == '/';
    p += tag->closing;
    tag->name.at = p;
    tag->name.n = span(p, stop, " \n\t/", false);
    p += tag->name.n;
    while (p < stop && tag->n < ATTRIBUTES_MAX) {
        p += span(p, stop, " \n\t/", true);
        const size_t key = span(p, stop, " =>", false);
        const char *open = p + key + span(p + key, stop, " =", true);
        const char *close = open < stop && (*open == '\'' || *open == '"')
                                ? memchr(open + 1, *open, (size_t)(stop - open - 1))
                                : NULL;
        if (!close)
            break;
        tag->keys[tag->n] = (struct slice){p, key};
        tag->values[tag->n++] = (struct slice){open + 1, (size_t)(close - open - 1)};
        p = close + 1;
    }
    return true;
}

static struct slice attribute(const struct tag *tag, const char *key) {
    for (size_t i = 0; i < tag->n; i++)
        if (is(tag->keys[i], key))
            return tag->values[i];
    return (struct slice){"", 0};
}

// "rgb(  0, 114, 178)" or "#0072b2" as one number; -1 where it is no colour.
static long colour_of(struct slice value) {
    char text[32];
    unsigned red, green, blue;
    snprintf(text, sizeof text, "%.*s", (int)(value.n < 31 ? value.n : 31), value.at);
    if (sscanf(text, "rgb(%u,%u,%u)", &red, &green, &blue) == 3 ||
        sscanf(text, "#%2x%2x%2x", &red, &green, &blue) == 3)
        return (long)(red & 255u) << 16 | (long)(green & 255u) << 8 | (long)(blue & 255u);
    return -1;
}

static void value_append(struct ed_buffer *out, struct slice value) {
    static const struct {
        const char *colour, *variable;
    } roles[] = {{ED_PLOT_INK, "ink"},   {ED_PLOT_MUTED, "muted"}, {ED_PLOT_GRID, "grid"},
                 {ED_PLOT_BAND, "band"}, {ED_PLOT_WARM, "warm"},   {ED_PLOT_BAD, "bad"}};
    const long colour = colour_of(value);
    if (is(value, "black")) {
        ed_buffer_text_append(out, "var(--ink)");
        return;
    }
    for (size_t i = 0; colour >= 0 && i < sizeof roles / sizeof roles[0]; i++) {
        if (colour == strtol(roles[i].colour + 1, NULL, 16)) {
            ed_buffer_printf(out, "var(--%s)", roles[i].variable);
            return;
        }
    }
    for (size_t i = 0; colour >= 0 && i < ED_PLOT_SERIES; i++) {
        if (colour == strtol(ed_plot_series[i] + 1, NULL, 16)) {
            ed_buffer_printf(out, "var(--s%zu)", i + 1);
            return;
        }
    }
    for (size_t i = 0; i < value.n; i++)
        if (value.at[i] == '"')
            ed_buffer_text_append(out, "&quot;");
        else if (value.at[i] != '\n' && value.at[i] != '\t')
            ed_buffer_append(out, &value.at[i], 1);
}

static bool is_needless(const struct tag *tag, size_t i) {
    static const char *const keys[] = {"id", "font-family", "stroke-linecap", "stroke-linejoin"};
    for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++)
        if (is(tag->keys[i], keys[k]))
            return true;
    return is(tag->keys[i], "stroke-width") && is(tag->values[i], "1.00");
}

static void dots_end(struct writer *writer) {
    if (writer->dots)
        ed_buffer_text_append(writer->out, "\"/>\n");
    writer->dots = false;
}

static void tag_append(struct writer *writer, const struct tag *tag) {
    struct ed_buffer *out = writer->out;
    ed_buffer_printf(out, "<%s%.*s", tag->closing ? "/" : "", (int)tag->name.n, tag->name.at);
    for (size_t i = 0; i < tag->n; i++) {
        if (is_needless(tag, i))
            continue;
        const bool link = is(tag->keys[i], "xlink:href");
        ed_buffer_printf(out, " %.*s=\"", link ? 4 : (int)tag->keys[i].n, link ? "href" : tag->keys[i].at);
        value_append(out, tag->values[i]);
        ed_buffer_text_append(out, "\"");
    }
    ed_buffer_text_append(out, tag->whole.at[tag->whole.n - 2] == '/' ? "/>" : ">");
}

// Thousands of points are a quarter of the bytes as one line of round ends and no length.
static bool dot_append(struct writer *writer, const struct tag *tag) {
    const struct slice transform = attribute(tag, "transform"), colour = attribute(tag, "color");
    const char *until = transform.at + transform.n, *scale = skip_to(transform.at, until, ") scale(");
    const char *stop = scale ? memchr(scale + 8, ')', (size_t)(until - scale) - 8) : NULL;
    if (!is(attribute(tag, "xlink:href"), FILLED_CIRCLE) || !stop ||
        !begins(transform.at, until, "translate("))
        return false;
    const struct slice size = {scale + 8, (size_t)(stop - scale - 8)};
    if (!writer->dots || !same(writer->dots_colour, colour) || !same(writer->dots_scale, size)) {
        char number[16];
        dots_end(writer);
        snprintf(number, sizeof number, "%.*s", (int)(size.n < 15 ? size.n : 15), size.at);
        ed_buffer_text_append(writer->out, "<path class=\"dots\" stroke=\"");
        value_append(writer->out, colour);
        ed_buffer_printf(writer->out, "\" stroke-width=\"%.2f\" d=\"", 2 * strtod(number, NULL));
        writer->dots = true;
        writer->dots_colour = colour;
        writer->dots_scale = size;
    }
    ed_buffer_printf(writer->out, "M%.*sh0", (int)(scale - transform.at - 10), transform.at + 10);
    return true;
}

// Content between two tags, already escaped by gnuplot; white space alone is nothing.
static void content_append(struct writer *writer, const char *from, const char *to) {
    from += span(from, to, " \t\n", true);
    while (to > from && (to[-1] == ' ' || to[-1] == '\t' || to[-1] == '\n'))
        to--;
    if (from < to)
        ed_buffer_append(writer->out, from, (size_t)(to - from));
}

static const char *body_element(struct writer *writer, const char *at, const char *end, struct tag *tag) {
    if (is(tag->name, "title") || is(tag->name, "desc") || is(tag->name, "defs")) {
        char closing[16];
        snprintf(closing, sizeof closing, "</%.*s>", (int)tag->name.n, tag->name.at);
        const char *stop = skip_to(at, end, closing);
        return stop ? stop + strlen(closing) : end;
    }
    at += tag->whole.n;
    if (is(tag->name, "use") && dot_append(writer, tag))
        return at;
    // A group without content is what a change of style leaves behind.
    if (is(tag->name, "g") && !tag->closing) {
        const char *next = at + span(at, end, " \t\n", true);
        if (begins(next, end, "</g>"))
            return next + 4;
    }
    dots_end(writer);
    tag_append(writer, tag);
    return at;
}

void ed_plot_svg_page(struct ed_buffer *out, const char *svg, size_t bytes, const char *title) {
    struct writer writer = {.out = out};
    struct tag tag;
    const char *end = svg + bytes, *at = skip_to(svg, end, "<svg");
    if (!at || !tag_read(at, end, &tag))
        return;
    const struct slice box = attribute(&tag, "viewBox");
    ed_buffer_printf(out, "<svg class=\"plot\" role=\"img\" viewBox=\"%.*s\" aria-label=\"", (int)box.n,
                     box.at);
    ed_html_escape(out, title, strlen(title));
    ed_buffer_text_append(out, "\">");
    at += tag.whole.n;
    while (at < end) {
        const char *open = memchr(at, '<', (size_t)(end - at));
        if (!open || !tag_read(open, end, &tag) || (is(tag.name, "svg") && tag.closing))
            break;
        content_append(&writer, at, open);
        at = body_element(&writer, open, end, &tag);
    }
    dots_end(&writer);
    ed_buffer_text_append(out, "</svg>\n");
}

void ed_plot_svg_defs(struct ed_buffer *out, const char *svg, size_t bytes) {
    const char *end = svg + bytes, *at = skip_to(svg, end, "<defs>");
    const char *stop = at ? skip_to(at, end, "<filter") : NULL;
    if (!stop)
        return;
    ed_buffer_text_append(out, "<defs>");
    for (at += 6; at < stop; at++) {
        if (begins(at, end, "xlink:href"))
            at += 6;
        if (*at != '\t')
            ed_buffer_append(out, at, 1);
    }
    ed_buffer_text_append(out, "</defs>");
}
