/* SPDX-License-Identifier: MIT */

/* Texts: what is shown is measured, not bytes, and cut between characters. */

#include <limits.h>
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/text.h"

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
        assert_int_equal(text_width(cases[i].text, text_columns), cases[i].width);
}

static void
assert_cut(const char *text, int room, text_measure_fn *measure, const char *shown)
{
    struct text_cut cut = text_cut(text, room, measure);
    char whole[64];

    snprintf(whole, sizeof(whole), "%.*s%s%s", cut.head, text, cut.mark, cut.tail);
    assert_string_equal(whole, shown);
    assert_int_equal(cut.width, text_width(whole, measure));
    assert_true(cut.width <= room);
}

static void
a_text_is_cut_in_the_middle_between_characters(void **state)
{
    static const struct {
        const char *text;
        int room;
        const char *shown;
    } cases[] = {
        {"", 1, ""},
        {"Zürich", 6, "Zürich"},
        {"Zürich", INT_MAX, "Zürich"},
        {"Zürich", 5, "Zü…ch"},
        {"Zürich", 4, "Zü…h"},
        {"Zürich", 3, "Z…h"},
        {"Zürich", 2, "Z…"},
        {"Zürich", 1, "…"},
        {"東京国際", 8, "東京国際"},
        {"東京国際", 7, "東…国際"},
        {"東京国際", 5, "東…際"},
        {"東京国際", 4, "東…"},
        {"東京国際", 3, "…際"},
        {"ae\xcc\x81ooe\xcc\x81", 3, "a…e\xcc\x81"},
        {"e\xcc\x81oooe\xcc\x81", 3, "e\xcc\x81…e\xcc\x81"},
        {"a\xff\xff\xff"
         "b",
         3, "a…b"},
    };

    for (size_t i = 0; i < N_ELEMENTS(cases); i++)
        assert_cut(cases[i].text, cases[i].room, text_columns, cases[i].shown);
}

static int
ten_pixels(const char *character, int columns)
{
    return *character == 'i' ? 4 : 10;
}

static void
the_unit_is_the_callers(void **state)
{
    assert_int_equal(text_width("abi", ten_pixels), 24);
    assert_cut("abcdef", 59, ten_pixels, "ab…ef");
    assert_cut("iiiiiiiiiiii", 47, ten_pixels, "iiii…iiiii");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(widths_are_what_a_terminal_shows),
        cmocka_unit_test(a_text_is_cut_in_the_middle_between_characters),
        cmocka_unit_test(the_unit_is_the_callers),
    };

    if (!setlocale(LC_CTYPE, "C.UTF-8"))
        return 77;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
