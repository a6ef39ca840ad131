/* SPDX-License-Identifier: MIT */

/* Which of the lines that repeat are passed. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/sampler.h"

#define SECOND UINT64_C(1000000)

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

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_sampler_passes_one_an_interval),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
