/* SPDX-License-Identifier: MIT */

/* producer.json, and the window of what is on its way. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "directory.h"
#include "producer/position.h"

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))
#define UNTOUCHED         4711

#define FEED "simulator seasonal, seed \"1\""

static void
bad_files_are_refused(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"", "is empty"},
        {"[]", "is not an object"},
        {"{}", "lacks \"feed\", \"days\" or \"reports\""},
        {"{\"days\": 1, \"reports\": 2}", "lacks \"feed\", \"days\" or \"reports\""},
        {"{\"feed\": \"x\", \"days\": 1}", "lacks \"feed\", \"days\" or \"reports\""},
        {"{\"feed\": \"x\", \"reports\": 1}", "lacks \"feed\", \"days\" or \"reports\""},
        {"{\"feed\": \"y\", \"days\": 1, \"reports\": 2}",
         "\"feed\" is \"y\", but the settings say \"x\": a position in the one is none in the "
         "other; restore the settings, or begin anew with --fresh"},
        {"{\"feed\": 1, \"days\": 1, \"reports\": 2}", "\"feed\" is 1, must be a string"},
        {"{\"feed\": \"x\", \"days\": -1, \"reports\": 2}", "\"days\" is -1, must be at least 0"},
        {"{\"feed\": \"x\", \"days\": 1, \"reports\": 2.5}",
         "\"reports\" is 2.5, must be an integer"},
        {"{\"feed\": \"x\", \"days\": 9223372036854775807, \"reports\": 2}",
         "\"days\" is 9223372036854775807, must be at most 9223372036854775806"},
        {"{\"feed\": \"x\", \"days\": 1, \"reports\": 2, \"more\": 3}",
         "\"more\" is an unknown key"},
        {"{\"feed\": \"x\", \"days\": 1, \"days\": 1, \"reports\": 2}",
         "has a key that stands twice in its object"},
    };

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        cleanup(directory_remove) struct directory directory = directory_make();
        struct position position = {UNTOUCHED, UNTOUCHED};
        struct error error = ERROR_INIT;
        char expected[512];
        int result;

        directory_write(&directory, POSITION_FILE, cases[i].text);
        result = position_load(&position, directory.fd, "x", &error);
        if (result != POSITION_E_CORRUPT)
            fail_msg("%s gave %d", cases[i].text, result);
        snprintf(expected, sizeof(expected), POSITION_FILE ": %s%s", cases[i].message,
                 strstr(cases[i].message, "--fresh")
                     ? ""
                     : "; restore the file, or begin anew with --fresh");
        assert_string_equal(error.text, expected);
        assert_int_equal(position.days, UNTOUCHED);
        assert_int_equal(position.reports, UNTOUCHED);
        directory_assert_holds(&directory, POSITION_FILE, cases[i].text);
    }
}

static void
what_is_stored_is_loaded(void **state)
{
    static const struct position positions[] = {
        {0, 0}, {1461, 7}, {INT64_MAX - 1, INT64_MAX - 1}, {0, 5}};
    cleanup(directory_remove) struct directory directory = directory_make();
    struct position loaded = {UNTOUCHED, UNTOUCHED};
    struct error error = ERROR_INIT;

    assert_int_equal(position_load(&loaded, directory.fd, FEED, &error), POSITION_E_NONE);
    assert_int_equal(loaded.days, UNTOUCHED);
    for (size_t i = 0; i < N_ELEMENTS(positions); i++) {
        assert_int_equal(position_store(&positions[i], directory.fd, FEED, &error), 0);
        assert_int_equal(position_load(&loaded, directory.fd, FEED, &error), 0);
        assert_true(loaded.days == positions[i].days);
        assert_true(loaded.reports == positions[i].reports);
    }
    directory_assert_holds(&directory, POSITION_FILE,
                           "{\n  \"feed\": \"simulator seasonal, seed \\\"1\\\"\",\n"
                           "  \"days\": 0,\n  \"reports\": 5\n}\n");
    assert_int_equal(position_load(&loaded, directory.fd, FEED "0", &error), POSITION_E_CORRUPT);
}

static void
what_cannot_be_read_or_written_is_an_error(void **state)
{
    struct position position = {1, 2};
    struct error error = ERROR_INIT;

    assert_int_equal(position_load(&position, -1, FEED, &error), -EBADF);
    assert_string_equal(error.text, POSITION_FILE ": Bad file descriptor");
    assert_int_equal(position_store(&position, -1, FEED, &error), -EBADF);
    assert_string_equal(error.text, POSITION_FILE ": can't be replaced: Bad file descriptor");
}

static void
the_position_moves_over_an_unbroken_row(void **state)
{
    static struct window window;

    memset(&window, 0, sizeof(window));
    assert_int_equal(window_used(&window), 0);
    assert_int_equal(window_open(&window, 1), 0);
    assert_int_equal(window_open(&window, 2), 1);
    assert_int_equal(window_open(&window, 1), 2);
    assert_int_equal(window_open(&window, 1), 3);
    assert_int_equal(window_used(&window), 4);
    assert_int_equal(window_acknowledge(&window, 2), 0);
    assert_int_equal(window_acknowledge(&window, 1), 0);
    assert_int_equal(window_acknowledge(&window, 0), 1);
    assert_int_equal(window_used(&window), 3);
    assert_int_equal(window_acknowledge(&window, 1), 2); /* with the one behind it */
    assert_int_equal(window_acknowledge(&window, 3), 1);
    assert_int_equal(window_used(&window), 0);
}

