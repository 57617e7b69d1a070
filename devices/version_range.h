// SPDX-License-Identifier: Apache-2.0
// Whether a version lies in a range such as ">=1.17,<2".
#ifndef EDGEDYNO_DEVICES_VERSION_RANGE_H
#define EDGEDYNO_DEVICES_VERSION_RANGE_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

// By their leading numbers between dots, missing ones being 0: "1.10" > "1.9.2", "1.27.0-rc1" equals "1.27".
static inline int ed_version_compare(const char *a, const char *b) {
    for (int i = 0; i < 8; i++) {
        char *end_a, *end_b;
        unsigned long x = *a >= '0' && *a <= '9' ? strtoul(a, &end_a, 10) : (end_a = (char *)a, 0);
        unsigned long y = *b >= '0' && *b <= '9' ? strtoul(b, &end_b, 10) : (end_b = (char *)b, 0);
        if (x != y)
            return x < y ? -1 : 1;
        a = end_a[0] == '.' ? end_a + 1 : "";
        b = end_b[0] == '.' ? end_b + 1 : "";
    }
    return 0;
}

// Conditions are joined by commas and begin with >=, >, <=, < or ==. A version that does not begin with a
// digit has no place in an order (a build of the user's own) and fits; so does everything into an empty
// range.
static inline bool ed_version_in_range(const char *version, const char *range) {
    if (version[0] < '0' || version[0] > '9')
        return true;
    while (*range) {
        size_t sign = strspn(range, "<>=");
        char limit[64];
        size_t n = strcspn(range + sign, ",");
        int order;
        if (n >= sizeof limit)
            return false;
        memcpy(limit, range + sign, n);
        limit[n] = '\0';
        order = ed_version_compare(version, limit + strspn(limit, " "));
        if (!((order == 0 && memchr(range, '=', sign)) || (order > 0 && memchr(range, '>', sign)) ||
              (order < 0 && memchr(range, '<', sign))))
            return false;
        range += sign + n;
        range += strspn(range, ", ");
    }
    return true;
}

#endif
