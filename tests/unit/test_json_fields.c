/* SPDX-License-Identifier: MIT */

/* Objects by a table: what is refused and in which words, and what is taken over. */

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/json_fields.h"

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

struct thing {
    int64_t integer;
    double number, share;
    int32_t date;
    bool boolean;
    const char *text;
    struct json_object *value;
};

static const struct json_field fields[] = {
    {"integer", JSON_INTEGER, offsetof(struct thing, integer), false, -5, 5},
    {"number", JSON_NUMBER, offsetof(struct thing, number), true, 0, 0},
    {"share", JSON_SHARE, offsetof(struct thing, share), true, 0, 0},
    {"date", JSON_DATE, offsetof(struct thing, date), true, 0, 0},
    {"boolean", JSON_BOOLEAN, offsetof(struct thing, boolean), true, 0, 0},
    {"text", JSON_TEXT, offsetof(struct thing, text), true, 0, 0},
    {"value", JSON_VALUE, offsetof(struct thing, value), true, 0, 0},
};

static int
load(const char *text, struct json_object **rootp, struct thing *thing, unsigned *seenp,
     struct error *error)
{
    assert_int_equal(json_read(text, strlen(text), rootp, error), 0);
    return json_load_fields(*rootp, fields, N_ELEMENTS(fields), thing, seenp, error);
}

static void
what_the_table_does_not_have_is_refused(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"[]", "is not an object"},
        {"{}", "lacks \"integer\""},
        {"{\"number\": 1}", "lacks \"integer\""},
        {"{\"integer\": 1, \"other\": 1}", "has an unknown key \"other\""},
        {"{\"integer\": -6}", "\"integer\" is -6, must be at least -5"},
        {"{\"integer\": 6}", "\"integer\" is 6, must be at most 5"},
        {"{\"integer\": 1.0}", "\"integer\" is 1.0, must be an integer"},
        {"{\"integer\": null}", "\"integer\" is null, must be an integer"},
        {"{\"integer\": 1, \"number\": \"1\"}", "\"number\" is \"1\", must be a number"},
        {"{\"integer\": 1, \"number\": NaN}", "\"number\" is NaN, must be a finite number"},
        {"{\"integer\": 1, \"number\": null}", "\"number\" is null, must be a number"},
        {"{\"integer\": 1, \"share\": 1.5}", "\"share\" is 1.5, must be from 0 to 1"},
        {"{\"integer\": 1, \"share\": -0.1}", "\"share\" is -0.1, must be from 0 to 1"},
        {"{\"integer\": 1, \"date\": \"2000-02-30\"}",
         "\"date\" is \"2000-02-30\", must be a date that exists, as YYYY-MM-DD"},
        {"{\"integer\": 1, \"date\": \"2000-02-20T12:00:00Z\"}",
         "\"date\" is \"2000-02-20T12:00:00Z\", must be a date that exists, as YYYY-MM-DD"},
        {"{\"integer\": 1, \"date\": 5}",
         "\"date\" is 5, must be a date that exists, as YYYY-MM-DD"},
        {"{\"integer\": 1, \"boolean\": 1}", "\"boolean\" is neither true nor false"},
        {"{\"integer\": 1, \"text\": 1}", "\"text\" is 1, must be a string"},
        {"{\"integer\": 1, \"value\": null}", "\"value\" is null"},
    };

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct error error = ERROR_INIT;
        struct json_object *root;
        struct thing thing;
        unsigned seen = 4711;

        if (load(cases[i].text, &root, &thing, &seen, &error) != JSON_E_BAD)
            fail_msg("%s is taken", cases[i].text);
        assert_string_equal(error.text, cases[i].message);
        assert_int_equal(seen, 4711);
        json_release(root);
    }
}

static void
what_is_there_is_taken_over(void **state)
{
    struct error error = ERROR_INIT;
    struct json_object *root;
    struct thing thing = {.number = 7};
    unsigned seen;

    assert_int_equal(load("{\"value\": [1], \"text\": \"x\", \"boolean\": true, \"date\": "
                          "\"2000-01-01\", \"share\": 1, \"number\": -0.0, \"integer\": -5}",
                          &root, &thing, &seen, &error),
                     0);
    assert_int_equal(seen, 0x7f);
    assert_int_equal(thing.integer, -5);
    assert_true(thing.number == 0 && !signbit(thing.number));
    assert_true(thing.share == 1);
    assert_int_equal(thing.date, 10957);
    assert_true(thing.boolean);
    assert_string_equal(thing.text, "x");
    assert_non_null(thing.value);
    json_release(root);

    thing.number = 7;
    assert_int_equal(load("{\"integer\": 5}", &root, &thing, &seen, &error), 0);
    assert_int_equal(seen, 1);
    assert_true(thing.number == 7);
    json_release(root);
    assert_int_equal(load("{\"integer\": 5}", &root, &thing, NULL, &error), 0);
    json_release(root);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_table_does_not_have_is_refused),
        cmocka_unit_test(what_is_there_is_taken_over),
    };

    return cmocka_run_group_tests_name("json_fields", tests, NULL, NULL);
}
