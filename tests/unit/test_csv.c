/* SPDX-License-Identifier: MIT */

/*
 * CSV files as people have them: what is read, what is refused and in which
 * words, and the observations of Seattle that come with the source.
 */

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "producer/csv.h"

#define X64  "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X256 X64 X64 X64 X64

#define TEXT(text) text, sizeof(text) - 1

CLEANUP_DEFINE(struct csv *, csv_unload);

/* A file of its own for each test, gone when the scope ends. */
struct temporary {
    char name[64];
};

static void
temporary_fini_pointer(struct temporary *temporary)
{
    unlink(temporary->name);
}

static struct temporary
temporary_make(const char *text, size_t length)
{
    struct temporary temporary = {"/tmp/weatherd-test-csv-XXXXXX"};
    cleanup(close) int fd = mkstemp(temporary.name);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, length), length);
    return temporary;
}

/* Of one station, with rain. */
static struct csv_settings
one_station(const char *file)
{
    return (struct csv_settings){.file = file,
                                 .date_column = "date",
                                 .degrees_column = "temp",
                                 .raining_column = "rain",
                                 .station = "Here",
                                 .unit = 'F'};
}

/* Of several, without. */
static struct csv_settings
many_stations(const char *file)
{
    return (struct csv_settings){.file = file,
                                 .date_column = "date",
                                 .degrees_column = "temp",
                                 .station_column = "id",
                                 .unit = 'F'};
}

static struct csv *
load(const struct csv_settings *settings)
{
    struct csv *csv = NULL;
    struct error error = ERROR_INIT;

    if (csv_load(&csv, settings, &error) != 0)
        fail_msg("%s", error.text);
    return csv;
}

