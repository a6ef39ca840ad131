/* SPDX-License-Identifier: MIT */

/* Partitions as they are named on the command line, and the directories that go with them. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "reader/assignment.h"
#include "directory.h"

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))
#define N_ARGUMENTS       5
#define DIRECTORY         "/var/lib/weatherd"

static const struct reader_kind kind = {.section = "consumer"};
static struct reader_topic common;

/* Settings without a section of a topic. */
static struct reader_settings
defaults(const char *directory)
{
    common = (struct reader_topic){
        .topic = (char *)"temperatures",
        .directory = (char *)directory,
    };
    return (struct reader_settings){.kind = &kind, .common = &common};
}

static int
parse(struct assignment *assignment, const char *const arguments[N_ARGUMENTS],
      const struct reader_settings *from, struct error *error)
{
    char *copies[N_ARGUMENTS];
    int n = 0, result;

    for (; n < N_ARGUMENTS && arguments[n]; n++)
        copies[n] = strdup(arguments[n]);
    result = assignment_parse(assignment, copies, n, from, error);
    for (int i = 0; i < n; i++) {
        /* They are argv, and show in ps: they are not changed. */
        assert_string_equal(copies[i], arguments[i]);
        free(copies[i]);
    }
    return result;
}

static void
bad_arguments_are_refused(void **state)
{
    static const struct {
        const char *arguments[N_ARGUMENTS];
        const char *message; /* what it begins with */
    } cases[] = {
        {{NULL},
         "no partitions to read: name them on the command line, as in \"0-2\", or by [consumer] "
         "partitions"},
        {{""}, ": "},
        {{"x"}, "x: \"x\" is not a list of partitions, such as 2 or 0,2 or 0-3"},
        {{"-1"}, "-1: "},
        {{"2-0"}, "2-0: "},
        {{"0.5"}, "0.5: "},
        {{"0,,1"}, "0,,1: "},
        {{"0-"}, "0-: "},
        {{"2147483648"}, "2147483648: "},
        {{"0-10000"}, "0-10000: "},
        {{"stations:"}, "stations:: "},
        {{":0"}, ":0: "},
        {{":"}, ":: "},
        {{"stations:x"}, "stations:x: "},
        {{"sta tions:0"}, "sta tions:0: "},
        {{"a/b:0"}, "a/b:0: "},
        {{"..:0"}, "..:0: "},
        {{"a:b:0"}, "a:b:0: \"a:b\""},
        {{"0", "x"}, "x: "},
        {{"0", "0"}, "0: "},
        {{"0-3", "2"}, "2: "},
        {{"stations:0", "stations:0"}, "stations:0: "},
        {{"1", "temperatures:1"}, "temperatures:1: "},
    };
    const struct reader_settings from = defaults(DIRECTORY);

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct error error = ERROR_INIT;
        struct assignment assignment;
        const char *first = cases[i].arguments[0] ? cases[i].arguments[0] : "nothing";

        if (parse(&assignment, cases[i].arguments, &from, &error) != -EINVAL)
            fail_msg("%s was accepted", first);
        if (strncmp(error.text, cases[i].message, strlen(cases[i].message)) != 0 ||
            strlen(error.text) < 20)
            fail_msg("%s: \"%s\", not \"%s\"", first, error.text, cases[i].message);
    }
}

static void
arguments_are_read(void **state)
{
    static const struct {
        const char *arguments[N_ARGUMENTS];
        const char *partitions; /* by the settings */
        const char *text;       /* what is understood */
        size_t count;
    } cases[] = {
        {{"0"}, NULL, "temperatures:0", 1},
        {{"0", "2"}, NULL, "temperatures:0,2", 2},
        {{"2", "0", "1"}, NULL, "temperatures:0-2", 3},
        {{"0,2"}, NULL, "temperatures:0,2", 2},
        {{"0_2"}, NULL, "temperatures:0,2", 2},
        {{"0 2"}, NULL, "temperatures:0,2", 2},
        {{"0-2"}, NULL, "temperatures:0-2", 3},
        {{"0-2,5", "3"}, NULL, "temperatures:0-3,5", 5},
        {{"2147483647"}, NULL, "temperatures:2147483647", 1},
        /* As systemd-escape writes a dash. */
        {{"0\\x2d2"}, NULL, "temperatures:0-2", 3},
        {{"0\\x2d2_5\\x2d6"}, NULL, "temperatures:0-2,5-6", 5},
        {{"my\\x2dtopic:0\\x2d1"}, NULL, "my-topic:0-1", 2},
        /* Other topics: the list is what follows the last colon. */
        {{"stations:0-1"}, NULL, "stations:0-1", 2},
        {{"my_topic:0_2"}, NULL, "my_topic:0,2", 2},
        {{"a.b-c_1:7"}, NULL, "a.b-c_1:7", 1},
        {{"temperatures:0", "1"}, NULL, "temperatures:0-1", 2},
        {{"0", "stations:0", "1", "stations:5"}, NULL, "temperatures:0-1 stations:0,5", 4},
        {{"stations:0", "0"}, NULL, "stations:0 temperatures:0", 2},
        /* The settings, when there is no argument. */
        {{NULL}, "0-2", "temperatures:0-2", 3},
        {{NULL}, "3 1", "temperatures:1,3", 2},
        {{"7"}, "0-2", "temperatures:7", 1},
        {{"7"}, "nonsense", "temperatures:7", 1},
    };

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        const struct reader_settings from = defaults(DIRECTORY);
        struct error error = ERROR_INIT;
        struct assignment assignment;
        char text[200];

        common.partitions = (char *)cases[i].partitions;
        if (parse(&assignment, cases[i].arguments, &from, &error) != 0)
            fail_msg("%s: %s", cases[i].text, error.text);
        assignment_format(&assignment, text, sizeof(text));
        assert_string_equal(text, cases[i].text);
        assert_int_equal(assignment_count(&assignment), cases[i].count);
        assignment_fini(&assignment);
        assert_int_equal(assignment.n_topics, 0);
        assignment_fini(&assignment);
    }
}

