/* SPDX-License-Identifier: MIT */

/* The source file: which anchors stay, what is refused on the way back, and the CRC. */

#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "directory.h"
#include "stream/checkpoint.h"
#include "stream/identity.h"

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

#define NAME ".partition-3.source"

#define X64  "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X256 X64 X64 X64 X64

#define FILE_OF(members)                                                                           \
    "{\"cluster\": \"c\", \"topic\": \"t\", \"partition\": 3, \"partitions\": 4, " members "}"
#define ANCHOR            "{\"offset\": 5, \"timestamp\": 1, \"crc\": 2}"
#define ANCHOR_AT(offset) "{\"offset\": " #offset ", \"timestamp\": 1, \"crc\": 2}"
#define EIGHT(tens)                                                                                \
    ANCHOR_AT(tens##0)                                                                             \
    ", " ANCHOR_AT(tens##1) ", " ANCHOR_AT(tens##2) ", " ANCHOR_AT(tens##3) ", " ANCHOR_AT(        \
        tens##4) ", " ANCHOR_AT(tens##5) ", " ANCHOR_AT(tens##6) ", " ANCHOR_AT(tens##7)

static void
bad_files_are_refused(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"", "is empty"},
        {"[]", "is not an object"},
        {"{}", "lacks \"topic\" or \"partition\""},
        {"{\"topic\": \"t\"}", "lacks \"topic\" or \"partition\""},
        {"{\"partition\": 3}", "lacks \"topic\" or \"partition\""},
        {"{\"topic\": 5, \"partition\": 3}", "\"topic\" is 5, must be a string"},
        {"{\"topic\": \"u\", \"partition\": 3}",
         "\"topic\" is \"u\", not \"t\": this directory holds another topic's files; give each "
         "topic a directory of its own"},
        {"{\"topic\": \"t\", \"partition\": 2}", "\"partition\" is 2, must be 3"},
        {"{\"topic\": \"t\", \"partition\": \"3\"}", "\"partition\" is \"3\", must be an integer"},
        {"{\"topic\": \"t\", \"partition\": -3}", "\"partition\" is -3, must be at least 0"},
        {"{\"topic\": \"t\", \"partition\": 3, \"more\": 1}", "\"more\" is an unknown key"},
        {"{\"topic\": \"t\", \"partition\": 3, \"cluster\": 1}",
         "\"cluster\" is 1, must be a string"},
        {"{\"topic\": \"t\", \"partition\": 3, \"cluster\": \"" X256 "\"}",
         "\"cluster\" is longer than 255 bytes"},
        /* Written again it would be a file that can't be loaded. */
        {"{\"topic\": \"t\", \"partition\": 3, \"cluster\": \"\\u007f\"}",
         "\"cluster\" has a control character in it"},
        {"{\"topic\": \"t\", \"partition\": 3, \"cluster\": \"c\\n\"}",
         "\"cluster\" has a control character in it"},
        {"{\"topic\": \"t\", \"partition\": 3, \"partitions\": -1}",
         "\"partitions\" is -1, must be at least 0"},
        {"{\"topic\": \"t\", \"partition\": 3, \"partitions\": 2147483648}",
         "\"partitions\" is 2147483648, must be at most 2147483647"},
        {"{\"topic\": \"t\", \"partition\": 3, \"partitions\": 1.5}",
         "\"partitions\" is 1.5, must be an integer"},
        {FILE_OF("\"station\": 5"), "\"station\" is 5, must be a string"},
        {FILE_OF("\"station\": null"), "\"station\" is null, must be a string"},
        {FILE_OF("\"station\": [\"A\"]"), "\"station\" is [\"A\"], must be a string"},
        {FILE_OF("\"station\": {}"), "\"station\" is {}, must be a string"},
        {FILE_OF("\"station\": \"" X256 "\""), "\"station\" is longer than 255 bytes"},
        {FILE_OF("\"station\": \"A\\nB\""), "\"station\" has a control character in it"},
        {FILE_OF("\"station\": \"\\u007f\""), "\"station\" has a control character in it"},
        {FILE_OF("\"station\": \"\\u0085\""), "\"station\" has a control character in it"},
        {FILE_OF("\"station\": \"A\\u0000\""), "has a NUL character at byte "},
        {FILE_OF("\"station\": \"A\", \"station\": \"A\""), "has a key that stands twice in its"},
        {FILE_OF("\"Station\": \"A\""), "\"Station\" is an unknown key"},
        {FILE_OF("\"anchors\": 5"), "\"anchors\" is not an array"},
        {FILE_OF("\"anchors\": {}"), "\"anchors\" is not an array"},
        {FILE_OF("\"anchors\": [5]"), "\"anchors\" [0] is not an object"},
        {FILE_OF("\"anchors\": [" ANCHOR ", {}]"), "\"anchors\" [1] "},
        {FILE_OF("\"anchors\": [" ANCHOR ", " ANCHOR "]"),
         "\"anchors\" [1] is not in the order of offsets"},
        {FILE_OF("\"anchors\": [" ANCHOR ", " ANCHOR_AT(4) "]"),
         "\"anchors\" [1] is not in the order of offsets"},
        {FILE_OF("\"anchors\": [{\"offset\": -1, \"timestamp\": 1, \"crc\": 2}]"),
         "\"anchors\" [0] "},
        {FILE_OF("\"anchors\": [{\"offset\": \"5\", \"timestamp\": 1, \"crc\": 2}]"),
         "\"anchors\" [0] "},
        {FILE_OF("\"anchors\": [{\"offset\": 5, \"timestamp\": -2, \"crc\": 2}]"),
         "\"anchors\" [0] "},
        {FILE_OF("\"anchors\": [{\"offset\": 5, \"timestamp\": null, \"crc\": 2}]"),
         "\"anchors\" [0] "},
        {FILE_OF("\"anchors\": [{\"offset\": 5, \"timestamp\": 1, \"crc\": -1}]"),
         "\"anchors\" [0] "},
        {FILE_OF("\"anchors\": [{\"offset\": 5, \"timestamp\": 1, \"crc\": 4294967296}]"),
         "\"anchors\" [0] "},
        {FILE_OF("\"anchors\": [{\"offset\": 5, \"timestamp\": 1, \"crc\": 2, \"x\": 1}]"),
         "\"anchors\" [0] has an unknown key \"x\""},
        {FILE_OF("\"anchors\": [" EIGHT(1) ", " EIGHT(2) ", " ANCHOR_AT(30) "]"),
         "\"anchors\" has more than 16 elements"},
        /* An anchor without all of its parts would accuse a topic that is the same. */
        {FILE_OF("\"anchors\": [{\"timestamp\": 1, \"crc\": 2}]"), "\"anchors\" [0] "},
        {FILE_OF("\"anchors\": [{\"offset\": 5, \"timestamp\": 1}]"), "\"anchors\" [0] "},
        {FILE_OF("\"anchors\": [{\"offset\": 5, \"crc\": 2}]"), "\"anchors\" [0] "},
    };

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        cleanup(directory_remove) struct directory directory = directory_make();
        struct identity identity, before;
        struct error error = ERROR_INIT;
        char expected[512];
        int result;

        directory_write(&directory, NAME, cases[i].text);
        identity_init(&identity, "t", 3);
        before = identity;
        result = identity_load(&identity, directory.fd, &error);
        if (result != (strstr(cases[i].message, "another topic") ? IDENTITY_E_OTHER_TOPIC
                                                                 : CHECKPOINT_E_CORRUPT))
            fail_msg("%s gave %d", cases[i].text, result);
        snprintf(expected, sizeof(expected), NAME ": %s", cases[i].message);
        if (strncmp(error.text, expected, strlen(expected)) != 0)
            fail_msg("%s: \"%s\", not \"%s\"", cases[i].text, error.text, expected);
        assert_memory_equal(&identity, &before, sizeof(identity));
        directory_assert_holds(&directory, NAME, cases[i].text);
    }
}

