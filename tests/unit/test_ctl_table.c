/* SPDX-License-Identifier: MIT */

/* Tables: what a terminal shows is measured, not bytes; nothing is wider than it should be. */

#include <fcntl.h>
#include <limits.h>
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "ctl/table.h"
#include "ctl/text.h"

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

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
    {"station", .width_min = 10}, {"n", .right = true}, {"x"}};

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

/* First the gaps, then the middle of what is long. */
static void
what_is_too_long_is_cut_and_marked(void **state)
{
    static const struct {
        int width;
        const char *row;
    } cases[] = {
        {INT_MAX, "\nZürich-Flughafen  12  y\n"},
        {23, "\nZürich-Flughafen  12  y\n"},
        {22, "\nZürich-Flughafen 12 y\n"},
        {20, "\nZürich-…ughafen 12 y\n"},
        {12, "\nZür…fen 12 y\n"},
        {1, "\nZü…en 12 y\n"},
    };
    struct table table;

    table_init(&table, columns, N_ELEMENTS(columns));
    table_add(&table, "Zürich-Flughafen");
    table_add(&table, "12");
    table_add(&table, "y");
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        cleanup(free) char *text = print(&table, cases[i].width, 1);

        assert_non_null(strstr(text, cases[i].row));
    }
    for (int width = 1; width < 30; width++) {
        cleanup(free) char *text = print(&table, width, 1);
        char *line = strtok(text, "\n");

        for (; line; line = strtok(NULL, "\n"))
            assert_true(text_width(line, text_columns) <= (width < 10 ? 10 : width));
    }
    table_fini(&table);
}

static void
long_columns_share_what_there_is(void **state)
{
    static const struct table_column two[] = {
        {"a", .width_min = 6}, {"b", .width_min = 6}, {"n", .right = true}};
    struct table table;
    cleanup(free) char *text = NULL;

    table_init(&table, two, N_ELEMENTS(two));
    table_add(&table, "0123456789");
    table_add(&table, "abcdefghijklmnopqrstuvwxyz");
    table_add(&table, "1");
    text = print(&table, 19, 1);
    assert_non_null(strstr(text, "\n0123…789 abcd…xyz 1\n"));
    table_fini(&table);
}

/* Before others are cut below what they want, and no more of them than that takes. */
static void
spare_columns_are_left_out(void **state)
{
    static const struct table_column some[] = {
        {"id", .width_min = 8}, {"from", .spare = true}, {"to", .spare = true}};
    static const struct {
        int width;
        const char *row;
    } cases[] = {
        {24, "\n0123456789ab  four  also\n"},
        {22, "\n0123456789ab four also\n"},
        {18, "\n0123…9ab four also\n"},
        {17, "\n0123456789ab also\n"},
        {13, "\n0123…9ab also\n"},
        {12, "\n0123456789ab\n"},
        {8, "\n0123…9ab\n"},
        {1, "\n01…b\n"},
    };
    struct table table;

    table_init(&table, some, N_ELEMENTS(some));
    table_add(&table, "0123456789ab");
    table_add(&table, "four");
    table_add(&table, "also");
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        cleanup(free) char *text = print(&table, cases[i].width, 1);

        assert_non_null(strstr(text, cases[i].row));
    }
    table_fini(&table);
}

static void
assert_size(FILE *file, const char *columns_variable, int width, int height)
{
    int found_width, found_height;

    if (columns_variable)
        assert_int_equal(setenv("COLUMNS", columns_variable, 1), 0);
    else
        assert_int_equal(unsetenv("COLUMNS"), 0);
    table_find_size(file, &found_width, &found_height);
    assert_int_equal(found_width, width);
    assert_int_equal(found_height, height);
}

static void
the_width_is_the_terminals_or_unlimited_or_that_of_columns(void **state)
{
    cleanup(close) int master = posix_openpt(O_RDWR | O_NOCTTY);
    cleanup(fclose) FILE *terminal = NULL, *pipe = tmpfile();

    assert_true(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
    terminal = fopen(ptsname(master), "we");
    assert_true(terminal && pipe);
    assert_size(pipe, NULL, INT_MAX, 0);
    assert_size(pipe, "100", 100, 0);
    assert_size(pipe, "0", INT_MAX, 0);
    assert_size(pipe, "wide", INT_MAX, 0);
    assert_size(terminal, NULL, 80, 0); /* one that has not been told its size */
    assert_int_equal(ioctl(master, TIOCSWINSZ, &(struct winsize){.ws_col = 132, .ws_row = 40}), 0);
    assert_size(terminal, NULL, 132, 40);
    assert_size(terminal, "100", 100, 40);
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
        cmocka_unit_test(columns_stand_in_line),
        cmocka_unit_test(what_is_too_long_is_cut_and_marked),
        cmocka_unit_test(long_columns_share_what_there_is),
        cmocka_unit_test(spare_columns_are_left_out),
        cmocka_unit_test(the_width_is_the_terminals_or_unlimited_or_that_of_columns),
        cmocka_unit_test(rows_beyond_the_last_wanted_are_left_out),
    };

    if (!setlocale(LC_CTYPE, "C.UTF-8"))
        return 77;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