static void
each_topic_has_its_directory(void **state)
{
    static const char *const arguments[N_ARGUMENTS] = {"stations:1", "0", "temperatures:3"};
    const struct reader_settings from = defaults(DIRECTORY);
    struct assignment assignment;

    assert_int_equal(parse(&assignment, arguments, &from, NULL), 0);
    assert_int_equal(assignment.n_topics, 2);
    assert_string_equal(assignment.topics[0].name, "stations");
    assert_string_equal(assignment.topics[0].directory, "/var/lib/weatherd/stations");
    assert_true(assignment.topics[0].make_directory);
    assert_int_equal(assignment.topics[0].directory_fd, -1);
    assert_string_equal(assignment.topics[1].name, "temperatures");
    assert_string_equal(assignment.topics[1].directory, "/var/lib/weatherd");
    assert_false(assignment.topics[1].make_directory);
    assert_int_equal(assignment.topics[1].list.n_partitions, 2);
    assert_int_equal(assignment.topics[1].list.partitions[1], 3);
    assignment_fini(&assignment);
}

static void
a_section_says_where_its_topic_lies_and_what_is_read_of_it(void **state)
{
    static const char *const nothing[N_ARGUMENTS] = {NULL};
    struct reader_topic *const topics[] = {
        &(struct reader_topic){.name = (char *)"stations",
                               .partitions = (char *)"0-1",
                               .directory = (char *)"/srv/stations"},
        &(struct reader_topic){.name = (char *)"rides", .partitions = (char *)"5"},
        &(struct reader_topic){.name = (char *)"unread"},
    };
    struct reader_settings from = defaults(DIRECTORY);
    struct assignment assignment;

    from.n_topics = N_ELEMENTS(topics);
    from.topics = (struct reader_topic **)topics;
    common.partitions = (char *)"2";
    assert_int_equal(parse(&assignment, nothing, &from, NULL), 0);
    assert_int_equal(assignment.n_topics, 3);
    assert_string_equal(assignment.topics[0].directory, "/var/lib/weatherd");
    assert_string_equal(assignment.topics[1].name, "stations");
    assert_string_equal(assignment.topics[1].directory, "/srv/stations");
    assert_false(assignment.topics[1].make_directory);
    assert_int_equal(assignment.topics[1].list.n_partitions, 2);
    assert_string_equal(assignment.topics[2].directory, "/var/lib/weatherd/rides");
    assert_true(assignment.topics[2].make_directory);
    assignment_fini(&assignment);

    common.partitions = NULL;
    common.topic = (char *)"stations";
    assert_int_equal(parse(&assignment, nothing, &from, NULL), 0);
    assert_int_equal(assignment.n_topics, 2);
    assert_string_equal(assignment.topics[0].directory, "/srv/stations");
    assignment_fini(&assignment);
}

static void
the_longest_topic_is_read(void **state)
{
    char name[251], argument[260], expected[300];
    const char *const arguments[N_ARGUMENTS] = {argument};
    const char *const nothing[N_ARGUMENTS] = {NULL};
    struct reader_topic section = {.name = name, .partitions = (char *)"1"};
    struct reader_topic *const topics[] = {&section};
    struct reader_settings from = defaults(DIRECTORY);
    struct error error = ERROR_INIT;
    struct assignment assignment;

    memset(name, 'x', 250);
    name[250] = '\0';
    snprintf(argument, sizeof(argument), "%s:0", name);
    assert_int_equal(parse(&assignment, arguments, &from, &error), -EINVAL);
    assert_non_null(strstr(error.text, "too long for a topic: 250 characters, at most 249"));

    name[249] = '\0';
    snprintf(argument, sizeof(argument), "%s:0", name);
    snprintf(expected, sizeof(expected), "/var/lib/weatherd/%s", name);
    if (parse(&assignment, arguments, &from, &error) != 0)
        fail_msg("%s", error.text);
    assert_string_equal(assignment.topics[0].name, name);
    assert_string_equal(assignment.topics[0].directory, expected);
    assignment_fini(&assignment);

    from.n_topics = 1;
    from.topics = (struct reader_topic **)topics;
    assert_int_equal(parse(&assignment, nothing, &from, &error), 0);
    assert_string_equal(assignment.topics[0].name, name);
    assert_string_equal(assignment.topics[0].directory, expected);
    assignment_fini(&assignment);
}

