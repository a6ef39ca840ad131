/* SPDX-License-Identifier: MIT */

/* Confluent's framing: what is in it, and what each byte that is missing or wrong is answered with. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "record/framing.h"
#include "records.h"

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

#define BYTES(bytes) bytes, sizeof(bytes) - 1

#define HEADER "\x00\x00\x00\x01\x02"
#define DEEP   "deep within others; only the first message of a schema is read"
#define FIRST  "; only the first message of a schema (0) is read"

static void
bad_framing_is_refused(void **state)
{
    static const struct {
        const char *bytes;
        size_t length;
        const char *message;
    } cases[] = {
        {BYTES("{}"), "Confluent framing begins with a zero byte, not 0x7b"},
        {BYTES("\xff"), "Confluent framing begins with a zero byte, not 0xff"},
        {BYTES(""), "Confluent framing is cut after 0 bytes"},
        {BYTES("\x00\x00\x00"), "Confluent framing is cut after 3 bytes"},
        {BYTES(HEADER), "Confluent framing is cut after 5 bytes"},
        {BYTES(HEADER "\x80"), "Confluent framing is cut after 6 bytes"},
        {BYTES(HEADER "\x02"), "Confluent framing is cut after 6 bytes"},
        {BYTES(HEADER "\x02\x80"), "Confluent framing is cut after 7 bytes"},
        {BYTES(HEADER "\x02\x02x"), "Confluent framing names message 1" FIRST},
        {BYTES(HEADER "\x02\x04x"), "Confluent framing names message 2" FIRST},
        {BYTES(HEADER "\x02\xfe\xff\xff\xff\x0fx"),
         "Confluent framing names message 2147483647" FIRST},
        {BYTES(HEADER "\x04\x00\x00x"), "Confluent framing names a message 2 " DEEP},
        {BYTES(HEADER "\x06"), "Confluent framing names a message 3 " DEEP},
        {BYTES(HEADER "\x01\x00x"), "Confluent framing has a negative message index, -1"},
        {BYTES(HEADER "\x02\x03x"), "Confluent framing has a negative message index, -2"},
        {BYTES(HEADER "\xff\xff\xff\xff\x0f"),
         "Confluent framing has a negative message index, -2147483648"},
        {BYTES(HEADER "\x80\x80\x80\x80\x10"),
         "Confluent framing has a message index of more than 32 bits at byte 5"},
        {BYTES(HEADER "\x02\x80\x80\x80\x80\x80\x00x"),
         "Confluent framing has a message index of more than 32 bits at byte 6"},
    };

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        void *bytes = copy_of(cases[i].bytes, cases[i].length);
        struct framing framing = {.schema_id = 4711};
        struct error error = ERROR_INIT;

        if (framing_read(bytes, cases[i].length, &framing, &error) != -EBADMSG)
            fail_msg("case %zu was read", i);
        if (strcmp(error.text, cases[i].message) != 0)
            fail_msg("case %zu: \"%s\", not \"%s\"", i, error.text, cases[i].message);
        assert_int_equal(framing_read(bytes, cases[i].length, &framing, NULL), -EBADMSG);
        assert_int_equal(framing.schema_id, 4711);
        free(bytes);
    }
    assert_int_equal(framing_read(NULL, 0, &(struct framing){.schema_id = 0}, NULL), -EBADMSG);
}

static void
good_framing_is_taken_off(void **state)
{
    static const struct {
        const char *bytes;
        size_t length;
        uint32_t schema_id;
        bool is_json;
        size_t payload_at;
    } cases[] = {
        {BYTES(HEADER "\x00\x0a\x01x"), 258, false, 6},
        {BYTES(HEADER "\x00"), 258, false, 6},
        {BYTES(HEADER "\x02\x00\x0a"), 258, false, 7},
        /* Varints may be longer than need be. */
        {BYTES(HEADER "\x80\x00\x0a"), 258, false, 7},
        {BYTES(HEADER "\x82\x80\x80\x80\x00\x80\x00\x0a"), 258, false, 12},
        /* What follows the list is not looked at. */
        {BYTES(HEADER "\x00\x00\x00"), 258, false, 6},
        {BYTES(HEADER "\x00{"), 258, false, 6},
        {BYTES(HEADER "{}"), 258, true, 5},
        {BYTES(HEADER "{"), 258, true, 5},
        {BYTES("\x00\xff\xfe\xfd\xfc{}"), 0xfffefdfc, true, 5},
        {BYTES("\x00\x00\x00\x00\x00\x00"), 0, false, 6},
    };

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        char *bytes = copy_of(cases[i].bytes, cases[i].length);
        struct error error = ERROR_INIT;
        struct framing framing;

        if (framing_read(bytes, cases[i].length, &framing, &error) != 0)
            fail_msg("case %zu: %s", i, error.text);
        if (framing.schema_id != cases[i].schema_id || framing.is_json != cases[i].is_json)
            fail_msg("case %zu: schema %u, JSON %d", i, framing.schema_id, framing.is_json);
        assert_ptr_equal(framing.payload, bytes + cases[i].payload_at);
        assert_int_equal(framing.length, cases[i].length - cases[i].payload_at);
        free(bytes);
    }
}

static void
cut_framing_is_refused_at_each_byte(void **state)
{
    static const char whole[] = "\x00\x00\x00\x00\x07\x82\x80\x80\x80\x00\x80\x80\x00";

    for (size_t length = 0; length < sizeof(whole) - 1; length++) {
        void *bytes = copy_of(whole, length);
        struct error error = ERROR_INIT;
        struct framing framing;
        char message[64];

        snprintf(message, sizeof(message), "Confluent framing is cut after %zu bytes", length);
        assert_int_equal(framing_read(bytes, length, &framing, &error), -EBADMSG);
        assert_string_equal(error.text, message);
        free(bytes);
    }
}

static void
schemas_are_pinned(void **state)
{
    static const struct {
        const char *text;
        int result;
        uint32_t id;
        bool is_taken;
    } cases[] = {
        {"17", 0, 17, true},
        {"17", 0, 18, false},
        {" 0,17 \t4294967295 , ", 0, 0, true},
        {"0 17 4294967295", 0, UINT32_MAX, true},
        {"0 17 4294967295", 0, 1, false},
        {"", -EINVAL, 0, false},
        {" , ", -EINVAL, 0, false},
        {"x", -EINVAL, 0, false},
        {"1 -1", -ERANGE, 0, false},
        {"4294967296", -ERANGE, 0, false},
        {"10000000000000017", -ERANGE, 0, false},
        {"1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1", 0, 1, true},
        {"1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1", -ERANGE, 0, false},
    };

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct error error = ERROR_INIT;
        struct framing_ids ids;

        if (framing_ids_parse(&ids, cases[i].text, &error) != cases[i].result)
            fail_msg("case %zu: %s", i, error.text);
        if (cases[i].result == 0)
            assert_int_equal(framing_ids_check(&ids, cases[i].id, &error) == 0, cases[i].is_taken);
    }
    assert_int_equal(framing_ids_check(&(struct framing_ids){.n_ids = 0}, 5, NULL), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_framing_is_refused),
        cmocka_unit_test(good_framing_is_taken_off),
        cmocka_unit_test(cut_framing_is_refused_at_each_byte),
        cmocka_unit_test(schemas_are_pinned),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
