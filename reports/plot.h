// SPDX-License-Identifier: Apache-2.0
// Figures as commands of gnuplot. Nothing here runs it: a list of figures is made from records, and drawn by
// the plotter that the caller of a report brings. The same records give the same commands.
#ifndef EDGEDYNO_REPORTS_PLOT_H
#define EDGEDYNO_REPORTS_PLOT_H

#include "base/buffer.h"
#include "edgedyno/report.h"
#include "reports/view.h"

// Colours by what they are for, as a page or a file has them in the light. Each is used for one thing alone,
// so that a page can give it another value in the dark. Okabe and Ito's, darkened until each has a contrast
// of 3 to 1 on white; lines and points differ in form as well.
#define ED_PLOT_INK "#1b1f24"
#define ED_PLOT_MUTED "#5b626b"
#define ED_PLOT_GRID "#d8dce1"
#define ED_PLOT_BAND "#dcebf7"
#define ED_PLOT_WARM "#eef0f2"
#define ED_PLOT_BAD "#b3261e"
#define ED_PLOT_SERIES 6
extern const char *const ed_plot_series[ED_PLOT_SERIES];

#define ED_PLOT_WIDTH 760 // of every figure, in points of a page

struct ed_plot {
    char id[48];             // "distribution-1": for files and references
    struct ed_buffer title;  // what it shows, as visible text, for who cannot see it
    struct ed_buffer script; // commands without terminal and output
    int height;
    char *svg; // drawn: an <svg> element; NULL before. Owned
    size_t svg_bytes;
};

struct ed_plots {
    struct ed_plot *items;
    size_t n, capacity;
    bool no_memory;
    char *defs; // drawn for a page: the shapes of points, once for all figures
    size_t defs_bytes;
};

// A new figure at the end, or NULL without memory (which ed_plots_draw tells). The pointer is good until the
// next one. `kind` is a word of letters; figures of a kind count from 1.
struct ed_plot *ed_plot_add(struct ed_plots *plots, const char *kind, int height);
void ed_plots_release(struct ed_plots *plots);

enum ed_plot_style {
    ED_PLOT_PAGE, // <svg> elements for one HTML page: colours are CSS variables, no ids, point shapes in
                  // `defs`
    ED_PLOT_FILE, // a whole SVG file each
};
// Draws all of them at once. ED_ERR_NO_PROGRAM where there is no gnuplot, ED_ERR_IO where it fails.
enum ed_status ed_plots_draw(struct ed_plots *plots, const struct ed_report_plotter *plotter,
                             enum ed_plot_style style, struct ed_error *err);
// One figure as PNG, at twice its size in pixels, to `sink`. Letters that its fonts may lack are
// squares, as a browser draws them.
enum ed_status ed_plot_png(const struct ed_plot *plot, const struct ed_report_plotter *plotter,
                           const struct ed_sink *sink, struct ed_error *err);

// A quoted text that gnuplot takes as it is: visible, at most `width` columns, without what gnuplot would
// obey.
void ed_plot_text(struct ed_buffer *out, const char *text, size_t width);
// A number with all its digits, for data; "NaN" where it is not finite.
void ed_plot_number(struct ed_buffer *out, double value);
// Sets an axis ("x", "y") to `low`..`high` with some room. On a logarithmic scale where the ends are more
// than 20 times apart, with tics at 1, 2 and 5; `labels` false leaves out what stands at the tics.
void ed_plot_axis(struct ed_buffer *out, const char *axis, double low, double high, bool labels);
// What the vertical axis shows, at the left edge of the figure: gnuplot's own label goes where it takes the
// numbers to end, which is in the middle of them. "": none, as in a second panel.
void ed_plot_ylabel(struct ed_buffer *out, const char *what, const char *unit);
// What every figure begins with.
void ed_plot_begin(struct ed_buffer *out);

// Turns one figure as gnuplot's svg terminal writes it into an element for a page.
void ed_plot_svg_page(struct ed_buffer *out, const char *svg, size_t bytes, const char *title);
// The <defs> element of a figure, with its references as a page has them.
void ed_plot_svg_defs(struct ed_buffer *out, const char *svg, size_t bytes);

#endif
