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

#include "common/date.h"
#include "consumer/partition.h"

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))
#define DAY               10957 /* 2000-01-01 */

static const struct partition_policy drop = {.max_stations = 100};
static const struct partition_settings flat = {.layout = PARTITION_FLAT};

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
    const struct station_window *month;
    int64_t begin;

    if (partition->layout == PARTITION_MONTHLY &&
        window_parse(&partition_months, station, &begin, NULL) == 0 &&
        (month = windows_find(&partition->months, begin)))
        return &month->stats;
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
        const struct station *station = &partition_stations(partition)[i];
        const struct stats *stats = &station->stats;

        fprintf(file, "%s %" PRId64 " %a %a %a %d %d %d %d %d\n", station->id.text, stats->count,
                stats->sum, stats->min, stats->max, moment_date(stats->start),
                moment_date(stats->end), moment_date(stats->min_date), moment_date(stats->max_date),
                stats->has_extremes);
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
        {RECORD(""), "it is empty"},
        {RECORD("x"), "it is not a protobuf Report"},
        {RECORD("\x0a\x0a"
                "2000-02-30\x1a\x01"
                "A"),
         "the date is not one that exists, as YYYY-MM-DD"},
        {RECORD("\x0a\x0a"
                "2000-01-09\x1a\x00"),
         "the station's id is empty, must have 1 to 255 bytes"},
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

    partition_init(&partition, &flat, &drop, 1);
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

    assert_true(stations_is_reserved("offset", 6));
    assert_true(stations_is_reserved("partition", 9));
    assert_true(stations_is_reserved("offsets", 6));
    for (size_t i = 0; i < N_ELEMENTS(others); i++)
        if (stations_is_reserved(others[i], strlen(others[i])))
            fail_msg("\"%s\" is reserved", others[i]);
}

