/* SPDX-License-Identifier: MIT */

/* Which of the lines that repeat are passed, and which of them are the same. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/sampler.h"

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))
#define SECOND            UINT64_C(1000000)

static void
the_sampler_passes_one_an_interval(void **state)
{
    const uint64_t start = 5 * SECOND, interval = SAMPLER_INTERVAL * SECOND;
    struct sampler sampler = {0};
    uint64_t suppressed = 4711;

    assert_true(sampler_pass(&sampler, start, &suppressed));
    assert_int_equal(suppressed, 0);
    suppressed = 4711;
    for (uint64_t i = 1; i < 1000; i++)
        assert_false(sampler_pass(&sampler, start + i, &suppressed));
    assert_false(sampler_pass(&sampler, start + interval - 1, &suppressed));
    assert_int_equal(suppressed, 4711);
    assert_true(sampler_pass(&sampler, start + interval, &suppressed));
    assert_int_equal(suppressed, 1000);
    /* The interval begins with the line that passed, and the count begins anew. */
    assert_false(sampler_pass(&sampler, start + 2 * interval - 1, &suppressed));
    assert_true(sampler_pass(&sampler, start + 100 * interval, &suppressed));
    assert_int_equal(suppressed, 1);
    assert_true(sampler_pass(&sampler, start + 101 * interval, &suppressed));
    assert_int_equal(suppressed, 0);
}

static void
lines_of_a_kind_have_one_sampler(void **state)
{
    static const struct {
        const char *a, *b;
        bool same;
    } pairs[] = {
        {"", "", true},
        {"suppressed for 49ms: query", "suppressed for 7ms: query", true},
        {"suppressed for 49ms: query", "suppressed for 49ms: refresh", false},
        {"1 of 2", "33 of 44", true},
        {"failed (after 0ms)", "failed (after 12ms)", true},
        {"has (3) attempts", "has (12) attempts", true},
        {"[thrd:kafka1:9092/1]: up", "[thrd:kafka2:9092/2]: up", false},
        {"[thrd:10.0.0.1:9092]: up", "[thrd:10.0.0.2:9092]: up", false},
        {"to 10.0.0.1:9092", "to 10.0.0.2:9092", false},
        {"\xff", "\xfe", false},
    };
    struct sampler samplers[256] = {{0}};

    for (size_t i = 0; i < N_ELEMENTS(pairs); i++) {
        struct sampler *a = sampler_of_kind(samplers, N_ELEMENTS(samplers), pairs[i].a);
        struct sampler *b = sampler_of_kind(samplers, N_ELEMENTS(samplers), pairs[i].b);

        assert_true(a >= samplers && a < samplers + N_ELEMENTS(samplers));
        if ((a == b) != pairs[i].same)
            fail_msg("\"%s\" and \"%s\"", pairs[i].a, pairs[i].b);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_sampler_passes_one_an_interval),
        cmocka_unit_test(lines_of_a_kind_have_one_sampler),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
