/* SPDX-License-Identifier: MIT */

/* The file that says what is on the summary_topic: anything but just that means nothing. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "consumer/summary_mark.h"

#include "directory.h"

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))
#define NAME              ".partition-7.summary"

static const struct summary_mark mark = {
    .partition = 7, .topic = "t", .fields = "station \"x\"=avg", .offset = 123};

static void
what_was_stored_is_there(void **state)
{
    cleanup(directory_remove) struct directory directory = directory_make();
    struct error error = ERROR_INIT;

    assert_false(summary_mark_is_there(&mark, directory.fd));
    assert_int_equal(summary_mark_store(&mark, directory.fd, &error), 0);
    assert_true(summary_mark_is_there(&mark, directory.fd));
    assert_int_equal(directory_count(&directory), 1);
    directory_assert_holds(&directory, NAME,
                           "{\n  \"topic\": \"t\",\n  \"fields\": \"station \\\"x\\\"=avg\",\n"
                           "  \"offset\": 123\n}\n");
}

static void
another_one_is_not(void **state)
{
    static const struct summary_mark others[] = {
        {.partition = 8, .topic = "t", .fields = "station \"x\"=avg", .offset = 123},
        {.partition = 7, .topic = "u", .fields = "station \"x\"=avg", .offset = 123},
        {.partition = 7, .topic = "t", .fields = "station avg", .offset = 123},
        {.partition = 7, .topic = "t", .fields = "station \"x\"=avg", .offset = 122},
        {.partition = 7, .topic = "t", .fields = "station \"x\"=avg", .offset = 124},
    };
    cleanup(directory_remove) struct directory directory = directory_make();

    assert_int_equal(summary_mark_store(&mark, directory.fd, NULL), 0);
    for (size_t i = 0; i < N_ELEMENTS(others); i++)
        if (summary_mark_is_there(&others[i], directory.fd))
            fail_msg("case %zu", i);
    assert_true(summary_mark_is_there(&mark, directory.fd));
}

static void
a_spoilt_file_says_nothing(void **state)
{
    static const char *const texts[] = {
        "",
        "{",
        "[]",
        "{}",
        "{\"topic\":\"t\",\"fields\":\"station \\\"x\\\"=avg\"}",
        "{\"topic\":\"t\",\"offset\":123}",
        "{\"fields\":\"station \\\"x\\\"=avg\",\"offset\":123}",
        "{\"topic\":\"t\",\"fields\":\"station \\\"x\\\"=avg\",\"offset\":\"123\"}",
        "{\"topic\":\"t\",\"fields\":\"station \\\"x\\\"=avg\",\"offset\":123.0}",
        "{\"topic\":1,\"fields\":\"station \\\"x\\\"=avg\",\"offset\":123}",
        "{\"topic\":\"t\",\"fields\":[],\"offset\":123}",
        "{\"topic\":\"t\",\"topic\":\"t\",\"fields\":\"station \\\"x\\\"=avg\",\"offset\":123}",
        "{\"topic\":\"t\",\"fields\":\"station \\\"x\\\"=avg\",\"offset\":123}}",
    };
    cleanup(directory_remove) struct directory directory = directory_make();

    for (size_t i = 0; i < N_ELEMENTS(texts); i++) {
        directory_write(&directory, NAME, texts[i]);
        if (summary_mark_is_there(&mark, directory.fd))
            fail_msg("%s", texts[i]);
    }
    directory_write(&directory, NAME,
                    "{\"offset\":123,\"topic\":\"t\",\"fields\":\"station \\\"x\\\"=avg\"}");
    assert_true(summary_mark_is_there(&mark, directory.fd));
    assert_int_equal(unlinkat(directory.fd, NAME, 0), 0);
    assert_int_equal(mkdirat(directory.fd, NAME, 0755), 0);
    assert_false(summary_mark_is_there(&mark, directory.fd));
    assert_true(summary_mark_store(&mark, directory.fd, NULL) < 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_stored_is_there),
        cmocka_unit_test(another_one_is_not),
        cmocka_unit_test(a_spoilt_file_says_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