static void
test_refuses_settings(void **state)
{
    static const struct {
        struct csv_settings settings;
        int result;
        const char *message;
    } cases[] = {
        {{NULL, "d", "t", NULL, NULL, "s", 'F'},
         -EINVAL,
         "[csv] needs file, date_column and degrees_column"},
        {{"f", NULL, "t", NULL, NULL, "s", 'F'},
         -EINVAL,
         "[csv] needs file, date_column and degrees_column"},
        {{"f", "d", NULL, NULL, NULL, "s", 'F'},
         -EINVAL,
         "[csv] needs file, date_column and degrees_column"},
        {{"f", "d", "t", NULL, NULL, "s", 'K'}, -EINVAL, "[csv] unit must be F or C"},
        {{"f", "d", "t", NULL, NULL, NULL, 'C'},
         -EINVAL,
         "[csv] needs station_column, or station where the file has no such column"},
        {{"f", "d", "t", NULL, NULL, "", 'C'},
         -EINVAL,
         "[csv] station: the station's id is empty, must have 1 to 255 bytes"},
        {{"/nonexistent/f.csv", "d", "t", NULL, NULL, "s", 'C'},
         -ENOENT,
         "/nonexistent/f.csv: No such file or directory; name a file that can be read"},
        {{"/", "d", "t", NULL, NULL, "s", 'C'}, -EISDIR, "/: Is a directory"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error error = ERROR_INIT;
        struct csv *const untouched = (struct csv *)&error;
        struct csv *csv = untouched;

        assert_int_equal(csv_load(&csv, &cases[i].settings, &error), cases[i].result);
        assert_string_equal(error.text, cases[i].message);
        assert_ptr_equal(csv, untouched);
    }
    csv_unload(NULL);
}

#define RAIN_WANTED                                                                                \
    "a number from 0 up, yes, no, true or false; correct it, or leave it empty where it is not "   \
    "known"
#define DATE_WANTED    "a date; write one that exists, as YYYY-MM-DD"
#define DEGREES_WANTED "a finite decimal number; correct it, or delete the row"
#define ORDER_WANTED   "sort the rows by date, and leave one of each date and station"
#define TEXT_WANTED    "must be valid UTF-8 without control characters; save the file as UTF-8"
#define QUOTE_WANTED                                                                               \
    "a quote within a value; put quotes around the whole value and write each quote in it twice"

#define HEAD "date,temp,rain\n"
#define GOOD "2000-01-01,30.5,no\n"
#define MANY "id,date,temp\n"

static const struct mistake {
    struct csv_settings (*settings)(const char *file);
    const char *text;
    size_t length;
    unsigned line;
    const char *message;
} mistakes[] = {
    {one_station, TEXT(""), 1, "the file is empty; it must begin with a line of column names"},
    {one_station, TEXT("\n\n"), 2, "the file is empty; it must begin with a line of column names"},
    {one_station, TEXT(HEAD), 1, "no row follows the header; add one"},
    {one_station, TEXT("date,rain\n"), 1,
     "no column \"temp\"; name one of these in the settings: date, rain"},
    {one_station, TEXT("date;temp;rain\n"), 1,
     "no column \"date\"; name one of these in the settings: date;temp;rain"},
    {one_station, TEXT("date,temp,Rain\n"), 1,
     "no column \"rain\"; name one of these in the settings: date, temp, Rain"},
    {many_stations, TEXT("date,temp,station\n"), 1,
     "no column \"id\"; name one of these in the settings: date, temp, station"},
    {one_station, TEXT("date,temp,rain,temp\n"), 1,
     "2 columns are called \"temp\"; rename all but one"},
    {one_station, TEXT("date,te\tmp,rain\n"), 1, "the name of column 2 " TEXT_WANTED},
    {one_station, TEXT(HEAD GOOD "2000-01-02,31\n"), 3,
     "2 fields, but the header has 3; quote a value that has a comma in it"},
    {one_station, TEXT(HEAD GOOD "2000-01-02,31,5,yes\n"), 3,
     "4 fields, but the header has 3; quote a value that has a comma in it"},
    {one_station, TEXT(HEAD "2000-02-30,31,yes\n"), 2,
     "column \"date\": \"2000-02-30\" is not " DATE_WANTED},
    {one_station, TEXT(HEAD "1/2/2000,31,yes\n"), 2,
     "column \"date\": \"1/2/2000\" is not " DATE_WANTED},
    {one_station, TEXT(HEAD "2000-01-01T00:00,31,yes\n"), 2,
     "column \"date\": \"2000-01-01T00:00\" is not " DATE_WANTED},
    {one_station, TEXT(HEAD ",31,yes\n"), 2, "column \"date\": \"\" is not " DATE_WANTED},
    {one_station, TEXT(HEAD GOOD "\n2000-01-02,,yes\n"), 4,
     "column \"temp\": \"\" is not " DEGREES_WANTED},
    {one_station, TEXT(HEAD "2000-01-01,\"31,5\",yes\n"), 2,
     "column \"temp\": \"31,5\" is not " DEGREES_WANTED},
    {one_station, TEXT(HEAD "2000-01-01,nan,yes\n"), 2,
     "column \"temp\": \"nan\" is not " DEGREES_WANTED},
    {one_station, TEXT(HEAD "2000-01-01,inf,yes\n"), 2,
     "column \"temp\": \"inf\" is not " DEGREES_WANTED},
    {one_station, TEXT(HEAD "2000-01-01,1e999,yes\n"), 2,
     "column \"temp\": \"1e999\" is not " DEGREES_WANTED},
    {one_station, TEXT(HEAD "2000-01-01,31F,yes\n"), 2,
     "column \"temp\": \"31F\" is not " DEGREES_WANTED},
    {one_station, TEXT(HEAD "2000-01-01,31,-9999\n"), 2,
     "column \"rain\": \"-9999\" is not " RAIN_WANTED},
    {one_station, TEXT(HEAD "2000-01-01,31,maybe\n"), 2,
     "column \"rain\": \"maybe\" is not " RAIN_WANTED},
    {one_station, TEXT(HEAD "2000-01-01,31,nan\n"), 2,
     "column \"rain\": \"nan\" is not " RAIN_WANTED},
    {one_station, TEXT(HEAD GOOD GOOD), 3,
     "column \"date\": \"2000-01-01\" is not after the date of station \"Here\" in line "
     "2; " ORDER_WANTED},
    {one_station, TEXT(HEAD "\n" GOOD "1999-12-31,31,no\n"), 4,
     "column \"date\": \"1999-12-31\" is not after the date of station \"Here\" in line "
     "3; " ORDER_WANTED},
    {many_stations, TEXT(MANY "A,2000-01-02,1\nB,2000-01-01,1\nA,2000-01-02,1\n"), 4,
     "column \"date\": \"2000-01-02\" is not after the date of station \"A\" in line "
     "2; " ORDER_WANTED},
    {many_stations, TEXT(MANY ",2000-01-01,1\n"), 2,
     "column \"id\": the station's id is empty, must have 1 to 255 bytes"},
    {many_stations, TEXT(MANY X256 ",2000-01-01,1\n"), 2,
     "column \"id\": the value has 256 bytes, at most 255"},
    {many_stations, TEXT(MANY "Z\xfcrich,2000-01-01,1\n"), 2,
     "column \"id\": the value " TEXT_WANTED},
    {many_stations, TEXT(MANY "\"A\nB\",2000-01-01,1\n"), 2,
     "column \"id\": the value " TEXT_WANTED},
    {one_station, TEXT(HEAD GOOD "2000-01-02,3\"1,no\n"), 3, QUOTE_WANTED},
    {one_station, TEXT(HEAD GOOD "2000-01-02,\"31\"5,no\n"), 3, QUOTE_WANTED},
    {one_station, TEXT(HEAD GOOD "2000-01-02,\"31,no\n2000-01-03,32,no\n"), 3,
     "quotes that are not closed; close them"},
    {one_station, TEXT(HEAD GOOD "2000-01-02,31\0,no\n"), 3, "a NUL byte; save the file as UTF-8"},
    {one_station, TEXT("date,temp,rain\r2000-01-01,31,no\r"), 1,
     "a carriage return alone; end the lines with LF or CRLF"},
    {one_station, TEXT(HEAD GOOD "2000-01-02,31,no\rx\n"), 3,
     "a carriage return alone; end the lines with LF or CRLF"},
    /* A mistake is told at its row's first line, also behind a row of several lines. */
    {many_stations,
     TEXT("id,date,temp,note\r\nA,2000-01-01,1,\"of\r\ntwo lines\"\r\nA,2000-01-02,x,\"\r\n\"\r\n"),
     4, "column \"temp\": \"x\" is not " DEGREES_WANTED},
};

static void
test_tells_mistakes(void **state)
{
    for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
        const struct mistake *mistake = &mistakes[i];
        cleanup(temporary_fini) struct temporary file =
            temporary_make(mistake->text, mistake->length);
        struct csv_settings settings = mistake->settings(file.name);
        struct error error = ERROR_INIT;
        struct csv *const untouched = (struct csv *)&error;
        struct csv *csv = untouched;
        char message[1024];

        snprintf(message, sizeof(message), "%s:%u: %s", file.name, mistake->line, mistake->message);
        assert_int_equal(csv_load(&csv, &settings, &error), CSV_E_BAD);
        assert_string_equal(error.text, message);
        assert_ptr_equal(csv, untouched);
        assert_int_equal(csv_load(&csv, &settings, NULL), CSV_E_BAD);
    }
}

