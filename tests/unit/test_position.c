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

static struct position_file
file_in(int directory, const char *feed)
{
    struct position_file file;

    position_file_init(&file, directory, feed);
    return file;
}

#define HEAD "{\"feed\": \"x\", \"days\": 1, \"reports\": 2, \"topics\": "

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
        {HEAD "\"a\"}", "\"topics\" is not an array"},
        {HEAD "null}", "\"topics\" is not an array"},
        {HEAD "{\"a\": 1}}", "\"topics\" is not an array"},
        {HEAD "[1]}", "\"topics\" element 0 is 1, must be a string"},
        {HEAD "[\"a\", null]}", "\"topics\" element 1 is null, must be a string"},
        {HEAD "[\"a\", [\"b\"]]}", "\"topics\" element 1 is [\"b\"], must be a string"},
        {HEAD "[\"\"]}", "\"topics\" element 0 is wrong: a topic needs a name"},
        {HEAD "[\"a b\"]}", "\"topics\" element 0 is wrong: \"a b\" is no name for a topic: "
                            "letters, digits, \".\", \"_\" and \"-\" make one"},
        {HEAD "[\"a\", \"b\", \"a\"]}",
         "\"topics\" element 2 is \"a\", which stands there already"},
        {HEAD "[\"a\"], \"topics\": []}", "has a key that stands twice in its object"},
    };

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        cleanup(directory_remove) struct directory directory = directory_make();
        struct position_file file = file_in(directory.fd, "x");
        struct position position = {UNTOUCHED, UNTOUCHED};
        struct error error = ERROR_INIT;
        char expected[512];
        int result;

        directory_write(&directory, POSITION_FILE, cases[i].text);
        result = position_load(&file, &position, &error);
        if (result != POSITION_E_CORRUPT)
            fail_msg("%s gave %d", cases[i].text, result);
        snprintf(expected, sizeof(expected), POSITION_FILE ": %s%s", cases[i].message,
                 strstr(cases[i].message, "--fresh")
                     ? ""
                     : "; restore the file, or begin anew with --fresh");
        assert_string_equal(error.text, expected);
        assert_int_equal(position.days, UNTOUCHED);
        assert_int_equal(position.reports, UNTOUCHED);
        assert_int_equal(file.n_topics, 0);
        assert_false(position_covers(&file, "a"));
        directory_assert_holds(&directory, POSITION_FILE, cases[i].text);
    }
}

/* A producer.json with n topics, the last one's name being length bytes long; free() it. */
static char *
with_topics(size_t n, int length)
{
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);

    assert_non_null(stream);
    fputs(HEAD "[", stream);
    for (size_t i = 1; i < n; i++)
        fprintf(stream, "\"%zu\",", i);
    fprintf(stream, "\"%0*zu\"]}", length, n);
    assert_int_equal(fclose(stream), 0);
    return text;
}

static void
names_and_their_number_have_bounds(void **state)
{
    static const struct {
        size_t n;
        int length;
        const char *message;
    } cases[] = {
        {1, 249, NULL},
        {POSITION_TOPICS_MAX, 249, NULL},
        {1, 250, "is too long for a topic: 250 characters, at most 249"},
        {1, 300, "is too long for a topic: 300 characters, at most 249"},
        {POSITION_TOPICS_MAX + 1, 9, "\"topics\" element 5000 is one too many: at most 5000"},
        {1000 * POSITION_TOPICS_MAX, 9, "\"topics\" element 5000 is one too many: at most 5000"},
    };

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        cleanup(directory_remove) struct directory directory = directory_make();
        cleanup(free) char *text = with_topics(cases[i].n, cases[i].length);
        struct position_file file = file_in(directory.fd, "x");
        struct position position;
        struct error error = ERROR_INIT;
        int result;

        directory_write(&directory, POSITION_FILE, text);
        result = position_load(&file, &position, &error);
        if (!cases[i].message) {
            assert_int_equal(result, 0);
            assert_int_equal(file.n_topics, cases[i].n);
        } else {
            assert_int_equal(result, POSITION_E_CORRUPT);
            assert_non_null(strstr(error.text, cases[i].message));
            assert_true(strlen(error.text) < 500);
        }
        position_file_fini(&file);
    }
}

static void
what_is_stored_is_loaded(void **state)
{
    static const struct position positions[] = {
        {0, 0}, {1461, 7}, {INT64_MAX - 1, INT64_MAX - 1}, {0, 5}};
    cleanup(directory_remove) struct directory directory = directory_make();
    struct position_file file = file_in(directory.fd, FEED),
                         other = file_in(directory.fd, FEED "0");
    struct position loaded = {UNTOUCHED, UNTOUCHED};
    struct error error = ERROR_INIT;

    assert_int_equal(position_load(&file, &loaded, &error), POSITION_E_NONE);
    assert_int_equal(loaded.days, UNTOUCHED);
    for (size_t i = 0; i < N_ELEMENTS(positions); i++) {
        assert_int_equal(position_store(&file, &positions[i], &error), 0);
        assert_int_equal(position_load(&file, &loaded, &error), 0);
        assert_true(loaded.days == positions[i].days);
        assert_true(loaded.reports == positions[i].reports);
    }
    directory_assert_holds(&directory, POSITION_FILE,
                           "{\n  \"feed\": \"simulator seasonal, seed \\\"1\\\"\",\n"
                           "  \"days\": 0,\n  \"reports\": 5,\n  \"topics\": []\n}\n");
    assert_int_equal(position_load(&other, &loaded, &error), POSITION_E_CORRUPT);
}

