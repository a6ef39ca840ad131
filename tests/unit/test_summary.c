/* SPDX-License-Identifier: MIT */

/* What a summary says, and what may be asked of it. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "consumer/stats_json.h"
#include "consumer/summary.h"

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

#define WITHOUT                                                                                    \
    "{\"count\":2,\"sum\":60.5,\"avg\":30.25,\"start\":\"2000-01-01\",\"end\":\"2000-01-09\"}"
#define WHOLE                                                                                      \
    "{\"count\":2,\"sum\":60.5,\"avg\":30.25,\"start\":\"2000-01-01\",\"end\":\"2000-01-09\","     \
    "\"min\":-1.5,\"min_date\":\"2000-01-01\",\"max\":62,\"max_date\":\"2000-01-09\"}"

#define COUNTED "{\"count\":2,\"start\":1534382478,\"end\":1534386588}"

static struct stats
stats_of(const char *text)
{
    cleanup(json_release) struct json_object *root = NULL;
    struct stats_shape shape = {.dates = MOMENT_ANY, .degrees = STATS_ANY};
    struct error error = ERROR_INIT;
    struct stats stats;

    assert_int_equal(json_read(text, strlen(text), &root, &error), 0);
    if (stats_json_load(root, &shape, &stats, &error) != 0)
        fail_msg("%s", error.text);
    return stats;
}

static void
fields_that_are_none(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"", "names no field"},
        {" \t ", "names no field"},
        {"count avarage", "\"avarage\" is none of station count sum avg"},
        {"count=", "\"\" is none of"},
        {"=count", "the name before =count must be text"},
        {"a=b=count", "\"b=count\" is none of"},
        {"count count", "two fields are called \"count\""},
        {"n=count m=count", "\"count\" stands twice"},
        {"id=station station", "\"station\" stands twice"},
        {"n=count n=sum", "two fields are called \"n\""},
        {"count=sum count", "two fields are called \"count\""},
        {"\xff=count", "must be text"},
        {"a\x01=count", "must be text"},
    };

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct summary_fields fields;
        struct error error = ERROR_INIT;

        assert_int_equal(summary_fields_parse(&fields, cases[i].text, &error), -EINVAL);
        if (!strstr(error.text, cases[i].message))
            fail_msg("\"%s\": %s", cases[i].text, error.text);
    }
}

static void
values_are_one_line_in_the_order_asked_for(void **state)
{
    static const struct {
        const char *fields, *id, *stats, *expected;
    } cases[] = {
        {SUMMARY_FIELDS, "A", WHOLE,
         "{\"station\":\"A\",\"count\":2,\"sum\":60.5,\"avg\":30.25,\"start\":\"2000-01-01\","
         "\"end\":\"2000-01-09\",\"min\":-1.5,\"min_date\":\"2000-01-01\",\"max\":62,"
         "\"max_date\":\"2000-01-09\"}"},
        {SUMMARY_FIELDS, "A", WITHOUT,
         "{\"station\":\"A\",\"count\":2,\"sum\":60.5,\"avg\":30.25,\"start\":\"2000-01-01\","
         "\"end\":\"2000-01-09\"}"},
        {"max min", "A", WITHOUT, "{}"},
        {SUMMARY_FIELDS, "A", COUNTED,
         "{\"station\":\"A\",\"count\":2,\"start\":1534382478,\"end\":1534386588}"},
        {"  userId=station\tlastSeen=end firstSeen=start ", "j11288090", WHOLE,
         "{\"userId\":\"j11288090\",\"lastSeen\":\"2000-01-09\",\"firstSeen\":\"2000-01-01\"}"},
        {"count=sum sum=count", "A", WHOLE, "{\"count\":60.5,\"sum\":2}"},
        {"station \"q\\=avg", "a \"b\" \\ \xc3\xa4", WHOLE,
         "{\"station\":\"a \\\"b\\\" \\\\ \xc3\xa4\",\"\\\"q\\\\\":30.25}"},
    };

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        const struct stats stats = stats_of(cases[i].stats);
        struct summary_fields fields;
        struct error error = ERROR_INIT;
        char text[SUMMARY_SIZE_MAX];
        size_t length;

        if (summary_fields_parse(&fields, cases[i].fields, &error) != 0)
            fail_msg("%s", error.text);
        length = summary_format(&fields, cases[i].id, &stats, text);
        assert_int_equal(length, strlen(cases[i].expected));
        assert_memory_equal(text, cases[i].expected, length);
        summary_fields_fini(&fields);
    }
}

/* The default is what the file says, and nothing else. */
static void
all_members_of_a_station_are_fields(void **state)
{
    const struct stats stats = stats_of(WHOLE);
    struct summary_fields fields;
    char text[SUMMARY_SIZE_MAX];
    size_t length;

    assert_int_equal(summary_fields_parse(&fields, SUMMARY_FIELDS, NULL), 0);
    length = summary_format(&fields, "A", &stats, text);
    assert_int_equal(length, strlen("{\"station\":\"A\",") + strlen(WHOLE) - 1);
    assert_memory_equal(text + strlen("{\"station\":\"A\","), WHOLE + 1, strlen(WHOLE) - 1);
    summary_fields_fini(&fields);
}

/* As much as a line of settings can ask for, of the longest id, with all that is to be escaped. */
static void
the_longest_value_fits(void **state)
{
    const struct stats stats = stats_of(WHOLE);
    char id[256], list[4097], text[SUMMARY_SIZE_MAX];
    cleanup(free) char *longer = NULL;
    struct summary_fields fields;
    size_t length;

    memset(id, '"', sizeof(id) - 1);
    id[sizeof(id) - 1] = '\0';
    memset(list, '\\', sizeof(list) - 1);
    strcpy(list + sizeof(list) - sizeof("=sum station"), "=sum station");
    assert_int_equal(summary_fields_parse(&fields, list, NULL), 0);
    length = summary_format(&fields, id, &stats, text);
    assert_int_equal(length, strlen("{\"\":60.5,\"station\":\"\"}") + 2 * (4096 - 12) + 2 * 255);
    assert_int_equal(text[length - 1], '}');
    summary_fields_fini(&fields);
    assert_int_equal(asprintf(&longer, "%s ", list), sizeof(list));
    assert_int_equal(summary_fields_parse(&fields, longer, NULL), -EINVAL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_that_are_none),
        cmocka_unit_test(values_are_one_line_in_the_order_asked_for),
        cmocka_unit_test(all_members_of_a_station_are_fields),
        cmocka_unit_test(the_longest_value_fits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