/* What RFC 4180 allows and what spreadsheets make of it: always the same two days. */
static void
test_forms(void **state)
{
    static const struct {
        const char *text;
        size_t length;
    } cases[] = {
        {TEXT("date,temp,rain\n2000-01-01,30.5,yes\n2000-01-02,-4,\n")},
        {TEXT("\xef\xbb\xbf"
              "date,temp,rain\n2000-01-01,30.5,yes\n2000-01-02,-4,\n")},
        {TEXT("\xef\xbb\xbf"
              "\"date\",temp,rain\n2000-01-01,30.5,yes\n2000-01-02,-4,\n")},
        {TEXT("date,temp,rain\r\n2000-01-01,30.5,yes\r\n2000-01-02,-4,\r\n")},
        {TEXT("date,temp,rain\n2000-01-01,30.5,yes\n2000-01-02,-4,")},
        {TEXT("\n\ndate,temp,rain\n \n2000-01-01,30.5,yes\n\r\n2000-01-02,-4,\n\n")},
        {TEXT("date, temp, rain\n 2000-01-01 ,30.5, yes\n2000-01-02,-4,\n")},
        {TEXT("\"date\",\"temp\",\"rain\"\n\"2000-01-01\",\"30.5\",\"yes\"\n2000-01-02,-4,\"\"\n")},
        {TEXT("rain,x,temp,date\nyes,\"a \"\"b\"\", c\",30.5,2000-01-01\n,\"\n\",-4,2000-01-02\n")},
        {TEXT("rain,x,temp,date\nyes,\x01\xff" X256 ",30.5,2000-01-01\n,,-4,2000-01-02\n")},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        cleanup(temporary_fini) struct temporary file =
            temporary_make(cases[i].text, cases[i].length);
        struct csv_settings settings = one_station(file.name);
        cleanup(csv_unload) struct csv *csv = load(&settings);
        const struct report *reports;
        size_t n = 0;

        reports = csv_day(csv, 0, &n);
        assert_int_equal(n, 1);
        assert_int_equal(reports->date, 10957);
        assert_true(reports->degrees == 30.5);
        assert_int_equal(reports->rain, REPORT_RAINING);
        assert_int_equal(reports->station_length, 4);
        assert_memory_equal(reports->station, "Here", 4);
        reports = csv_day(csv, 1, &n);
        assert_int_equal(n, 1);
        assert_int_equal(reports->date, 10958);
        assert_true(reports->degrees == -4);
        assert_int_equal(reports->rain, REPORT_RAIN_UNKNOWN);
        assert_null(csv_day(csv, 2, &n));
        assert_int_equal(n, 0);
        assert_int_equal(csv_widest_day(csv), 1);
    }
}