/* Full to the last place, again and again. */
static void
a_full_window_is_emptied(void **state)
{
    static struct window window;

    memset(&window, 0, sizeof(window));
    for (uint64_t round = 0; round < 3; round++) {
        const uint64_t first = round * WINDOW_SIZE;

        for (uint64_t i = 0; i < WINDOW_SIZE; i++)
            assert_int_equal(window_open(&window, 255), first + i);
        assert_int_equal(window_used(&window), WINDOW_SIZE);
        for (uint64_t i = WINDOW_SIZE; i-- > 1;)
            for (int n = 0; n < 255; n++)
                if (window_acknowledge(&window, first + i) != 0)
                    fail_msg("moved before the first was acknowledged");
        for (int n = 0; n < 254; n++)
            assert_int_equal(window_acknowledge(&window, first), 0);
        assert_int_equal(window_acknowledge(&window, first), WINDOW_SIZE);
        assert_int_equal(window_used(&window), 0);
    }
}

/* Sent in order, acknowledged in any: the oracle looks for the first that is not complete. */
static void
random_acknowledgements_agree_with_an_array(void **state)
{
    enum { N = 20000, AHEAD = 500 };
    static struct window window;
    static unsigned pending[N];
    static uint64_t unacknowledged[AHEAD * 4];
    uint64_t next = 0, first = 0;
    size_t n = 0;

    memset(&window, 0, sizeof(window));
    while (first < N) {
        if (next < N && next - first < AHEAD && (n == 0 || random() % 3)) {
            unsigned n_messages = 1 + (unsigned)(random() % 3);

            assert_int_equal(window_open(&window, n_messages), next);
            pending[next] = n_messages;
            while (n_messages-- > 0)
                unacknowledged[n++] = next;
            next++;
        } else {
            size_t at = (size_t)random() % n;
            uint64_t number = unacknowledged[at], moved = window_acknowledge(&window, number);
            uint64_t before = first;

            unacknowledged[at] = unacknowledged[--n];
            pending[number]--;
            while (first < next && pending[first] == 0)
                first++;
            assert_int_equal(moved, first - before);
        }
        assert_int_equal(window_used(&window), next - first);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_files_are_refused),
        cmocka_unit_test(what_is_stored_is_loaded),
        cmocka_unit_test(what_cannot_be_read_or_written_is_an_error),
        cmocka_unit_test(the_position_moves_over_an_unbroken_row),
        cmocka_unit_test(a_full_window_is_emptied),
        cmocka_unit_test(random_acknowledgements_agree_with_an_array),
    };
    const char *given = getenv("SEED");
    unsigned seed = given ? (unsigned)strtoul(given, NULL, 10) : (unsigned)time(NULL);

    print_message("seed %u (SEED=%u repeats it)\n", seed, seed);
    srandom(seed);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