static void
ids_may_be_nearly_anything(void **state)
{
    static const char *const ids[] = {"A",         "a b",    "\"",       "\\",    "{\"x\":1}",
                                      "count",     "Offset", "0",        "東京",  "😀",
                                      "../../etc", "%s%n",   "offset\\", "sum: 1"};
    struct partition partition;

    partition_init(&partition, &flat, &drop, 1);
    for (size_t i = 0; i < N_ELEMENTS(ids); i++)
        assert_int_equal(apply(&partition, ids[i], 0, (double)i), PARTITION_COUNTED);
    for (size_t i = 0; i < N_ELEMENTS(ids); i++) {
        assert_string_equal(partition_stations(&partition)[i].id.text, ids[i]);
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
        enum partition_keep keep_duplicates, keep_late;
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
            .duplicates = cases[i].keep_duplicates,
            .late = cases[i].keep_late,
            .max_stations = 100,
        };
        struct partition partition;
        const struct stats *stats;

        partition_init(&partition, &flat, &policy, 1);
        assert_int_equal(apply(&partition, "A", 5, 1), PARTITION_COUNTED);
        assert_int_equal(apply(&partition, "A", 5, 10), cases[i].same_day);
        assert_int_equal(apply(&partition, "A", 4, 100), cases[i].day_before);
        assert_int_equal(apply(&partition, "A", 6, 1000), cases[i].day_after);
        stats = stats_of(&partition, "A");
        assert_int_equal(stats->count, cases[i].count);
        assert_true(stats->sum == cases[i].sum);
        assert_int_equal(moment_date(stats->start), cases[i].keep_late ? DAY + 4 : DAY + 5);
        assert_int_equal(moment_date(stats->end), DAY + 6);
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
    const struct partition_policy policy = {.late = PARTITION_KEEP, .max_stations = 100};
    struct partition partition;

    partition_init(&partition, &flat, &policy, 1);
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

    partition_init(&partition, &flat, &policy, 1);
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

    partition_init(&partition, &flat, &drop, 1);
    assert_int_equal(apply(&partition, "A", 0, DBL_MAX), PARTITION_COUNTED);
    assert_int_equal(apply(&partition, "B", 0, -DBL_MAX), PARTITION_COUNTED);
    before = dump(&partition);
    assert_int_equal(apply_of(&partition, "A", 1, 1, 1e308, &error), PARTITION_INVALID);
    assert_string_equal(error.text, "1e+308 degrees would make the sum of station \"A\" infinite");
    assert_int_equal(partition.fault, PARTITION_IMPOSSIBLE);
    assert_string_equal(partition.station, "A");
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

/* ---- monthly: one station by month and year */

static const struct partition_settings monthly = {.number = 2, .layout = PARTITION_MONTHLY};

static enum partition_outcome
apply_date(struct partition *partition, const char *station, const char *date, double degrees,
           struct error *error)
{
    struct report report = {
        .station = station, .station_length = strlen(station), .degrees = degrees};
    uint8_t buffer[REPORT_PROTOBUF_MAX];

    assert_true(date_parse(date, strlen(date), &report.date));
    *error = (struct error)ERROR_INIT;
    return apply_bytes(partition, buffer, report_protobuf_write(&report, buffer), error);
}

static void
months_are_counted_by_year(void **state)
{
    static const struct {
        const char *station, *date;
        enum partition_outcome outcome;
    } reports[] = {
        {"", "2000-01-30", PARTITION_COUNTED},
        {"A", "2000-01-31", PARTITION_COUNTED},
        {"A", "2000-01-31", PARTITION_DUPLICATE},
        {"", "2000-01-31", PARTITION_DUPLICATE},
        {"A", "2000-01-30", PARTITION_LATE},
        {"A", "2001-01-01", PARTITION_COUNTED},
        /* A month goes by its own end, not by that of another month or year. */
        {"A", "2000-02-29", PARTITION_COUNTED},
        {"A", "1999-12-31", PARTITION_COUNTED},
        {"A", "2000-02-28", PARTITION_LATE},
        {"", "2001-01-01", PARTITION_DUPLICATE},
        {"A", "2001-01-02", PARTITION_COUNTED},
        {"A", "2000-01-01", PARTITION_LATE},
        {"A", "0001-01-01", PARTITION_COUNTED},
        {"A", "9999-12-31", PARTITION_COUNTED},
    };
    static const char *const months[] = {"2000-01", "2001-01", "2000-02",
                                         "1999-12", "0001-01", "9999-12"};
    struct partition partition;
    struct error error;

    partition_init(&partition, &monthly, &drop, 1);
    for (size_t i = 0; i < N_ELEMENTS(reports); i++)
        if (apply_date(&partition, reports[i].station, reports[i].date, 1, &error) !=
            reports[i].outcome)
            fail_msg("report %zu, of %s: %s", i, reports[i].date, error.text);
    assert_int_equal(partition.months.n_windows, N_ELEMENTS(months));
    for (size_t i = 0; i < N_ELEMENTS(months); i++)
        assert_ptr_equal(stats_of(&partition, months[i]), &partition.months.windows[i].stats);
    assert_int_equal(stats_of(&partition, "2000-01")->count, 2);
    assert_int_equal(stats_of(&partition, "2001-01")->count, 2);
    assert_int_equal(stats_of(&partition, "2000-02")->count, 1);
    assert_int_equal(partition.outcomes[PARTITION_COUNTED], 8);
    assert_int_equal(partition.outcomes[PARTITION_DUPLICATE], 3);
    assert_int_equal(partition.outcomes[PARTITION_LATE], 3);
    partition_fini(&partition);
}

static void
months_follow_the_policy(void **state)
{
    const struct partition_policy keep = {
        .duplicates = PARTITION_KEEP, .late = PARTITION_KEEP, .max_stations = 1};
    struct partition partition;
    struct error error;

    partition_init(&partition, &monthly, &keep, 1);
    assert_int_equal(apply_date(&partition, "A", "2000-01-02", 1, &error), PARTITION_COUNTED);
    assert_int_equal(apply_date(&partition, "A", "2000-01-02", 1, &error), PARTITION_COUNTED);
    assert_int_equal(apply_date(&partition, "A", "2000-01-01", 1, &error), PARTITION_COUNTED);
    assert_int_equal(stats_of(&partition, "2000-01")->count, 3);
    /* The limit is one of stations: months are not. */
    assert_int_equal(apply_date(&partition, "A", "2000-02-01", 1, &error), PARTITION_COUNTED);
    partition_fini(&partition);
}

/* The first station that is named is the only one, for good; a report may name none. */
static void
a_second_station_has_no_months(void **state)
{
    char longest[256], other[256];
    struct partition partition;
    struct error error;

    memset(longest, 'x', 255);
    longest[255] = '\0';
    strcpy(other, longest);
    other[254] = 'y';

    partition_init(&partition, &monthly, &drop, 1);
    assert_int_equal(apply_date(&partition, "", "2000-01-01", 1, &error), PARTITION_COUNTED);
    assert_string_equal(partition.only, "");
    assert_int_equal(apply_date(&partition, "Ab", "2000-01-02", 1, &error), PARTITION_COUNTED);
    assert_string_equal(partition.only, "Ab");
    assert_int_equal(apply_date(&partition, "B", "2000-01-03", 1, &error), PARTITION_INVALID);
    assert_string_equal(error.text, "a report of station \"B\" beside those of \"Ab\": layout = "
                                    "monthly is for one station");
    assert_int_equal(partition.fault, PARTITION_IMPOSSIBLE);
    assert_string_equal(partition.station, "B");
    assert_int_equal(apply_date(&partition, "A", "2000-01-03", 1, &error), PARTITION_INVALID);
    assert_int_equal(apply_date(&partition, "Abc", "2000-01-03", 1, &error), PARTITION_INVALID);
    assert_int_equal(apply_date(&partition, "A\n", "2000-01-03", 1, &error), PARTITION_INVALID);
    assert_non_null(strstr(error.text, "must be valid UTF-8 without control characters"));
    assert_string_equal(partition.station, "");
    assert_string_equal(partition.only, "Ab");
    assert_int_equal(stats_of(&partition, "2000-01")->count, 2);
    assert_int_equal(apply_date(&partition, "", "2000-01-03", 1, &error), PARTITION_COUNTED);
    partition_fini(&partition);

    /* An invalid report does not decide whose months these are. */
    partition_init(&partition, &monthly, &drop, 1);
    assert_int_equal(apply_date(&partition, "a\nb", "2000-01-01", 1, &error), PARTITION_INVALID);
    assert_string_equal(partition.only, "");
    assert_int_equal(apply_date(&partition, longest, "2000-01-01", 1, &error), PARTITION_COUNTED);
    assert_string_equal(partition.only, longest);
    assert_int_equal(apply_date(&partition, other, "2000-01-02", 1, &error), PARTITION_INVALID);
    assert_int_equal(apply_date(&partition, longest, "2000-01-02", 1, &error), PARTITION_COUNTED);
    /* Names that a file has for itself are none of a station in any layout. */
    partition_fini(&partition);
    partition_init(&partition, &monthly, &drop, 1);
    assert_int_equal(apply_date(&partition, "offset", "2000-01-01", 1, &error), PARTITION_INVALID);
    assert_string_equal(partition.only, "");
    partition_fini(&partition);

    /* As after a start: it is known before any record is read. */
    partition_init(&partition, &monthly, &drop, 1);
    strcpy(partition.only, "A");
    assert_int_equal(apply_date(&partition, "B", "2000-01-01", 1, &error), PARTITION_INVALID);
    assert_int_equal(partition_entries(&partition), 0);
    partition_fini(&partition);
}

static void
an_infinite_sum_of_a_month_is_refused(void **state)
{
    struct partition partition;
    struct error error;

    partition_init(&partition, &monthly, &drop, 1);
    assert_int_equal(apply_date(&partition, "A", "2000-01-01", DBL_MAX, &error), PARTITION_COUNTED);
    assert_int_equal(apply_date(&partition, "A", "2000-01-02", 1e308, &error), PARTITION_INVALID);
    assert_string_equal(error.text,
                        "1e+308 degrees would make the sum of month \"2000-01\" infinite");
    assert_int_equal(apply_date(&partition, "A", "2000-02-01", 1e308, &error), PARTITION_COUNTED);
    partition_fini(&partition);
}

/* Tells a record that is no report from a report that can't be taken, and whose it is: of the last one. */
static void
what_is_wrong_is_told_apart(void **state)
{
    static const struct {
        const char *bytes;
        size_t length;
        enum partition_fault fault;
        const char *station;
    } records[] = {
        {RECORD(""), PARTITION_UNDECODABLE, ""},
        {RECORD("{\"date\":\"2000-01-09\",\"station\":\"New\",\"degrees\":1}"), PARTITION_FULL,
         "New"},
        {RECORD("x"), PARTITION_UNDECODABLE, ""},
        {RECORD("{\"date\":\"2000-01-09\"}"), PARTITION_UNDECODABLE, ""},
        {RECORD("{\"date\":\"2000-01-09\",\"station\":\"offset\",\"degrees\":1}"),
         PARTITION_IMPOSSIBLE, "offset"},
        {RECORD("{\"date\":\"2000-01-09\",\"station\":\"Z\\u00fcrich\",\"degrees\":1}"),
         PARTITION_FULL, "Zürich"},
        {RECORD("\x0a\x0a"
                "2000-02-30\x1a\x01"
                "A"),
         PARTITION_UNDECODABLE, ""},
        {RECORD("\x0a\x0a"
                "2000-01-09\x1a\x06"
                "offset"),
         PARTITION_IMPOSSIBLE, "offset"},
        {RECORD("\x0a\x0a"
                "2000-01-09\x1a\x02"
                "\n\xff"),
         PARTITION_IMPOSSIBLE, ""},
        {RECORD("\x00\x00\x00\x00\x01\x04"), PARTITION_UNDECODABLE, ""},
    };
    const struct partition_settings any = {.format = REPORT_FORMAT_AUTO};
    const struct partition_policy one = {.max_stations = 1};
    struct partition partition;

    partition_init(&partition, &any, &one, 1);
    assert_int_equal(apply(&partition, "A", 0, 20), PARTITION_COUNTED);
    for (size_t i = 0; i < N_ELEMENTS(records); i++) {
        struct error error = ERROR_INIT;

        assert_int_equal(apply_bytes(&partition, records[i].bytes, records[i].length, &error),
                         PARTITION_INVALID);
        if (partition.fault != records[i].fault)
            fail_msg("record %zu: %s", i, error.text);
        assert_string_equal(partition.station, records[i].station);
        assert_int_equal(apply(&partition, "A", (int)i + 1, 20), PARTITION_COUNTED);
    }
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

    partition_init(&partitions[0], &flat, &drop, 0);
    partition_init(&partitions[1], &flat, &drop, (uint64_t)random());
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
        assert_int_equal(moment_date(stats->end), DAY + oracle[i].end);
    }
    dumps[0] = dump(&partitions[0]);
    dumps[1] = dump(&partitions[1]);
    assert_string_equal(dumps[0], dumps[1]);
    free(dumps[0]);
    free(dumps[1]);
    partition_fini(&partitions[0]);
    partition_fini(&partitions[1]);
}