static void
a_missing_file_is_an_outcome_of_its_own(void **state)
{
    cleanup(directory_remove) struct directory directory = directory_make();
    struct identity identity;

    identity_init(&identity, "t", 3);
    assert_int_equal(identity_load(&identity, directory.fd, NULL), CHECKPOINT_E_NONE);
    assert_string_equal(identity.topic, "t");
    assert_int_equal(identity.partition, 3);
    assert_int_equal(identity.n_anchors, 0);
}

static void
a_topic_is_taken_over_when_it_can_be_one(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"{\"topic\": \"a.b\", \"partition\": 3}", NULL},
        {"{\"topic\": \"\", \"partition\": 3}", "\"topic\" is wrong: a topic needs a name"},
        {"{\"topic\": \"../t\", \"partition\": 3}", "\"topic\" is wrong: \"../t\" is no name"},
        {"{\"topic\": \"t\\n\", \"partition\": 3}", "\"topic\" has a control character in it"},
        {"{\"topic\": \"" X256 "\", \"partition\": 3}", "\"topic\" is longer than 255 bytes"},
    };

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        cleanup(directory_remove) struct directory directory = directory_make();
        struct error error = ERROR_INIT;
        struct identity identity;
        char expected[512];

        directory_write(&directory, NAME, cases[i].text);
        identity_init(&identity, "", 3);
        assert_int_equal(identity_load(&identity, directory.fd, &error),
                         cases[i].message ? CHECKPOINT_E_CORRUPT : 0);
        assert_string_equal(identity.topic, cases[i].message ? "" : "a.b");
        if (!cases[i].message)
            continue;
        snprintf(expected, sizeof(expected), NAME ": %s", cases[i].message);
        assert_memory_equal(error.text, expected, strlen(expected));
    }
}

