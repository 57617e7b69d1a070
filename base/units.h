// SPDX-License-Identifier: Apache-2.0
// Values with units as a person writes them, and back. Locale-independent. White space between number and
// unit is optional.
#ifndef EDGEDYNO_BASE_UNITS_H
#define EDGEDYNO_BASE_UNITS_H

#include <stddef.h>
#include <stdint.h>

#include "edgedyno/error.h"

// "250 ns", "1.5us" (also µs), "5 ms", "2 s", "2min", "1 h". Not negative, at most 365 days. A missing unit
// is an error.
enum ed_status ed_units_duration(const char *text, int64_t *out_ns, struct ed_error *err);
// "512 B", "64 MiB", "1.5 GiB" (powers of 1024), "100 MB" (powers of 1000), kB and KiB. Whole bytes after
// rounding.
enum ed_status ed_units_size(const char *text, int64_t *out_bytes, struct ed_error *err);
// "1 %" is 0.01; "0.01" is 0.01. In -1..1 unless a percent sign allows more; at most 100 (10000 %).
enum ed_status ed_units_share(const char *text, double *out, struct ed_error *err);
// "12.5 mW", "3 W" in milliwatts; "2 mJ", "15 uJ" in microjoules; "45 C", "45.5 C", "45000 mC" in thousandths
// of a degree.
enum ed_status ed_units_power(const char *text, double *out_mw, struct ed_error *err);
enum ed_status ed_units_energy(const char *text, double *out_uj, struct ed_error *err);
enum ed_status ed_units_temperature(const char *text, double *out_mc, struct ed_error *err);
// Plain decimal number with nothing behind it ("1e3", "-2.5"); inf, nan and hexadecimal are refused.
enum ed_status ed_units_number(const char *text, double *out, struct ed_error *err);
enum ed_status ed_units_integer(const char *text, int64_t *out, struct ed_error *err);

// For people: three significant digits and the unit that fits ("1.23 ms", "12.0 MiB", "850 ns"), at most
// `bytes`.
void ed_units_print_duration(char *text, size_t bytes, int64_t ns);
void ed_units_print_size(char *text, size_t bytes, int64_t size_bytes);

#endif