/* What a record was read into would be kept for each partition as long as no other such one comes. */
static void
nothing_is_kept_of_a_record(void **state)
{
    static const struct {
        const char *bytes;
        size_t length;
        enum partition_outcome outcome;
    } records[] = {
        {RECORD("{\"date\":\"2000-01-01\",\"station\":\"a\",\"degrees\":1,\"x\":[0,0]}"),
         PARTITION_COUNTED},
        {RECORD("{\"x\":[0,0]}"), PARTITION_INVALID},
        {RECORD("\x0a\x0a"
                "2000-01-02\x1a\x01"
                "a\x48\x00\x48\x00"),
         PARTITION_COUNTED},
        {RECORD("\x48\x00\x48\x00"), PARTITION_INVALID},
    };
    const struct partition_settings settings = {.format = REPORT_FORMAT_AUTO};
    const struct partition_policy policy = {.max_stations = 10};
    struct partition partition;

    partition_init(&partition, &settings, &policy, 1);
    for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
        struct error error = ERROR_INIT;

        assert_int_equal(partition_apply(&partition, records[i].bytes, records[i].length, &error),
                         records[i].outcome);
        assert_null(partition.reader.json.root);
        assert_null(partition.reader.protobuf.unpacked);
    }
    partition_fini(&partition);
}