static void
test_rain(void **state)
{
    static const struct {
        const char *value;
        enum report_rain rain;
    } cases[] = {
        {"", REPORT_RAIN_UNKNOWN}, {"0", REPORT_DRY},        {"0.0", REPORT_DRY},
        {"-0", REPORT_DRY},        {"0.01", REPORT_RAINING}, {"10.9", REPORT_RAINING},
        {"1", REPORT_RAINING},     {"yes", REPORT_RAINING},  {"no", REPORT_DRY},
        {"true", REPORT_RAINING},  {"FALSE", REPORT_DRY},    {"True", REPORT_RAINING},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[64];
        int length = snprintf(text, sizeof(text), HEAD "2000-01-01,1,%s\n", cases[i].value);
        cleanup(temporary_fini) struct temporary file = temporary_make(text, (size_t)length);
        struct csv_settings settings = one_station(file.name);
        cleanup(csv_unload) struct csv *with = load(&settings);
        cleanup(csv_unload) struct csv *without = NULL;
        size_t n;

        assert_int_equal(csv_day(with, 0, &n)->rain, cases[i].rain);
        settings.raining_column = NULL;
        without = load(&settings);
        assert_int_equal(csv_day(without, 0, &n)->rain, REPORT_RAIN_UNKNOWN);
    }
}

/* A day is what stands together: a file sorted by station has each day once for each. */
static void
test_days(void **state)
{
    static const char text[] = MANY "A,2000-01-01,1\nB,2000-01-01,2\nC,2000-01-01,3\n"
                                    "B,2000-01-03,4\n"
                                    "C,2000-01-02,5\nA,2000-01-02,6\n"
                                    "A,2000-01-03,7\n";
    static const struct {
        size_t n_reports;
        const char *stations;
        double first_degrees;
    } cases[] = {{3, "ABC", 1}, {1, "B", 4}, {2, "CA", 5}, {1, "A", 7}, {0, "", 0}};
    cleanup(temporary_fini) struct temporary file = temporary_make(TEXT(text));
    struct csv_settings settings = many_stations(file.name);
    cleanup(csv_unload) struct csv *csv = load(&settings);

    for (size_t day = 0; day < sizeof(cases) / sizeof(cases[0]); day++) {
        size_t n = 99;
        const struct report *reports = csv_day(csv, day, &n);

        assert_int_equal(n, cases[day].n_reports);
        for (size_t i = 0; i < n; i++) {
            assert_int_equal(reports[i].station_length, 1);
            assert_int_equal(reports[i].station[0], cases[day].stations[i]);
            assert_true(reports[i].degrees == cases[day].first_degrees + (double)i);
        }
    }
    assert_null(csv_day(csv, UINT64_MAX, &(size_t){0}));
    assert_int_equal(csv_widest_day(csv), 3);
}

