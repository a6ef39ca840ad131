/* SPDX-License-Identifier: MIT */
#pragma once

/* What the tests of the record's formats share. After cmocka's header. */

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "record/report.h"

/* Exactly as long as it is: the sanitizer sees a byte too many. */
static inline void *
copy_of(const void *bytes, size_t length)
{
    void *copy = malloc(length ? length : 1);

    assert_non_null(copy);
    if (length > 0)
        memcpy(copy, bytes, length);
    return copy;
}

/* To the last bit. */
static inline bool
reports_are_equal(const struct report *a, const struct report *b)
{
    return a->date == b->date && a->rain == b->rain &&
           memcmp(&a->degrees, &b->degrees, sizeof(double)) == 0 &&
           moment_is_same(a->time, b->time) && a->time.form == b->time.form &&
           a->station_length == b->station_length &&
           memcmp(a->station, b->station, a->station_length) == 0;
}

static inline void
check_report(size_t number, const struct report *report, const struct report *expected)
{
    if (report->date != expected->date || report->rain != expected->rain ||
        memcmp(&report->degrees, &expected->degrees, sizeof(double)) != 0)
        fail_msg("case %zu: date %" PRId32 ", degrees %.17g, rain %d", number, report->date,
                 report->degrees, report->rain);
    assert_non_null(report->station);
    if (report->station_length != expected->station_length ||
        memcmp(report->station, expected->station, expected->station_length) != 0)
        fail_msg("case %zu: station \"%.*s\" of %zu bytes", number, (int)report->station_length,
                 report->station, report->station_length);
}