/* In JSON: what follows the decoding is the same for every format. */
static enum partition_outcome
apply_text(struct partition *partition, const char *text)
{
    struct error error = ERROR_INIT;

    return apply_bytes(partition, text, strlen(text), &error);
}

#define JSON(station, date) "{\"date\":\"" date "\",\"station\":\"" station "\",\"degrees\":1}"

static void
what_is_counted_is_marked_as_changed(void **state)
{
    struct changes changes = {.room = 0};
    struct partition partition;

    partition_init(&partition, &flat, &drop, 1);
    partition.changes = &changes;
    assert_int_equal(apply_text(&partition, JSON("A", "2000-01-02")), PARTITION_COUNTED);
    assert_int_equal(apply_text(&partition, JSON("B", "2000-01-02")), PARTITION_COUNTED);
    assert_int_equal(changes.n_changed, 2);
    changes_clear(&changes, 0);
    changes_clear(&changes, 1);
    assert_int_equal(apply_text(&partition, JSON("A", "2000-01-02")), PARTITION_DUPLICATE);
    assert_int_equal(apply_text(&partition, JSON("A", "2000-01-01")), PARTITION_LATE);
    assert_int_equal(apply_text(&partition, "{"), PARTITION_INVALID);
    assert_int_equal(changes.n_changed, 0);
    assert_int_equal(apply_text(&partition, JSON("B", "2000-01-03")), PARTITION_COUNTED);
    assert_int_equal(changes.n_changed, 1);
    assert_int_equal(changes_next(&changes, 0), 1);
    partition_fini(&partition);
    changes_fini(&changes);
}