static void
what_is_stored_is_loaded(void **state)
{
    cleanup(directory_remove) struct directory directory = directory_make();
    struct identity identity, loaded;

    identity_init(&identity, "t", 3);
    assert_int_equal(identity_store(&identity, directory.fd, NULL), 0);
    directory_assert_holds(&directory, NAME,
                           "{\n  \"topic\": \"t\",\n  \"partition\": 3,\n  \"anchors\": []\n}\n");
    identity_init(&loaded, "t", 3);
    assert_int_equal(identity_load(&loaded, directory.fd, NULL), 0);
    assert_string_equal(loaded.cluster, "");
    assert_string_equal(loaded.topic, "t");
    assert_int_equal(loaded.partitions, 0);
    assert_int_equal(loaded.n_anchors, 0);

    strcpy(identity.cluster, "c\"1");
    identity.partitions = INT32_MAX;
    identity.anchors[0] = (struct identity_anchor){0, -1, 0};
    identity.anchors[1] = (struct identity_anchor){7, 1577836800000, 4294967295};
    identity.anchors[2] = (struct identity_anchor){INT64_MAX - 1, INT64_MAX - 1, 1};
    identity.n_anchors = 3;
    assert_int_equal(identity_store(&identity, directory.fd, NULL), 0);
    directory_assert_holds(&directory, NAME,
                           "{\n"
                           "  \"cluster\": \"c\\\"1\",\n"
                           "  \"topic\": \"t\",\n"
                           "  \"partition\": 3,\n"
                           "  \"partitions\": 2147483647,\n"
                           "  \"anchors\": [\n"
                           "    {\n"
                           "      \"offset\": 0,\n"
                           "      \"timestamp\": -1,\n"
                           "      \"crc\": 0\n"
                           "    },\n"
                           "    {\n"
                           "      \"offset\": 7,\n"
                           "      \"timestamp\": 1577836800000,\n"
                           "      \"crc\": 4294967295\n"
                           "    },\n"
                           "    {\n"
                           "      \"offset\": 9223372036854775806,\n"
                           "      \"timestamp\": 9223372036854775806,\n"
                           "      \"crc\": 1\n"
                           "    }\n"
                           "  ]\n"
                           "}\n");
    assert_int_equal(directory_count(&directory), 1);
    identity_init(&loaded, "t", 3);
    assert_int_equal(identity_load(&loaded, directory.fd, NULL), 0);
    assert_string_equal(loaded.cluster, "c\"1");
    assert_int_equal(loaded.partitions, INT32_MAX);
    assert_int_equal(loaded.n_anchors, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_true(loaded.anchors[i].offset == identity.anchors[i].offset);
        assert_true(loaded.anchors[i].timestamp == identity.anchors[i].timestamp);
        assert_true(loaded.anchors[i].crc == identity.anchors[i].crc);
    }
}

