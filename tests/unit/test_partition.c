/* SPDX-License-Identifier: MIT */

/* From records to statistics: outcomes, policies, and that what is not counted changes nothing. */

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "consumer/partition.h"

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))
#define DAY               10957 /* 2000-01-01 */

static const struct partition_policy drop = {.max_stations = 100};

static enum partition_outcome
apply_bytes(struct partition *partition, const void *bytes, size_t length, struct error *error)
{
    /* Exactly as long as it is, and gone afterwards: nothing of it may be kept. */
    void *copy = malloc(length ? length : 1);
    enum partition_outcome outcome;

    assert_non_null(copy);
    memcpy(copy, bytes, length);
    outcome = partition_apply(partition, copy, length, error);
    memset(copy, '#', length);
    free(copy);
    return outcome;
}

static enum partition_outcome
apply_of(struct partition *partition, const char *station, size_t length, int day, double degrees,
         struct error *error)
{
    const struct report report = {
        .station = station,
        .station_length = length,
        .date = DAY + day,
        .degrees = degrees,
    };
    uint8_t buffer[REPORT_PROTOBUF_MAX];

    return apply_bytes(partition, buffer, report_protobuf_write(&report, buffer), error);
}

static enum partition_outcome
apply(struct partition *partition, const char *station, int day, double degrees)
{
    struct error error = ERROR_INIT;
    enum partition_outcome outcome =
        apply_of(partition, station, strlen(station), day, degrees, &error);

    assert_int_equal(error.text[0] != '\0', outcome == PARTITION_INVALID);
    return outcome;
}

static const struct stats *
stats_of(const struct partition *partition, const char *station)
{
    const struct station *found = stations_find(&partition->stations, station, strlen(station));

    if (!found)
        fail_msg("there is no station %s", station);
    return &found->stats;
}

/* All that there is, as bytes to compare. */
static char *
dump(const struct partition *partition)
{
    char *text;
    size_t length;
    FILE *file = open_memstream(&text, &length);

    assert_non_null(file);
    for (size_t i = 0; i < partition->stations.n_stations; i++) {
        const struct station *station = &partition->stations.stations[i];
        const struct stats *stats = &station->stats;

        fprintf(file, "%s %" PRId64 " %a %a %a %d %d %d %d %d\n", station->id, stats->count,
                stats->sum, stats->min, stats->max, stats->start, stats->end, stats->min_date,
                stats->max_date, stats->has_extremes);
    }
    fclose(file);
    return text;
}

#define X64  "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X256 X64 X64 X64 X64

#define RECORD(bytes) bytes, sizeof(bytes) - 1