static void
test_many_stations(void **state)
{
    enum { N_STATIONS = 500, N_DAYS = 20 };
    cleanup(free) char *text = malloc(N_STATIONS * N_DAYS * 32);
    size_t length = 0;

    assert_non_null(text);
    length += (size_t)sprintf(text, MANY);
    for (int day = 1; day <= N_DAYS; day++)
        for (int i = 0; i < N_STATIONS; i++)
            length += (size_t)sprintf(text + length, "S%d,2000-01-%02d,%d\n", i, day, i);
    {
        cleanup(temporary_fini) struct temporary file = temporary_make(text, length);
        struct csv_settings settings = many_stations(file.name);
        cleanup(csv_unload) struct csv *csv = load(&settings);
        size_t n;

        assert_int_equal(csv_widest_day(csv), N_STATIONS);
        for (uint64_t day = 0; day < N_DAYS; day++) {
            const struct report *reports = csv_day(csv, day, &n);

            assert_int_equal(n, N_STATIONS);
            /* The id is kept once, not once a day. */
            assert_ptr_equal(reports[77].station, csv_day(csv, 0, &n)[77].station);
            assert_memory_equal(reports[77].station, "S77", 3);
        }
    }
}

static void
test_celsius(void **state)
{
    static const struct {
        const char *value;
        double fahrenheit;
    } cases[] = {{"0", 32}, {"100", 212}, {"-40", -40}, {"12.8", 55.04}, {"-273.15", -459.67}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[64];
        int length = snprintf(text, sizeof(text), HEAD "2000-01-01,%s,\n", cases[i].value);
        cleanup(temporary_fini) struct temporary file = temporary_make(text, (size_t)length);
        struct csv_settings settings = one_station(file.name);
        cleanup(csv_unload) struct csv *csv = NULL;
        size_t n;

        settings.unit = 'C';
        csv = load(&settings);
        assert_true(fabs(csv_day(csv, 0, &n)->degrees - cases[i].fahrenheit) < 1e-12);
    }
    {
        /* Finite as it stands, but not in °F. */
        cleanup(temporary_fini) struct temporary file =
            temporary_make(TEXT(HEAD "2000-01-01,1.5e308,\n"));
        struct csv_settings settings = one_station(file.name);
        cleanup(csv_unload) struct csv *csv = load(&settings);
        struct error error = ERROR_INIT;

        assert_int_equal(csv_widest_day(csv), 1);
        settings.unit = 'C';
        assert_int_equal(csv_load(&(struct csv *){NULL}, &settings, &error), CSV_E_BAD);
        assert_non_null(strstr(error.text, ":2: column \"temp\": \"1.5e308\" is not"));
    }
}

/* The sums of the file's columns were made by another program. */
static void
test_seattle(void **state)
{
    static const double year_means[] = {15.276775956284153, 16.05890410958904, 16.9958904109589,
                                        17.427945205479467};
    const char *srcdir = getenv("srcdir");
    char path[4096];
    struct csv_settings settings = {.file = path,
                                    .date_column = "date",
                                    .degrees_column = "temp_max",
                                    .raining_column = "precipitation",
                                    .station = "Seattle",
                                    .unit = 'C'};
    cleanup(csv_unload) struct csv *csv = NULL;
    double sums[4] = {0}, counts[4] = {0}, min = INFINITY, max = -INFINITY;
    size_t n, raining = 0;

    snprintf(path, sizeof(path), "%s/examples/seattle-weather.csv", srcdir ? srcdir : ".");
    csv = load(&settings);
    assert_int_equal(csv_widest_day(csv), 1);
    for (uint64_t day = 0; day < 1461; day++) {
        const struct report *report = csv_day(csv, day, &n);
        int year;

        assert_int_equal(n, 1);
        assert_int_equal(report->date, 15340 + (int)day); /* 2012-01-01, and none is missing */
        assert_int_not_equal(report->rain, REPORT_RAIN_UNKNOWN);
        year = date_to_civil(report->date).year - 2012;
        sums[year] += report->degrees;
        counts[year]++;
        raining += report->rain == REPORT_RAINING;
        min = fmin(min, report->degrees);
        max = fmax(max, report->degrees);
    }
    assert_null(csv_day(csv, 1461, &n));
    assert_int_equal(raining, 623);
    assert_true(fabs(min - (-1.6 * 1.8 + 32)) < 1e-9);
    assert_true(fabs(max - (35.6 * 1.8 + 32)) < 1e-9);
    for (int i = 0; i < 4; i++)
        assert_true(fabs(sums[i] / counts[i] - (year_means[i] * 1.8 + 32)) < 1e-9);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refuses_settings),
        cmocka_unit_test(test_tells_mistakes),
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_rain),
        cmocka_unit_test(test_days),
        cmocka_unit_test(test_many_stations),
        cmocka_unit_test(test_celsius),
        cmocka_unit_test(test_seattle),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
