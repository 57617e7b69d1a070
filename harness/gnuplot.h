// SPDX-License-Identifier: Apache-2.0
// gnuplot as a program beside this one: commands go to its standard input, figures come from its standard
// output. It reads no settings of the person's, and it is given a minute.
#ifndef EDGEDYNO_HARNESS_GNUPLOT_H
#define EDGEDYNO_HARNESS_GNUPLOT_H

#include "edgedyno/report.h"

// What ed_report_plotter.draw promises; ED_ERR_IO where gnuplot refuses the commands, with its words.
extern const struct ed_report_plotter ed_gnuplot;

#endif