static void
a_record_with_a_key_that_must_be_its_station_and_is_not_is_not_dealt_with(void **state)
{
    static const struct {
        struct partition_key key;
        const char *text;
        enum partition_outcome outcome;
    } cases[] = {
        {{"A", 1}, JSON("A", "2000-01-01"), PARTITION_COUNTED},
        {{"A", 1}, JSON("B", "2000-01-01"), PARTITION_FOREIGN_KEY},
        {{"AB", 2}, JSON("A", "2000-01-02"), PARTITION_FOREIGN_KEY},
        {{"", 0}, JSON("A", "2000-01-02"), PARTITION_FOREIGN_KEY},
        {{NULL, 0}, JSON("A", "2000-01-02"), PARTITION_FOREIGN_KEY},
        {{NULL, 0}, JSON("B", "2000-01-02"), PARTITION_FOREIGN_KEY},
        /* What is no report may have any. */
        {{"B", 1}, "{", PARTITION_INVALID},
        {{"B", 1}, JSON("offset", "2000-01-02"), PARTITION_INVALID},
        {{"A", 1}, JSON("A", "2000-01-02"), PARTITION_COUNTED},
    };
    struct partition partition;

    partition_init(&partition, &flat, &drop, 1);
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        partition.key = &cases[i].key;
        if (apply_text(&partition, cases[i].text) != cases[i].outcome)
            fail_msg("case %zu", i);
    }
    assert_int_equal(partition.stations.n_stations, 1);
    assert_int_equal(stats_of(&partition, "A")->count, 2);
    partition.key = NULL;
    assert_int_equal(apply_text(&partition, JSON("B", "2000-01-01")), PARTITION_COUNTED);
    partition_fini(&partition);
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
        cmocka_unit_test(months_are_counted_by_year),
        cmocka_unit_test(months_follow_the_policy),
        cmocka_unit_test(a_second_station_has_no_months),
        cmocka_unit_test(an_infinite_sum_of_a_month_is_refused),
        cmocka_unit_test(what_is_wrong_is_told_apart),
        cmocka_unit_test(an_infinite_sum_is_refused),
        cmocka_unit_test(random_records_add_up),
        cmocka_unit_test(nothing_is_kept_of_a_record),
        cmocka_unit_test(what_is_counted_is_marked_as_changed),
        cmocka_unit_test(a_record_with_a_key_that_must_be_its_station_and_is_not_is_not_dealt_with),
    };
    const char *given = getenv("SEED");
    unsigned seed = given ? (unsigned)strtoul(given, NULL, 10) : (unsigned)time(NULL);

    print_message("seed %u (SEED=%u repeats it)\n", seed, seed);
    srandom(seed);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
