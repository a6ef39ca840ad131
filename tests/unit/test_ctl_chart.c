/* SPDX-License-Identifier: MIT */

/* The chart's axis and texts; how it looks is for eyes. */

#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "ctl/chart.h"

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

static void
an_axis_has_round_steps_and_holds_zero_and_all_values(void **state)
{
    static const struct {
        double lowest, highest, low, high, step;
    } cases[] = {
        {0, 0, 0, 1, 0.2},
        {0, 53.7, 0, 60, 10},
        {0, 80, 0, 80, 10},
        {-55.1, -3.7, -60, 0, 10},
        {-55.1, 15.4, -60, 20, 10},
        {30, 120, 0, 120, 20},
        {0, 0.0003, 0, 0.0003, 0.00005},
    };

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct chart_axis axis = chart_find_axis(cases[i].lowest, cases[i].highest);

        assert_float_equal(axis.low, cases[i].low, 1e-9);
        assert_float_equal(axis.high, cases[i].high, 1e-9);
        assert_float_equal(axis.step, cases[i].step, 1e-9);
    }
}

static void
an_axis_is_finite_whatever_the_values(void **state)
{
    static const double extremes[] = {1.7e308, 1e300, 1, 5e-324, 0};

    for (size_t i = 0; i < N_ELEMENTS(extremes); i++)
        for (size_t j = 0; j < N_ELEMENTS(extremes); j++) {
            struct chart_axis axis = chart_find_axis(-extremes[i], extremes[j]);

            assert_true(isfinite(axis.low) && isfinite(axis.high) && axis.low < axis.high);
            assert_true((axis.high - axis.low) / axis.step < 12);
        }
}

static char *
draw(const struct chart_bar *bars, size_t n_bars, const char *mark)
{
    char *text;
    size_t length;
    FILE *file = open_memstream(&text, &length);

    assert_non_null(file);
    chart_write(file, &(struct chart){"A & B", "from <here>", "°F", mark, n_bars, bars});
    fclose(file);
    return text;
}

static void
texts_are_escaped_and_cut(void **state)
{
    static const struct chart_bar bars[] = {
        {"Zürich <&> \"Kloten\"", "3 reports", 48.25},
        {"a\xef\xbf\xbf"
         "b",
         "", -0.01}, /* which XML has not */
        {"0123456789012345678901234567890123456789", "", -12.5},
    };
    cleanup(free) char *text = draw(bars, N_ELEMENTS(bars), NULL);

    assert_non_null(strstr(text, ">A &amp; B</text>"));
    assert_non_null(strstr(text, ">from &lt;here&gt;</text>"));
    assert_non_null(strstr(text, ">°F</text>"));
    assert_non_null(strstr(text, ">Zürich &lt;&amp;&gt; \"Kloten\"</text>"));
    assert_non_null(strstr(text, ">Zürich &lt;&amp;&gt; \"Kloten\": 3 reports</title>"));
    assert_non_null(strstr(text, ">48.2</text>"));
    assert_non_null(strstr(text, ">a\xef\xbf\xbd"
                                 "b</text>"));
    assert_non_null(strstr(text, ">0.0</text>")); /* not minus zero */
    assert_non_null(strstr(text, ">−12.5</text>"));
    assert_non_null(strstr(text, ">012345678901234…4567890123456789</text>"));
    assert_non_null(strstr(text, "<title>0123456789012345678901234567890123456789</title>"));
}

/* Not 8000000 beside 1e+07. */
static void
an_axis_has_one_form_of_numbers(void **state)
{
    static const struct chart_bar bars[] = {{"a", "", 12345678}, {"b", "", -1234567.8}};
    cleanup(free) char *text = draw(bars, N_ELEMENTS(bars), NULL);

    assert_non_null(strstr(text, ">1.2e+07</text>"));
    assert_non_null(strstr(text, ">8e+06</text>"));
    assert_non_null(strstr(text, ">−2e+06</text>"));
    assert_non_null(strstr(text, ">0</text>"));
    assert_non_null(strstr(text, ">−1234567.8</text>"));
}

static void
bars_lie_on_their_side_of_zero(void **state)
{
    static const struct chart_bar bars[] = {{"up", "", 50}, {"down", "", -50}};
    cleanup(free) char *text = draw(bars, N_ELEMENTS(bars), NULL);
    const char *rect = text;
    double x[2], y, width[2];

    for (size_t i = 0; i < 2; i++) {
        rect = strstr(rect + 1, "<rect class=\"bar\"");
        assert_non_null(rect);
        assert_int_equal(sscanf(rect, "<rect class=\"bar\" x=\"%lf\" y=\"%lf\" width=\"%lf\"",
                                &x[i], &y, &width[i]),
                         3);
    }
    assert_float_equal(x[0], x[1] + width[1], 0.2);
    assert_float_equal(width[0], width[1], 0.2);
    assert_true(width[0] > 100);
}

/* Each over its row, the next begins where it ends; a figure stands beside bar and mark. */
static void
marks_are_beside_their_bars(void **state)
{
    static const struct chart_bar bars[] = {{"a", "", 50, 75}, {"b", "", 80, 75}};
    cleanup(free) char *text = draw(bars, N_ELEMENTS(bars), "<mark>");
    cleanup(free) char *without = draw(bars, N_ELEMENTS(bars), NULL);
    const char *at = text;
    double x[2], top[2], bottom[2], value[2];

    for (size_t i = 0; i < 2; i++) {
        at = strstr(at + 1, "<path class=\"mark\" d=\"M");
        assert_non_null(at);
        assert_int_equal(
            sscanf(at, "<path class=\"mark\" d=\"M%lf %lfV%lf\"", &x[i], &top[i], &bottom[i]), 3);
        at = strstr(at, "<text class=\"value\"");
        assert_non_null(at);
        assert_int_equal(sscanf(at, "<text class=\"value\" x=\"%lf\"", &value[i]), 1);
        assert_true(value[i] > x[i] + 1);
    }
    assert_float_equal(x[0], x[1], 0.01);
    assert_float_equal(bottom[0], top[1], 0.01);
    assert_true(bottom[1] > top[1] + 10 && value[1] > value[0] + 10);
    assert_non_null(strstr(text, ">&lt;mark&gt;</text>"));
    assert_null(strstr(without, "class=\"mark\""));
    assert_null(strstr(without, "class=\"legend\""));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_axis_has_round_steps_and_holds_zero_and_all_values),
        cmocka_unit_test(an_axis_is_finite_whatever_the_values),
        cmocka_unit_test(texts_are_escaped_and_cut),
        cmocka_unit_test(an_axis_has_one_form_of_numbers),
        cmocka_unit_test(marks_are_beside_their_bars),
        cmocka_unit_test(bars_lie_on_their_side_of_zero),
    };

    if (!setlocale(LC_CTYPE, "C.UTF-8"))
        return 77;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
