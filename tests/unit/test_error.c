/* SPDX-License-Identifier: MIT */

/* Messages: set, put together, and cut where they are too long. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/error.h"

/* Longer than a message can be. */
static void
fill(char text[4096])
{
    memset(text, 'x', 4095);
    text[4095] = '\0';
}

static void
no_error_is_fine(void **state)
{
    assert_int_equal(error_set(NULL, -EINVAL, "%s", "lost"), -EINVAL);
    assert_int_equal(error_prefix(NULL, -ENOMEM, "%s", "lost"), -ENOMEM);
    assert_int_equal(error_append(NULL, 7, "%s", "lost"), 7);
}

static void
a_message_is_set(void **state)
{
    struct error error = ERROR_INIT;

    assert_string_equal(error.text, "");
    assert_int_equal(error_set(&error, -EINVAL, "%s is %d", "count", -3), -EINVAL);
    assert_string_equal(error.text, "count is -3");
    assert_int_equal(error_set(&error, 1, "short"), 1);
    assert_string_equal(error.text, "short");
}

static void
a_message_is_put_together(void **state)
{
    struct error error = ERROR_INIT;

    error_set(&error, 0, "count is -3");
    assert_int_equal(error_prefix(&error, -EIO, "%s:%d: ", "a.json", 7), -EIO);
    assert_string_equal(error.text, "a.json:7: count is -3");
    assert_int_equal(error_append(&error, 65, "; restore %s", "it"), 65);
    assert_string_equal(error.text, "a.json:7: count is -3; restore it");

    error = (struct error)ERROR_INIT;
    error_prefix(&error, 0, "prefix");
    error_append(&error, 0, "%s", ", more");
    assert_string_equal(error.text, "prefix, more");
    error_prefix(&error, 0, "100%% ");
    assert_string_equal(error.text, "100% prefix, more");
}

/* A per cent sign in the message that is there is none of the format's. */
static void
the_message_is_no_format(void **state)
{
    struct error error = ERROR_INIT;

    error_set(&error, 0, "%s", "%n%s%d");
    error_prefix(&error, 0, "<");
    error_append(&error, 0, ">");
    assert_string_equal(error.text, "<%n%s%d>");
}

/* They go to logs, headers of records and JSON: no bytes of others may break these. */
static void
a_message_is_text_whatever_it_quotes(void **state)
{
    struct error error = ERROR_INIT;

    error_set(&error, 0, "\"%.5s\" has a\nline", "éßü");
    assert_string_equal(error.text, "\"éß?\" has a?line");
    error_prefix(&error, 0, "\x1b[31m%s: ", "Zürich");
    assert_string_equal(error.text, "?[31mZürich: \"éß?\" has a?line");
    error_append(&error, 0, "; \xff\x7f");
    assert_string_equal(error.text, "?[31mZürich: \"éß?\" has a?line; ??");
}

/* The end of what is cut may lie within a character. */
static void
a_character_that_is_cut_is_no_half(void **state)
{
    struct error error = ERROR_INIT;
    char text[4096] = "";

    for (size_t i = 0; i < 1200; i++)
        strcat(text, "é");
    error_set(&error, 0, "%s", text);
    assert_string_equal(error.text + sizeof(error.text) - 4, "é?");
    error_set(&error, 0, "%.2046s", text);
    error_append(&error, 0, "é");
    assert_string_equal(error.text + sizeof(error.text) - 4, "é?");
    error_set(&error, 0, "%.2046s", text);
    error_prefix(&error, 0, ".é.");
    assert_string_equal(error.text + sizeof(error.text) - 4, "é?");
}

static void
a_long_message_is_cut(void **state)
{
    struct {
        struct error error;
        char guard[16];
    } guarded = {.guard = "guard"};
    struct error *error = &guarded.error;
    char text[4096];

    fill(text);
    assert_int_equal(error_set(error, -EINVAL, "%s", text), -EINVAL);
    assert_int_equal(strlen(error->text), sizeof(error->text) - 1);
    error_append(error, 0, "yyy");
    assert_int_equal(strlen(error->text), sizeof(error->text) - 1);
    assert_null(strchr(error->text, 'y'));

    error_prefix(error, 0, "ab");
    assert_int_equal(strlen(error->text), sizeof(error->text) - 1);
    assert_memory_equal(error->text, "abxx", 4);

    error_set(error, 0, "message");
    error_prefix(error, 0, "%s", text);
    assert_int_equal(strlen(error->text), sizeof(error->text) - 1);
    assert_null(strchr(error->text, 'm'));

    error_set(error, 0, "message");
    error_append(error, 0, "%s", text);
    assert_int_equal(strlen(error->text), sizeof(error->text) - 1);
    assert_memory_equal(error->text, "messagex", 8);
    assert_string_equal(guarded.guard, "guard");
}

/* Around the very size: the last byte that fits, and the first that does not. */
static void
the_edge_is_exact(void **state)
{
    struct error error;
    char text[4096];

    fill(text);
    for (int length = (int)sizeof(error.text) - 6; length < (int)sizeof(error.text) + 3; length++) {
        size_t expected = (size_t)length + 3;

        if (expected > sizeof(error.text) - 1)
            expected = sizeof(error.text) - 1;
        error_set(&error, 0, "end");
        error_prefix(&error, 0, "%.*s", length, text);
        assert_int_equal(strlen(error.text), expected);
        error_set(&error, 0, "%.*s", length, text);
        error_append(&error, 0, "end");
        assert_int_equal(strlen(error.text), expected);
        assert_int_equal(error.text[expected - 1], length >= (int)sizeof(error.text) - 1
                                                       ? 'x'
                                                       : "end"[expected - (size_t)length - 1]);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_error_is_fine),
        cmocka_unit_test(a_message_is_set),
        cmocka_unit_test(a_message_is_put_together),
        cmocka_unit_test(the_message_is_no_format),
        cmocka_unit_test(a_message_is_text_whatever_it_quotes),
        cmocka_unit_test(a_character_that_is_cut_is_no_half),
        cmocka_unit_test(a_long_message_is_cut),
        cmocka_unit_test(the_edge_is_exact),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