static void
invalid_records_change_nothing(void **state)
{
    static const struct {
        const char *bytes;
        size_t length;
        const char *message;
    } records[] = {
        {RECORD(""), "the date is not one that exists, as YYYY-MM-DD"},
        {RECORD("x"), "it is not a protobuf Report"},
        {RECORD("\x0a\x0a"
                "2000-02-30\x1a\x01"
                "A"),
         "the date is not one that exists, as YYYY-MM-DD"},
        {RECORD("\x0a\x0a"
                "2000-01-09\x1a\x00"),
         "station_id is missing"},
        {RECORD("\x0a\x0a"
                "2000-01-09\x11\x00\x00\x00\x00\x00\x00\xf8\x7f\x1a\x01"
                "A"),
         "degrees is not a finite number"},
        {RECORD("\x0a\x0a"
                "2000-01-09\x1a\x06"
                "offset"),
         "a station can't be called \"offset\", which is a key of the file itself"},
        {RECORD("\x0a\x0a"
                "2000-01-09\x1a\x09"
                "partition"),
         "a station can't be called \"partition\", which is a key of the file itself"},
        {RECORD("\x0a\x0a"
                "2000-01-09\x1a\x03"
                "A\0B"),
         "the station's id \"A\\x00B\" must be valid UTF-8 without control characters"},
        {RECORD("\x0a\x0a"
                "2000-01-09\x1a\x02"
                "A\n"),
         "the station's id \"A\\x0a\" must be valid UTF-8 without control characters"},
        {RECORD("\x0a\x0a"
                "2000-01-09\x1a\x02"
                "A\xc3"),
         "the station's id \"A\\xc3\" must be valid UTF-8 without control characters"},
        {RECORD("\x0a\x0a"
                "2000-01-09\x1a\x80\x02" X256),
         "the station's id \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...\" has 256 bytes, "
         "at most 255"},
    };
    struct partition partition;
    char *before;

    partition_init(&partition, &drop, 1);
    assert_int_equal(apply(&partition, "A", 0, 20), PARTITION_COUNTED);
    before = dump(&partition);
    for (size_t i = 0; i < N_ELEMENTS(records); i++) {
        struct error error = ERROR_INIT;
        char *after;

        if (apply_bytes(&partition, records[i].bytes, records[i].length, &error) !=
            PARTITION_INVALID)
            fail_msg("record %zu was not invalid", i);
        if (strcmp(error.text, records[i].message) != 0)
            fail_msg("record %zu: \"%s\", not \"%s\"", i, error.text, records[i].message);
        after = dump(&partition);
        assert_string_equal(after, before);
        free(after);
        assert_int_equal(partition.outcomes[PARTITION_INVALID], i + 1);
    }
    assert_int_equal(partition.outcomes[PARTITION_COUNTED], 1);
    assert_int_equal(partition.outcomes[PARTITION_DUPLICATE], 0);
    assert_int_equal(partition.outcomes[PARTITION_LATE], 0);
    free(before);
    partition_fini(&partition);
}

static void
keys_of_the_file_are_reserved(void **state)
{
    static const char *const others[] = {"",          "offse",     "offset ",  "Offset",
                                         "offsets",   "xoffset",   "partitio", "partitions",
                                         "PARTITION", "offsetxyz", "partit"};

    assert_true(partition_is_reserved("offset", 6));
    assert_true(partition_is_reserved("partition", 9));
    assert_true(partition_is_reserved("offsets", 6));
    for (size_t i = 0; i < N_ELEMENTS(others); i++)
        if (partition_is_reserved(others[i], strlen(others[i])))
            fail_msg("\"%s\" is reserved", others[i]);
}

static void
ids_may_be_nearly_anything(void **state)
{
    static const char *const ids[] = {"A",         "a b",    "\"",       "\\",    "{\"x\":1}",
                                      "count",     "Offset", "0",        "東京",  "😀",
                                      "../../etc", "%s%n",   "offset\\", "sum: 1"};
    struct partition partition;

    partition_init(&partition, &drop, 1);
    for (size_t i = 0; i < N_ELEMENTS(ids); i++)
        assert_int_equal(apply(&partition, ids[i], 0, (double)i), PARTITION_COUNTED);
    for (size_t i = 0; i < N_ELEMENTS(ids); i++) {
        assert_string_equal(partition.stations.stations[i].id, ids[i]);
        assert_true(stats_of(&partition, ids[i])->sum == (double)i);
    }
    /* The longest id that there is, and two that differ in their last byte only. */
    assert_int_equal(apply_of(&partition, X256, 255, 0, 1, NULL), PARTITION_COUNTED);
    assert_int_equal(apply_of(&partition, X256, 254, 0, 1, NULL), PARTITION_COUNTED);
    assert_int_equal(apply_of(&partition, X256, 255, 0, 1, NULL), PARTITION_DUPLICATE);
    partition_fini(&partition);
}