static void
two_topics_in_one_directory_are_refused(void **state)
{
    static const char *const arguments[N_ARGUMENTS] = {"temperatures:0", "stations:0"};
    cleanup(directory_remove) struct directory directory = directory_make();
    char path[128];
    struct reader_topic stations = {.name = (char *)"stations", .directory = path};
    struct reader_topic *topics[] = {&stations};
    struct reader_settings from = defaults(directory.path);
    struct error error = ERROR_INIT;
    struct assignment assignment;

    from.n_topics = 1;
    from.topics = topics;
    snprintf(path, sizeof(path), "%s/.", directory.path); /* the same by another name */
    assert_int_equal(parse(&assignment, arguments, &from, NULL), 0);
    assert_int_equal(assignment_open(&assignment, &error), ASSIGNMENT_E_SHARED);
    assert_non_null(strstr(error.text, "the topics temperatures and stations have the same"));
    assignment_fini(&assignment);
}

static void
a_long_text_is_cut(void **state)
{
    static const char *const arguments[N_ARGUMENTS] = {"0-2", "stations:0"};
    static const char whole[] = "temperatures:0-2 stations:0";
    const struct reader_settings from = defaults(DIRECTORY);
    struct assignment assignment;

    assert_int_equal(parse(&assignment, arguments, &from, NULL), 0);
    for (size_t size = 1; size <= sizeof(whole) + 2; size++) {
        char text[sizeof(whole) + 3];

        memset(text, '#', sizeof(text));
        assignment_format(&assignment, text, size);
        assert_true(strlen(text) < size);
        assert_memory_equal(text, whole, strlen(text));
        assert_int_equal(text[size], '#');
        if (size > sizeof(whole) - 1)
            assert_string_equal(text, whole);
    }
    assignment_fini(&assignment);
}

static void
directories_are_opened(void **state)
{
    static const char *const arguments[N_ARGUMENTS] = {"0", "stations:0"};
    cleanup(directory_remove) struct directory directory = directory_make();
    const struct reader_settings from = defaults(directory.path);
    struct error error = ERROR_INIT;
    struct assignment assignment;

    for (int i = 0; i < 2; i++) {
        struct stat st;
        int fds[2];

        assert_int_equal(parse(&assignment, arguments, &from, &error), 0);
        assert_false(directory_has(&directory, "stations") && i == 0);
        if (assignment_open(&assignment, &error) != 0)
            fail_msg("%s", error.text);
        assert_int_equal(fstatat(directory.fd, "stations", &st, 0), 0);
        assert_true(S_ISDIR(st.st_mode));
        for (size_t j = 0; j < 2; j++) {
            fds[j] = assignment.topics[j].directory_fd;
            assert_int_equal(fcntl(fds[j], F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
        }
        assignment_fini(&assignment);
        for (size_t j = 0; j < 2; j++)
            assert_int_equal(fcntl(fds[j], F_GETFD), -1);
    }
}

/*
 * The default topic's directory is the administrator's to make: a volume that is not mounted must
 * not be taken for an empty one.
 */
static void
a_missing_directory_is_told(void **state)
{
    static const char *const arguments[N_ARGUMENTS] = {"0"};
    cleanup(directory_remove) struct directory directory = directory_make();
    char path[128], expected[512];
    const struct reader_settings from = defaults(path);
    struct error error = ERROR_INIT;
    struct assignment assignment;

    snprintf(path, sizeof(path), "%s/missing", directory.path);
    assert_int_equal(parse(&assignment, arguments, &from, NULL), 0);
    assert_int_equal(assignment_open(&assignment, &error), -ENOENT);
    snprintf(expected, sizeof(expected),
             "directory %s of topic temperatures: No such file or directory; ", path);
    assert_memory_equal(error.text, expected, strlen(expected));
    assert_int_equal(directory_count(&directory), 0);
    assignment_fini(&assignment);

    directory_write(&directory, "missing", "a file");
    assert_int_equal(parse(&assignment, arguments, &from, NULL), 0);
    assert_int_equal(assignment_open(&assignment, &error), -ENOTDIR);
    assert_non_null(strstr(error.text, "Not a directory"));
    assignment_fini(&assignment);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_arguments_are_refused),
        cmocka_unit_test(arguments_are_read),
        cmocka_unit_test(each_topic_has_its_directory),
        cmocka_unit_test(a_section_says_where_its_topic_lies_and_what_is_read_of_it),
        cmocka_unit_test(the_longest_topic_is_read),
        cmocka_unit_test(two_topics_in_one_directory_are_refused),
        cmocka_unit_test(a_long_text_is_cut),
        cmocka_unit_test(directories_are_opened),
        cmocka_unit_test(a_missing_directory_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
