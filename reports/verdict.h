// SPDX-License-Identifier: Apache-2.0
// Requirements ("latency_p90_ns <= 50 ms") and how a record is judged by them. No statistics are computed
// here: an interval that a record brings is compared with the limit.
//
// The rule: with an interval, wholly on the good side of the limit passes, wholly on the bad side fails,
// anything else is inconclusive. A key with an interval whose interval is missing is inconclusive. A plain
// number, text or truth value is compared directly. A null is inconclusive, with the reason that the record
// gives for it; where that is ED_REASON_WRONG_OUTPUT it fails. An outcome other than ok fails, except that
// "cancelled" is inconclusive. A reason for the key (or for its group, such as "latency", or for the whole
// record, key "") whose code begins with "invalid" makes the judgement invalid; so does a simulator, for
// times, rates and energies.
#ifndef EDGEDYNO_REPORTS_VERDICT_H
#define EDGEDYNO_REPORTS_VERDICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "edgedyno/error.h"
#include "edgedyno/result.h"

#define ED_REQUIREMENT_TEXT_MAX 127
#define ED_REQUIREMENTS_MAX 32
// The reasons that a judgement adds have these words before the verdict: "requirement_pass"; their text is
// "TEXT: DETAIL".
#define ED_REQUIREMENT_CODE "requirement_"
#define ED_INVALID_CODE "invalid"

enum ed_verdict {
    ED_VERDICT_NONE, // nothing was required
    ED_VERDICT_PASS,
    ED_VERDICT_INCONCLUSIVE,
    ED_VERDICT_INVALID,
    ED_VERDICT_FAIL,
};

enum ed_requirement_op { ED_OP_LE, ED_OP_LT, ED_OP_GE, ED_OP_GT, ED_OP_EQ, ED_OP_NE };

// How a limit on a figure of a task was written; its metric says which may be (ed_requirement_fits).
enum ed_limit_unit { ED_LIMIT_BARE, ED_LIMIT_PERCENT, ED_LIMIT_DECIBEL, ED_LIMIT_NATS };

#define ED_REQUIREMENT_METRIC_MAX 23

// A parsed requirement. The limit is `limit` for integer keys, `limit_real` for keys of type REAL and SPANR
// and for energy and temperature, `limit_text` for texts, `limit` 0 or 1 for truth values.
struct ed_requirement {
    char text[ED_REQUIREMENT_TEXT_MAX + 1]; // as written, without the space around it
    int field;                              // enum ed_result_index
    int end;                                // -1 for KEY_low, 1 for KEY_high, else 0
    enum ed_requirement_op op;
    bool limit_is_int;
    int64_t limit;
    double limit_real;
    char limit_text[ED_REQUIREMENT_TEXT_MAX + 1];
    // METRIC OP VALUE ("perplexity <= 40"): on accuracy_value of the records that have this metric; "" else.
    char metric[ED_REQUIREMENT_METRIC_MAX + 1];
    enum ed_limit_unit unit;
    // KEY OP baseline [+ or - VALUE]: the limit is how much the candidate's value may differ from the
    // baseline's, signed, in the key's unit; or, where `relative`, `limit_real` is a share of the baseline's
    // value.
    bool of_baseline, relative;
};

// KEY OP VALUE with OP one of <= < >= > == !=. KEY is a result key, or the name of a metric. Values carry the
// unit of their key: a duration for _ns, a size for _bytes, a share
// ("1 %" or 0.01) for fractions, an energy for _uj, a temperature for _mc, a plain number for _per_s ("/s"
// may follow) and counts. VALUE may also be "baseline", "baseline + 2 %" (of its value; points for fractions)
// or "baseline - 3 MiB", which `edgedyno gate` judges and everybody else leaves alone. Texts and truth values
// (true, false, yes, no) know only == and !=. A figure of a task takes a share, a number, decibels or nats.
// ED_ERR_USAGE with the nearest key, the units that fit or the
// words that may stand.
enum ed_status ed_requirement_parse(struct ed_requirement *out, const char *text, struct ed_error *err);

// Whether the limit can be one on figures of this metric: "97" is no share, "30 dB" no perplexity. True of
// limits on other keys. ED_ERR_USAGE says what to write.
enum ed_status ed_requirement_fits(const struct ed_requirement *requirement, const char *metric,
                                   struct ed_error *err);
// Whether the record is one that the requirement is about: METRIC OP VALUE leaves those of other metrics
// alone.
bool ed_requirement_applies(const struct ed_requirement *requirement, const struct ed_result *result);

// Judges one requirement. `detail` (at least 200 bytes) says on what: "61.2 ms (60.0 to 62.1 ms)", "crashed
// in load". Never ED_VERDICT_NONE.
enum ed_verdict ed_requirement_judge(const struct ed_requirement *requirement, const struct ed_result *result,
                                     char *detail, size_t detail_bytes);

// The graver of two: fail, invalid, inconclusive, pass, none.
enum ed_verdict ed_verdict_combine(enum ed_verdict a, enum ed_verdict b);
// "pass", "fail", "inconclusive", "invalid", ""; and back (ED_VERDICT_NONE for any other word).
const char *ed_verdict_word(enum ed_verdict verdict);
enum ed_verdict ed_verdict_of_word(const char *word);

// Judges the record by all requirements: sets `verdict` and one reason a requirement (where the list is full,
// the last reasons make room and are counted); `accuracy_verdict` where a requirement names accuracy_value or
// accuracy_drop and the case ran, `agreement_verdict` likewise; `speed_usable` false where a requirement on
// accuracy, agreement or placement failed on its value. With n == 0 nothing changes. Returns the verdict. The
// reasons of an earlier judgement are replaced. At most ED_REQUIREMENTS_MAX have a reason of their own; all
// count. Requirements against a baseline, and on another metric, are left out.
enum ed_verdict ed_result_judge(struct ed_result *result, const struct ed_requirement *requirements,
                                size_t n);

#endif