static void
retries_and_latecomers_follow_the_policy(void **state)
{
    static const struct {
        bool keep_duplicates, keep_late;
        enum partition_outcome same_day, day_before, day_after;
        int64_t count;
        double sum;
    } cases[] = {
        {false, false, PARTITION_DUPLICATE, PARTITION_LATE, PARTITION_COUNTED, 2, 1001},
        {true, false, PARTITION_COUNTED, PARTITION_LATE, PARTITION_COUNTED, 3, 1011},
        {false, true, PARTITION_DUPLICATE, PARTITION_COUNTED, PARTITION_COUNTED, 3, 1101},
        {true, true, PARTITION_COUNTED, PARTITION_COUNTED, PARTITION_COUNTED, 4, 1111},
    };

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        const struct partition_policy policy = {
            .keep_duplicates = cases[i].keep_duplicates,
            .keep_late = cases[i].keep_late,
            .max_stations = 100,
        };
        struct partition partition;
        const struct stats *stats;

        partition_init(&partition, &policy, 1);
        assert_int_equal(apply(&partition, "A", 5, 1), PARTITION_COUNTED);
        assert_int_equal(apply(&partition, "A", 5, 10), cases[i].same_day);
        assert_int_equal(apply(&partition, "A", 4, 100), cases[i].day_before);
        assert_int_equal(apply(&partition, "A", 6, 1000), cases[i].day_after);
        stats = stats_of(&partition, "A");
        assert_int_equal(stats->count, cases[i].count);
        assert_true(stats->sum == cases[i].sum);
        assert_int_equal(stats->start, cases[i].keep_late ? DAY + 4 : DAY + 5);
        assert_int_equal(stats->end, DAY + 6);
        assert_int_equal(partition.outcomes[PARTITION_COUNTED], cases[i].count);
        assert_int_equal(partition.outcomes[PARTITION_DUPLICATE], !cases[i].keep_duplicates);
        assert_int_equal(partition.outcomes[PARTITION_LATE], !cases[i].keep_late);
        assert_int_equal(partition.outcomes[PARTITION_INVALID], 0);
        /* Another station is not concerned. */
        assert_int_equal(apply(&partition, "B", 0, 1), PARTITION_COUNTED);
        partition_fini(&partition);
    }
}

/* What is kept although it is late does not move the end: the next retry is still one. */
static void
a_latecomer_does_not_move_the_end(void **state)
{
    const struct partition_policy policy = {.keep_late = true, .max_stations = 100};
    struct partition partition;

    partition_init(&partition, &policy, 1);
    assert_int_equal(apply(&partition, "A", 5, 1), PARTITION_COUNTED);
    assert_int_equal(apply(&partition, "A", 3, 1), PARTITION_COUNTED);
    assert_int_equal(apply(&partition, "A", 5, 1), PARTITION_DUPLICATE);
    partition_fini(&partition);
}

static void
a_full_table_refuses_new_stations_only(void **state)
{
    struct partition_policy policy = {.max_stations = 2};
    struct error error = ERROR_INIT;
    struct partition partition;

    partition_init(&partition, &policy, 1);
    assert_int_equal(apply(&partition, "A", 0, 1), PARTITION_COUNTED);
    assert_int_equal(apply(&partition, "B", 0, 1), PARTITION_COUNTED);
    assert_int_equal(apply_of(&partition, "C", 1, 0, 1, &error), PARTITION_INVALID);
    assert_string_equal(error.text, "a new station, \"C\", beside 2 others; raise max_stations");
    assert_int_equal(apply(&partition, "A", 1, 1), PARTITION_COUNTED);
    assert_int_equal(apply(&partition, "B", 1, 1), PARTITION_COUNTED);
    assert_int_equal(apply(&partition, "C", 1, 1), PARTITION_INVALID);
    assert_int_equal(partition.stations.n_stations, 2);
    policy.max_stations = 3; /* as a reload does */
    assert_int_equal(apply(&partition, "C", 1, 1), PARTITION_COUNTED);
    policy.max_stations = 1;
    assert_int_equal(apply(&partition, "C", 2, 1), PARTITION_COUNTED);
    assert_int_equal(apply(&partition, "D", 2, 1), PARTITION_INVALID);
    partition_fini(&partition);
}

