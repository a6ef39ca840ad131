/* SPDX-License-Identifier: MIT */

/* The lines of tail, byte by byte. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "common/values.h"
#include "ctl/line.h"

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

#define E5  "ééééé"
#define E25 E5 E5 E5 E5 E5

static char *
write_line(const struct line_record *record, bool raw)
{
    struct report_reader reader = {.format = REPORT_FORMAT_AUTO};
    char *text;
    size_t length;
    FILE *file = open_memstream(&text, &length);

    assert_non_null(file);
    assert_int_equal(raw ? line_write_raw(file, record) : line_write_report(file, record, &reader),
                     0);
    fclose(file);
    report_reader_fini(&reader);
    return text;
}

static void
a_report_is_a_line(void **state)
{
    static const struct {
        const char *payload, *line;
    } cases[] = {
        {"{\"date\":\"2008-12-17\",\"station\":\"StationC\",\"degrees\":35.2621}",
         "{\"station_id\": \"StationC\", \"date\": \"2008-12-17\", \"degrees\": 35.2621, "
         "\"partition\": 2}\n"},
        {"{\"date\":\"2000-01-01\",\"station\":\"A\",\"degrees\":-31,\"raining\":1}",
         "{\"station_id\": \"A\", \"date\": \"2000-01-01\", \"degrees\": -31, \"partition\": 2, "
         "\"raining\": 1}\n"},
        {"{\"date\":\"2000-01-01\",\"station\":\"\\\"ü\",\"degrees\":0.1,\"raining\":0}",
         "{\"station_id\": \"\\\"ü\", \"date\": \"2000-01-01\", \"degrees\": 0.1, "
         "\"partition\": 2, \"raining\": 0}\n"},
    };

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        const struct line_record record = {
            .partition = 2,
            .offset = 17,
            .payload = cases[i].payload,
            .payload_length = strlen(cases[i].payload),
        };
        cleanup(free) char *line = write_line(&record, false);

        assert_string_equal(line, cases[i].line);
    }
}

static void
what_is_no_report_has_its_place_and_the_reason(void **state)
{
    static const char *const payloads[] = {
        NULL,
        "",
        "\x08garbage",
        "{\"date\":\"2008-02-30\",\"station\":\"C\",\"degrees\":1}",
        "{\"date\":\"2008-02-03\",\"station\":\"\\u0001\",\"degrees\":1}",
        /* Of this text the message quotes the first bytes; the last of them begins a character. */
        "{\"date\":\"2008-02-03\",\"degrees\":\"" E25 E25 "\"}",
    };

    for (size_t i = 0; i < N_ELEMENTS(payloads); i++) {
        const struct line_record record = {
            .partition = 3,
            .offset = 17,
            .payload = payloads[i],
            .payload_length = payloads[i] ? strlen(payloads[i]) : 0,
        };
        cleanup(free) char *line = write_line(&record, false);

        assert_memory_equal(line, "{\"partition\": 3, \"offset\": 17, \"error\": \"", 41);
        assert_true(strlen(line) > 50);
        assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
        assert_true(value_is_text(line, strlen(line) - 1));
    }
}

static void
raw_bytes_come_through_whatever_they_are(void **state)
{
    static const struct {
        const char *bytes;
        size_t length;
        const char *member;
    } cases[] = {
        {NULL, 0, "\"value\": null}"},
        {"", 0, "\"value\": \"\"}"},
        {"StationC", 8, "\"value\": \"StationC\"}"},
        {"a\nb\t\"\\", 6, "\"value\": \"a\\u000ab\\u0009\\\"\\\\\"}"},
        {"Zürich", 7, "\"value\": \"Zürich\"}"},
        {"a\0b", 3, "\"value_base64\": \"YQBi\"}"},
        {"\xff", 1, "\"value_base64\": \"/w==\"}"},
        {"\x7f\x01", 2, "\"value_base64\": \"fwE=\"}"},
        {"\xc2\x9b", 2, "\"value_base64\": \"wps=\"}"}, /* a terminal takes it for an escape */
        {"a\n\xff", 3, "\"value_base64\": \"YQr/\"}"},
        {"\0\1\2\3", 4, "\"value_base64\": \"AAECAw==\"}"},
    };

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        const struct line_record record = {
            .partition = 3,
            .offset = 17,
            .key = "k",
            .key_length = 1,
            .payload = cases[i].bytes,
            .payload_length = cases[i].length,
        };
        cleanup(free) char *line = write_line(&record, true);
        cleanup(free) char *expected = NULL;

        assert_true(asprintf(&expected, "{\"partition\": 3, \"offset\": 17, \"key\": \"k\", %s\n",
                             cases[i].member) > 0);
        assert_string_equal(line, expected);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_report_is_a_line),
        cmocka_unit_test(what_is_no_report_has_its_place_and_the_reason),
        cmocka_unit_test(raw_bytes_come_through_whatever_they_are),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