/* The one station of a partition: any that a report can have, up to the longest. */
static void
the_station_is_stored_and_loaded(void **state)
{
    static const char *const stations[] = {"A", "a \"b\" \\", "東京 😀", "offset"};
    char longest[256];

    memset(longest, 'x', 255);
    longest[255] = '\0';
    for (size_t i = 0; i <= N_ELEMENTS(stations); i++) {
        cleanup(directory_remove) struct directory directory = directory_make();
        const char *station = i < N_ELEMENTS(stations) ? stations[i] : longest;
        struct error error = ERROR_INIT;
        struct identity identity, loaded;

        identity_init(&identity, "t", 3);
        assert_string_equal(identity.station, "");
        strcpy(identity.station, station);
        assert_int_equal(identity_store(&identity, directory.fd, NULL), 0);
        identity_init(&loaded, "t", 3);
        if (identity_load(&loaded, directory.fd, &error) != 0)
            fail_msg("%s: %s", station, error.text);
        assert_string_equal(loaded.station, station);
    }
}

/* Vectors of another implementation (Python's zlib.crc32). */
static void
the_crc_is_the_well_known_one(void **state)
{
    static const struct {
        const char *key, *payload;
        uint32_t crc;
    } cases[] = {
        {NULL, NULL, 0x2144df1c},          {NULL, "123456789", 0x22896b0a},
        {"StationA", "hello", 0xc4bf090f}, {"StationAh", "ello", 0x4319c24c},
        {"StationA", NULL, 0x8ead29c7},
    };

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        const char *key = cases[i].key, *payload = cases[i].payload;
        uint32_t crc =
            identity_crc(key, key ? strlen(key) : 0, payload, payload ? strlen(payload) : 0);

        if (crc != cases[i].crc)
            fail_msg("case %zu: %08" PRIx32 ", not %08" PRIx32, i, crc, cases[i].crc);
    }
    assert_int_equal(identity_crc("x", 0, "", 0), cases[0].crc);
}

static void
add(struct identity *identity, int64_t offset)
{
    identity_add(identity, &(struct identity_anchor){offset, offset / 2, (uint32_t)offset});
}

static void
the_first_anchors_are_kept_as_documented(void **state)
{
    static const struct {
        int64_t offsets[5];
        int64_t left[5];
    } cases[] = {
        {{7, -1}, {7, -1}},
        {{0, 1, -1}, {0, 1, -1}},
        /* Of three the middle one goes while the older is less than 64 times as far away. */
        {{0, 1, 2, -1}, {0, 2, -1}},
        {{0, 1, 63, -1}, {0, 63, -1}},
        {{0, 1, 64, -1}, {0, 1, 64, -1}},
        {{0, 1, 64, 65, -1}, {0, 1, 64, 65, -1}},
        {{0, 6437, 6500, 6501, -1}, {0, 6437, 6500, 6501, -1}},
        {{0, 6438, 6500, 6501, -1}, {0, 6438, 6501, -1}},
        /* Anchors at or beyond a new one are of a log that is read again. */
        {{0, 64, 64, -1}, {0, 64, -1}},
        {{0, 64, 128, 70, -1}, {0, 64, 70, -1}},
        {{5, 10, 3, -1}, {3, -1}},
    };

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct identity identity;
        size_t n = 0;

        identity_init(&identity, "t", 3);
        for (size_t j = 0; cases[i].offsets[j] >= 0; j++)
            add(&identity, cases[i].offsets[j]);
        while (n < identity.n_anchors && identity.anchors[n].offset == cases[i].left[n])
            n++;
        if (n < identity.n_anchors || cases[i].left[n] >= 0)
            fail_msg("case %zu: %zu anchors, the %zuth is not the right one", i, identity.n_anchors,
                     n);
    }
}