static void
topics_stay_listed_once(void **state)
{
    static const struct position position = {1, 2};
    cleanup(directory_remove) struct directory directory = directory_make();
    struct position_file file = file_in(directory.fd, "x");
    struct position loaded;

    assert_false(position_covers(&file, "a"));
    assert_int_equal(position_cover(&file, "a", NULL), 0);
    assert_int_equal(position_cover(&file, "b.c", NULL), 0);
    assert_int_equal(position_cover(&file, "a", NULL), 0);
    assert_true(position_covers(&file, "a"));
    assert_false(position_covers(&file, "b"));
    assert_int_equal(position_store(&file, &position, NULL), 0);
    directory_assert_holds(&directory, POSITION_FILE,
                           "{\n  \"feed\": \"x\",\n  \"days\": 1,\n  \"reports\": 2,\n"
                           "  \"topics\": [\n    \"a\",\n    \"b.c\"\n  ]\n}\n");
    position_file_fini(&file);
    assert_false(position_covers(&file, "a"));
    assert_int_equal(position_load(&file, &loaded, NULL), 0);
    assert_true(position_covers(&file, "a"));
    assert_true(position_covers(&file, "b.c"));
    assert_false(position_covers(&file, "B.c"));
    position_file_fini(&file);
}

/* One that fills the list is loaded again; one more can't be listed. */
static void
a_full_list_takes_no_more(void **state)
{
    static const struct position position = {1, 2};
    cleanup(directory_remove) struct directory directory = directory_make();
    struct position_file file = file_in(directory.fd, "x");
    struct position loaded;
    struct error error = ERROR_INIT;
    char name[16];

    for (int i = 0; i < POSITION_TOPICS_MAX; i++) {
        snprintf(name, sizeof(name), "%d", i);
        assert_int_equal(position_cover(&file, name, NULL), 0);
    }
    assert_int_equal(position_cover(&file, "more", &error), -E2BIG);
    assert_non_null(strstr(error.text, "topic more"));
    assert_non_null(strstr(error.text, "--fresh"));
    assert_int_equal(position_cover(&file, "0", NULL), 0);
    assert_int_equal(position_store(&file, &position, NULL), 0);
    assert_int_equal(position_load(&file, &loaded, NULL), 0);
    assert_int_equal(file.n_topics, POSITION_TOPICS_MAX);
    position_file_fini(&file);
}

static void
a_file_without_topics_covers_all(void **state)
{
    static const struct position position = {1, 2};
    cleanup(directory_remove) struct directory directory = directory_make();
    struct position_file file = file_in(directory.fd, "x");
    struct position loaded;

    directory_write(&directory, POSITION_FILE, "{\"feed\": \"x\", \"days\": 1, \"reports\": 2}");
    assert_int_equal(position_load(&file, &loaded, NULL), 0);
    assert_true(position_covers(&file, "any"));
    /* and goes on doing so as long as it is written without them */
    assert_int_equal(position_store(&file, &position, NULL), 0);
    assert_int_equal(position_load(&file, &loaded, NULL), 0);
    assert_true(position_covers(&file, "any"));
}

static void
what_is_forgotten_is_gone(void **state)
{
    cleanup(directory_remove) struct directory directory = directory_make();
    struct position_file file = file_in(directory.fd, "x");
    struct position loaded;
    struct error error = ERROR_INIT;
    bool removed;

    directory_write(&directory, POSITION_FILE, "spoilt");
    assert_int_equal(position_cover(&file, "a", NULL), 0);
    assert_int_equal(position_forget(&file, &removed, &error), 0);
    assert_true(removed);
    assert_false(position_covers(&file, "a"));
    assert_int_equal(position_load(&file, &loaded, &error), POSITION_E_NONE);
    assert_int_equal(position_forget(&file, &removed, &error), 0);
    assert_false(removed);

    assert_int_equal(mkdirat(directory.fd, POSITION_FILE, 0755), 0);
    assert_int_equal(position_forget(&file, &removed, &error), -EISDIR);
    assert_string_equal(error.text,
                        POSITION_FILE ": can't be removed: Is a directory; remove it by hand");
}

static void
what_cannot_be_read_or_written_is_an_error(void **state)
{
    struct position_file file = file_in(-1, FEED);
    struct position position = {1, 2};
    struct error error = ERROR_INIT;
    bool removed;

    assert_int_equal(position_load(&file, &position, &error), -EBADF);
    assert_string_equal(error.text, POSITION_FILE ": Bad file descriptor");
    assert_int_equal(position_store(&file, &position, &error), -EBADF);
    assert_string_equal(error.text, POSITION_FILE ": can't be replaced: Bad file descriptor");
    assert_int_equal(position_forget(&file, &removed, &error), -EBADF);
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
        cmocka_unit_test(names_and_their_number_have_bounds),
        cmocka_unit_test(what_is_stored_is_loaded),
        cmocka_unit_test(topics_stay_listed_once),
        cmocka_unit_test(a_full_list_takes_no_more),
        cmocka_unit_test(a_file_without_topics_covers_all),
        cmocka_unit_test(what_is_forgotten_is_gone),
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
