/* SPDX-License-Identifier: MIT */

/* Which stations have changed, against a plain array of booleans. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "consumer/changes.h"

#define N 1000

static void
nothing_is_changed_without_stations(void **state)
{
    struct changes changes = {.room = 0};

    assert_int_equal(changes_next(&changes, 0), CHANGES_NONE);
    changes_fini(&changes);
}

static void
new_stations_are_not_changed(void **state)
{
    struct changes changes = {.room = 0};

    for (size_t n = 1; n <= N; n++) {
        assert_int_equal(changes_reserve(&changes, n), 0);
        assert_true(changes.room >= n);
    }
    assert_int_equal(changes_next(&changes, 0), CHANGES_NONE);
    assert_int_equal(changes.n_changed, 0);
    changes_mark_all(&changes, N);
    assert_int_equal(changes.n_changed, N);
    assert_int_equal(changes_next(&changes, N - 1), N - 1);
    assert_int_equal(changes_next(&changes, N), CHANGES_NONE);
    assert_int_equal(changes_reserve(&changes, 10 * N), 0);
    assert_int_equal(changes_next(&changes, N), CHANGES_NONE);
    changes_fini(&changes);
}

static void
marks_are_those_that_were_set(void **state)
{
    unsigned seed = (unsigned)time(NULL);
    struct changes changes = {.room = 0};
    bool expected[N] = {false};

    print_message("seed %u\n", seed);
    assert_int_equal(changes_reserve(&changes, N), 0);
    for (int step = 0; step < 20000; step++) {
        size_t index = (size_t)rand_r(&seed) % N, next, n_changed = 0;

        if (rand_r(&seed) % 2)
            changes_mark(&changes, index);
        else
            changes_clear(&changes, index);
        expected[index] = changes.changed[index];
        index = next = (size_t)rand_r(&seed) % N;
        while (next < N && !expected[next])
            next++;
        for (size_t i = 0; i < N; i++)
            n_changed += expected[i];
        assert_int_equal(changes_next(&changes, index), next == N ? CHANGES_NONE : next);
        assert_int_equal(changes.n_changed, n_changed);
    }
    changes_fini(&changes);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_changed_without_stations),
        cmocka_unit_test(new_stations_are_not_changed),
        cmocka_unit_test(marks_are_those_that_were_set),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