/*
 * Offsets that ascend by steps of any size. The newest is always there and the oldest; what is
 * between is spread so that of three in a row the oldest is 64 times as far back as the newest at
 * least, and that no gap is wider than that where there was something to fill it with.
 */
static void
anchors_are_few_and_spread(void **state)
{
    static const int64_t steps[] = {1, 2, 7, 1000, 100000, 1000000000};

    for (size_t i = 0; i < N_ELEMENTS(steps); i++) {
        enum { N = 3000 };
        static int64_t history[N];
        int64_t offset = 0;
        struct identity identity;

        identity_init(&identity, "t", 3);
        for (size_t n = 0; n < N; n++) {
            const struct identity_anchor *anchors = identity.anchors;
            size_t last;

            offset += i % 2 ? steps[i] : 1 + random() % steps[i];
            history[n] = offset;
            add(&identity, offset);
            last = identity.n_anchors - 1;
            assert_in_range(identity.n_anchors, 1, 10);
            assert_true(anchors[last].offset == offset);
            assert_true(anchors[0].offset == history[0]);
            for (size_t j = 0; j <= last; j++) {
                assert_true(anchors[j].timestamp == anchors[j].offset / 2);
                assert_true(anchors[j].crc == (uint32_t)anchors[j].offset);
                if (j > 0)
                    assert_true(anchors[j - 1].offset < anchors[j].offset);
                if (j > 1) {
                    int64_t newest = offset - anchors[j].offset;

                    assert_true(offset - anchors[j - 2].offset >= 64 * (newest ? newest : 1));
                }
            }
            for (size_t j = 1, k = 0; j <= last; j++) {
                int64_t older = offset - anchors[j - 1].offset, newer = offset - anchors[j].offset;

                while (history[k] < anchors[j].offset)
                    k++;
                if (k > 0 && history[k - 1] > anchors[j - 1].offset)
                    assert_true(older <= 65 * (newer ? newer : 1));
            }
        }
    }
}

/* However they come, there are never more than have room. */
static void
anchors_never_overflow(void **state)
{
    struct identity identity;

    identity_init(&identity, "t", 3);
    for (int i = 0; i < 200000; i++) {
        int64_t offset = (int64_t)((uint64_t)random() << 31 ^ (uint64_t)random()) >> random() % 62;

        if (random() % 4)
            offset = identity.n_anchors
                         ? identity.anchors[identity.n_anchors - 1].offset + random() % 1000
                         : 0;
        add(&identity, offset);
        assert_in_range(identity.n_anchors, 1, IDENTITY_ANCHORS_MAX);
        assert_true(identity.anchors[identity.n_anchors - 1].offset == offset);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_files_are_refused),
        cmocka_unit_test(a_missing_file_is_an_outcome_of_its_own),
        cmocka_unit_test(a_topic_is_taken_over_when_it_can_be_one),
        cmocka_unit_test(what_is_stored_is_loaded),
        cmocka_unit_test(the_station_is_stored_and_loaded),
        cmocka_unit_test(the_crc_is_the_well_known_one),
        cmocka_unit_test(the_first_anchors_are_kept_as_documented),
        cmocka_unit_test(anchors_are_few_and_spread),
        cmocka_unit_test(anchors_never_overflow),
    };
    const char *given = getenv("SEED");
    unsigned seed = given ? (unsigned)strtoul(given, NULL, 10) : (unsigned)time(NULL);

    print_message("seed %u (SEED=%u repeats it)\n", seed, seed);
    srandom(seed);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