static void
an_infinite_sum_is_refused(void **state)
{
    struct error error = ERROR_INIT;
    struct partition partition;
    char *before, *after;

    partition_init(&partition, &drop, 1);
    assert_int_equal(apply(&partition, "A", 0, DBL_MAX), PARTITION_COUNTED);
    assert_int_equal(apply(&partition, "B", 0, -DBL_MAX), PARTITION_COUNTED);
    before = dump(&partition);
    assert_int_equal(apply_of(&partition, "A", 1, 1, 1e308, &error), PARTITION_INVALID);
    assert_string_equal(error.text, "1e+308 degrees would make the sum of station \"A\" infinite");
    assert_int_equal(apply(&partition, "B", 1, -1e308), PARTITION_INVALID);
    after = dump(&partition);
    assert_string_equal(after, before);
    /* The same day with a number that fits is counted: it was not taken for a retry. */
    assert_int_equal(apply(&partition, "A", 1, -1e308), PARTITION_COUNTED);
    assert_int_equal(apply(&partition, "A", 2, 1e308), PARTITION_COUNTED);
    free(before);
    free(after);
    partition_fini(&partition);
}

/* Any records, against arithmetic of the simplest kind; the seed of the table changes nothing. */
static void
random_records_add_up(void **state)
{
    enum { N_STATIONS = 20, N_RECORDS = 20000 };
    struct {
        int64_t count;
        double sum;
        int end;
    } oracle[N_STATIONS] = {{0, 0, 0}};
    uint64_t outcomes[PARTITION_N_OUTCOMES] = {0};
    struct partition partitions[2];
    char *dumps[2];

    partition_init(&partitions[0], &drop, 0);
    partition_init(&partitions[1], &drop, (uint64_t)random());
    for (int i = 0; i < N_RECORDS; i++) {
        int station = (int)(random() % N_STATIONS), day = i / 50 + (int)(random() % 5);
        double degrees = (double)(random() % 1000000) / 1e4;
        char id[2] = {(char)('a' + station), '\0'};
        enum partition_outcome expected = PARTITION_COUNTED;

        if (oracle[station].count > 0 && day <= oracle[station].end)
            expected = day == oracle[station].end ? PARTITION_DUPLICATE : PARTITION_LATE;
        if (expected == PARTITION_COUNTED) {
            oracle[station].count++;
            oracle[station].sum += degrees;
            oracle[station].end = day;
        }
        outcomes[expected]++;
        assert_int_equal(apply(&partitions[0], id, day, degrees), expected);
        assert_int_equal(apply(&partitions[1], id, day, degrees), expected);
    }
    assert_memory_equal(partitions[0].outcomes, outcomes, sizeof(outcomes));
    for (int i = 0; i < N_STATIONS; i++) {
        const struct stats *stats = stats_of(&partitions[0], (char[2]){(char)('a' + i), '\0'});

        assert_int_equal(stats->count, oracle[i].count);
        assert_true(stats->sum == oracle[i].sum);
        assert_int_equal(stats->end, DAY + oracle[i].end);
    }
    dumps[0] = dump(&partitions[0]);
    dumps[1] = dump(&partitions[1]);
    assert_string_equal(dumps[0], dumps[1]);
    free(dumps[0]);
    free(dumps[1]);
    partition_fini(&partitions[0]);
    partition_fini(&partitions[1]);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(invalid_records_change_nothing),
        cmocka_unit_test(keys_of_the_file_are_reserved),
        cmocka_unit_test(ids_may_be_nearly_anything),
        cmocka_unit_test(retries_and_latecomers_follow_the_policy),
        cmocka_unit_test(a_latecomer_does_not_move_the_end),
        cmocka_unit_test(a_full_table_refuses_new_stations_only),
        cmocka_unit_test(an_infinite_sum_is_refused),
        cmocka_unit_test(random_records_add_up),
    };
    const char *given = getenv("SEED");
    unsigned seed = given ? (unsigned)strtoul(given, NULL, 10) : (unsigned)time(NULL);

    print_message("seed %u (SEED=%u repeats it)\n", seed, seed);
    srandom(seed);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
