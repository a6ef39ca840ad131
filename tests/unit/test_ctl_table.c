/* SPDX-License-Identifier: MIT */

/* Tables: what a terminal shows is measured, not bytes; nothing is wider than it should be. */

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "ctl/table.h"

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

static void
widths_are_what_a_terminal_shows(void **state)
{
    static const struct {
        const char *text;
        int width;
    } cases[] = {
        {"", 0},
        {"Seattle", 7},
        {"Zürich", 6},
        {"東京", 4},
        {"e\xcc\x81", 1}, /* an accent on its own */
        {"a\xff"
         "b",
         3},
    };

    for (size_t i = 0; i < N_ELEMENTS(cases); i++)
        assert_int_equal(table_text_width(cases[i].text), cases[i].width);
}

static void
a_text_is_cut_between_characters(void **state)
{
    static const struct {
        const char *text;
        int columns;
        size_t length;
        int width;
    } cases[] = {
        {"Zürich", 0, 0, 0}, {"Zürich", 1, 1, 1}, {"Zürich", 2, 3, 2},
        {"Zürich", 9, 7, 6}, {"東京", 3, 3, 2},   {"東京", 4, 6, 4},
    };

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        int width = -1;

        assert_int_equal(table_text_fit(cases[i].text, cases[i].columns, &width), cases[i].length);
        assert_int_equal(width, cases[i].width);
    }
}

static char *
print(const struct table *table, int width, size_t rows_max)
{
    char *text;
    size_t length;
    FILE *file = open_memstream(&text, &length);

    assert_non_null(file);
    table_print(table, file, width, rows_max);
    fclose(file);
    return text;
}

static const struct table_column columns[] = {
    {"station", false, 5}, {"n", true, 0}, {"x", false, 0}};

static void
columns_stand_in_line(void **state)
{
    cleanup(free) char *text = NULL;
    struct table table;

    table_init(&table, columns, N_ELEMENTS(columns));
    for (int i = 0; i < 2; i++) {
        table_add(&table, "%s", i == 0 ? "東京" : "A");
        table_add(&table, "%d", i == 0 ? 5 : 1000);
        table_add(&table, "y");
    }
    assert_int_equal(table_rows(&table), 2);
    text = print(&table, 80, 100);
    assert_string_equal(text, "station     n  x\n"
                              "東京        5  y\n"
                              "A        1000  y\n");
    table_fini(&table);
}

static void
what_is_too_long_is_cut_and_marked(void **state)
{
    struct table table;

    table_init(&table, columns, N_ELEMENTS(columns));
    table_add(&table, "Zürich-Flughafen");
    table_add(&table, "12");
    table_add(&table, "y");
    for (int width = 1; width < 30; width++) {
        cleanup(free) char *text = print(&table, width, 1);
        char *line = strtok(text, "\n");

        for (; line; line = strtok(NULL, "\n"))
            assert_true(table_text_width(line) <= (width < 12 ? 12 : width));
    }
    {
        cleanup(free) char *text = print(&table, 14, 1);

        assert_non_null(strstr(text, "Zürich…  12  y\n"));
    }
    table_fini(&table);
}

static void
rows_beyond_the_last_wanted_are_left_out(void **state)
{
    cleanup(free) char *text = NULL;
    struct table table;

    table_init(&table, columns + 1, 1);
    for (int i = 0; i < 100; i++)
        table_add(&table, "%d", i);
    text = print(&table, 80, 2);
    assert_string_equal(text, " n\n 0\n 1\n");
    table_fini(&table);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(widths_are_what_a_terminal_shows),
        cmocka_unit_test(a_text_is_cut_between_characters),
        cmocka_unit_test(columns_stand_in_line),
        cmocka_unit_test(what_is_too_long_is_cut_and_marked),
        cmocka_unit_test(rows_beyond_the_last_wanted_are_left_out),
    };

    if (!setlocale(LC_CTYPE, "C.UTF-8"))
        return 77;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
