/* SPDX-License-Identifier: MIT */

/* The statistics of one station, report by report. */

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "consumer/stats.h"

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

static void
assert_stats(size_t number, const struct stats *stats, const struct stats *expected)
{
    if (stats->count != expected->count || stats->sum != expected->sum ||
        stats->min != expected->min || stats->max != expected->max ||
        !moment_is_same(stats->start, expected->start) ||
        !moment_is_same(stats->end, expected->end) ||
        !moment_is_same(stats->min_date, expected->min_date) ||
        !moment_is_same(stats->max_date, expected->max_date) ||
        stats->has_extremes != expected->has_extremes)
        fail_msg("after report %zu: count %d, sum %g, min %g on %d, max %g on %d, from %d to %d",
                 number, (int)stats->count, stats->sum, stats->min, moment_date(stats->min_date),
                 stats->max, moment_date(stats->max_date), moment_date(stats->start),
                 moment_date(stats->end));
}

#define ON(day)                                                                                    \
    {                                                                                              \
        .seconds = (day)*INT64_C(86400)                                                            \
    }
#define STATS(count, sum, min, max, start, end, min_date, max_date, has_extremes)                  \
    {                                                                                              \
        count, sum, min, max, ON(end), ON(start), ON(min_date), ON(max_date), has_extremes, false  \
    }

static void
reports_add_up(void **state)
{
    static const struct {
        int32_t date;
        double degrees;
        struct stats stats;
    } steps[] = {
        {10, 20, STATS(1, 20, 20, 20, 10, 10, 10, 10, true)},
        {11, 30.5, STATS(2, 50.5, 20, 30.5, 10, 11, 10, 11, true)},
        {12, -5, STATS(3, 45.5, -5, 30.5, 10, 12, 12, 11, true)},
        /* Equal extremes: the first day on which each was met, in the order of the records. */
        {13, -5, STATS(4, 40.5, -5, 30.5, 10, 13, 12, 11, true)},
        {14, 30.5, STATS(5, 71, -5, 30.5, 10, 14, 12, 11, true)},
        /* Late and twice, where the policy keeps it. */
        {9, 0, STATS(6, 71, -5, 30.5, 9, 14, 12, 11, true)},
        {9, 99, STATS(7, 170, -5, 99, 9, 14, 12, 9, true)},
        {14, -99, STATS(8, 71, -99, 99, 9, 14, 14, 9, true)},
    };
    struct stats stats = {0};

    for (size_t i = 0; i < N_ELEMENTS(steps); i++) {
        const struct report report = {"A", 1, steps[i].date, steps[i].degrees, REPORT_DRY};

        if (i == 0)
            stats = stats_first(&report);
        else
            assert_true(stats_add(&stats, &report));
        assert_stats(i, &stats, &steps[i].stats);
    }
}

static void
extremes_that_are_not_known_are_left_alone(void **state)
{
    struct stats stats = {
        .count = 3, .sum = 30, .start = ON(10), .end = ON(12), .has_extremes = false};
    const struct report cold = {"A", 1, 13, -99, REPORT_DRY};
    const struct report hot = {"A", 1, 14, 99, REPORT_DRY};
    const struct stats expected = STATS(5, 30, 0, 0, 10, 14, 0, 0, false);

    assert_true(stats_add(&stats, &cold));
    assert_true(stats_add(&stats, &hot));
    assert_stats(2, &stats, &expected);
}

static void
a_sum_that_is_not_finite_is_refused(void **state)
{
    static const double pairs[][2] = {{DBL_MAX, DBL_MAX}, {-DBL_MAX, -DBL_MAX}, {1e308, 1e308}};

    for (size_t i = 0; i < N_ELEMENTS(pairs); i++) {
        const struct report first = {"A", 1, 10, pairs[i][0], REPORT_DRY};
        const struct report second = {"A", 1, 20, pairs[i][1], REPORT_DRY};
        struct stats stats = stats_first(&first), before = stats;

        assert_false(stats_add(&stats, &second));
        assert_stats(i, &stats, &before);
    }
}

/* The additions are done in the order of the records and in no other way. */
static void
the_order_of_the_additions_is_kept(void **state)
{
    static const double degrees[] = {1e16, 1, 1, -1e16, 0.1, 0.2, 0.3};
    struct stats stats = {0};
    double sum = 0;

    for (size_t i = 0; i < N_ELEMENTS(degrees); i++) {
        const struct report report = {"A", 1, (int32_t)i, degrees[i], REPORT_DRY};

        if (i == 0)
            stats = stats_first(&report);
        else
            assert_true(stats_add(&stats, &report));
        sum += degrees[i];
    }
    assert_true(stats.sum == sum);
    assert_true(stats.sum != 2.6);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reports_add_up),
        cmocka_unit_test(extremes_that_are_not_known_are_left_alone),
        cmocka_unit_test(a_sum_that_is_not_finite_is_refused),
        cmocka_unit_test(the_order_of_the_additions_is_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
