/* SPDX-License-Identifier: MIT */

/*
 * Two kinds of tests: that a day is the same whoever asks for it and when, bit
 * by bit, and that a long run has the statistics that are promised. The runs are
 * not random (the seeds are fixed), so a tolerance is either met always or never;
 * each is several standard errors of its run, and far less than what an error in
 * the model would make.
 */

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "producer/simulator.h"

#define START      10957 /* 2000-01-01 */
#define YEARS      1000
#define N_STATIONS 4

CLEANUP_DEFINE(struct simulator *, simulator_free);

static const struct simulator_settings seasonal = {
    .model = SIMULATOR_SEASONAL,
    .n_stations = N_STATIONS,
    .station_prefix = "Station",
    .start = START,
    .seed = 7,
    .rain = true,
};

static struct simulator *
make(const struct simulator_settings *settings)
{
    struct simulator *simulator = NULL;
    struct error error = ERROR_INIT;

    if (simulator_new(&simulator, settings, &error) != 0)
        fail_msg("seed %llu: %s", (unsigned long long)settings->seed, error.text);
    return simulator;
}

static void
check_near(const char *what, double value, double wanted, double tolerance)
{
    if (!(fabs(value - wanted) <= tolerance))
        fail_msg("%s is %g, must be %g within %g", what, value, wanted, tolerance);
}

/* Everything but the name, which is another copy in another simulator. */
static void
assert_same(const struct report *a, const struct report *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        assert_memory_equal(&a[i].degrees, &b[i].degrees, sizeof(double));
        assert_int_equal(a[i].date, b[i].date);
        assert_int_equal(a[i].rain, b[i].rain);
        assert_int_equal(a[i].station_length, b[i].station_length);
        assert_memory_equal(a[i].station, b[i].station, a[i].station_length);
    }
}

static void
test_refuses(void **state)
{
    static const struct {
        size_t n_stations;
        size_t prefix_length;
        char last; /* of the prefix */
        int32_t start;
        double duplicate_rate;
        const char *message;
    } cases[] = {
        {0, 7, 'x', START, 0, "stations is 0, must be 1 to 1000000"},
        {1000001, 7, 'x', START, 0, "stations is 1000001, must be 1 to 1000000"},
        {1, 255, 'x', START, 0,
         "station_prefix has 255 bytes: with the 1 letters that 1 stations need a name may have "
         "255; shorten it"},
        {27, 254, 'x', START, 0,
         "station_prefix has 254 bytes: with the 2 letters that 27 stations need a name may have "
         "255; shorten it"},
        {1, 7, '\n', START, 0, "station_prefix must be valid UTF-8 without control characters"},
        {1, 7, '\xc3', START, 0, "station_prefix must be valid UTF-8 without control characters"},
        {1, 7, 'x', DATE_MIN - 1, 0, "start must lie within 0001-01-01 and 9999-12-31"},
        {1, 7, 'x', DATE_MAX + 1, 0, "start must lie within 0001-01-01 and 9999-12-31"},
        {1, 7, 'x', START, -0.01, "duplicate_rate is -0.01, must be 0 to 1"},
        {1, 7, 'x', START, 1.01, "duplicate_rate is 1.01, must be 0 to 1"},
        {1, 7, 'x', START, NAN, "duplicate_rate is nan, must be 0 to 1"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char prefix[300] = "";
        struct simulator_settings settings = seasonal;
        struct simulator *const untouched = (struct simulator *)prefix;
        struct simulator *simulator = untouched;
        struct error error = ERROR_INIT;

        memset(prefix, 'x', cases[i].prefix_length);
        prefix[cases[i].prefix_length - 1] = cases[i].last;
        settings.n_stations = cases[i].n_stations;
        settings.station_prefix = prefix;
        settings.start = cases[i].start;
        settings.duplicate_rate = cases[i].duplicate_rate;
        assert_int_equal(simulator_new(&simulator, &settings, &error), -EINVAL);
        assert_string_equal(error.text, cases[i].message);
        assert_ptr_equal(simulator, untouched);
    }
    simulator_free(NULL);
}

static void
check_name(const struct report *report, const char *prefix, const char *letters)
{
    size_t length = strlen(prefix);

    assert_int_equal(report->station_length, length + strlen(letters));
    assert_memory_equal(report->station, prefix, length);
    assert_memory_equal(report->station + length, letters, strlen(letters));
}

static void
test_names(void **state)
{
    static const struct {
        size_t station;
        const char *letters;
    } cases[] = {
        {0, "A"},        {1, "B"},         {25, "Z"},         {26, "AA"},        {27, "AB"},
        {51, "AZ"},      {52, "BA"},       {701, "ZZ"},       {702, "AAA"},      {18277, "ZZZ"},
        {18278, "AAAA"}, {475253, "ZZZZ"}, {475254, "AAAAA"}, {999999, "BDWGN"},
    };
    char longest[251];
    const char *prefixes[] = {"Station", "", longest};

    memset(longest, 'y', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    for (size_t p = 0; p < 3; p++) {
        struct simulator_settings settings = seasonal;
        cleanup(simulator_free) struct simulator *simulator = NULL;
        cleanup(free) struct report *reports = calloc(1000000, sizeof(*reports));
        char prefix[sizeof(longest)];

        assert_non_null(reports);
        settings.model = SIMULATOR_UNIFORM;
        settings.n_stations = 1000000;
        settings.station_prefix = strcpy(prefix, prefixes[p]);
        simulator = make(&settings);
        memset(prefix, 0, sizeof(prefix)); /* the settings were copied */
        assert_true(simulator_day(simulator, 0, reports));
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
            check_name(&reports[cases[i].station], prefixes[p], cases[i].letters);
    }
}

/* Four years with a leap day, forward, then as a stride jumps over them, then backward. */
static void
test_any_order(void **state)
{
    enum { N_DAYS = 1461, STRIDE = 611 };

    for (int model = SIMULATOR_SEASONAL; model <= SIMULATOR_UNIFORM; model++) {
        struct simulator_settings settings = seasonal;
        cleanup(simulator_free) struct simulator *forward = NULL;
        cleanup(simulator_free) struct simulator *other = NULL;
        cleanup(free) struct report *all = calloc(N_DAYS * N_STATIONS, sizeof(*all));
        struct report reports[N_STATIONS];

        assert_non_null(all);
        settings.model = model;
        settings.start = START + 100; /* not at new year */
        forward = make(&settings);
        other = make(&settings);
        for (uint64_t day = 0; day < N_DAYS; day++)
            assert_true(simulator_day(forward, day, &all[day * N_STATIONS]));
        for (uint64_t i = 0, day = 0; i < N_DAYS; i++, day = (day + STRIDE) % N_DAYS) {
            assert_true(simulator_day(other, day, reports));
            assert_same(reports, &all[day * N_STATIONS], N_STATIONS);
            assert_true(simulator_day(other, day, reports)); /* once more: no step is made */
            assert_same(reports, &all[day * N_STATIONS], N_STATIONS);
        }
        for (uint64_t day = N_DAYS; day-- > 0;) {
            assert_true(simulator_day(forward, day, reports));
            assert_same(reports, &all[day * N_STATIONS], N_STATIONS);
        }
    }
}

/* A newer release must go on with the weather of the older one: change these only with a reason. */
static void
test_known_weather(void **state)
{
    static const struct {
        enum simulator_model model;
        uint64_t day;
        size_t station;
        double degrees;
    } cases[] = {
        {SIMULATOR_SEASONAL, 0, 0, 19.9043},
        {SIMULATOR_SEASONAL, 5000, 3, 77.9605},
        {SIMULATOR_UNIFORM, 0, 0, 21.3814},
        {SIMULATOR_UNIFORM, 5000, 3, 48.268},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct simulator_settings settings = seasonal;
        cleanup(simulator_free) struct simulator *simulator = NULL;
        struct report reports[N_STATIONS];

        settings.model = cases[i].model;
        simulator = make(&settings);
        assert_true(simulator_day(simulator, cases[i].day, reports));
        check_near("a known day", reports[cases[i].station].degrees, cases[i].degrees, 1e-9);
    }
}

/* What is asked for besides must not move what was there; another seed must move all of it. */
static void
test_draws_are_independent(void **state)
{
    struct simulator_settings settings = seasonal;
    cleanup(simulator_free) struct simulator *plain = make(&settings);
    cleanup(simulator_free) struct simulator *changed = NULL;
    cleanup(simulator_free) struct simulator *reseeded = NULL;
    struct report a[N_STATIONS], b[2 * N_STATIONS];

    settings.seed++;
    reseeded = make(&settings);
    settings.seed = seasonal.seed;
    settings.n_stations = 2 * N_STATIONS;
    settings.rain = false;
    settings.duplicate_rate = 1;
    settings.start += 17;
    changed = make(&settings);
    for (uint64_t day = 17; day < 800; day++) {
        assert_true(simulator_day(plain, day, a));
        assert_true(simulator_day(changed, day - 17, b));
        for (size_t i = 0; i < N_STATIONS; i++) {
            assert_int_equal(a[i].date, b[i].date);
            assert_memory_equal(&a[i].degrees, &b[i].degrees, sizeof(double));
            assert_int_not_equal(a[i].rain, REPORT_RAIN_UNKNOWN);
            assert_int_equal(b[i].rain, REPORT_RAIN_UNKNOWN);
        }
        assert_true(simulator_day(reseeded, day, b));
        for (size_t i = 0; i < N_STATIONS; i++)
            for (size_t j = 0; j < N_STATIONS; j++)
                if (memcmp(&a[i].degrees, &b[j].degrees, sizeof(double)) == 0)
                    fail_msg("day %d: stations %zu and %zu of two seeds agree", a[i].date, i, j);
    }
}

/* Sums of pairs of numbers: their means, deviations and correlation. */
struct pairs {
    double n, x, y, xx, yy, xy;
};

static void
pairs_add(struct pairs *pairs, double x, double y)
{
    pairs->n++;
    pairs->x += x;
    pairs->y += y;
    pairs->xx += x * x;
    pairs->yy += y * y;
    pairs->xy += x * y;
}

static double
deviation_y(const struct pairs *pairs)
{
    return sqrt(pairs->yy / pairs->n - pairs->y / pairs->n * pairs->y / pairs->n);
}

static double
correlation(const struct pairs *pairs)
{
    double n = pairs->n;

    return (pairs->xy / n - pairs->x / n * pairs->y / n) /
           sqrt((pairs->xx / n - pairs->x / n * pairs->x / n) *
                (pairs->yy / n - pairs->y / n * pairs->y / n));
}

/* A station's degrees of YEARS years: row a year, column a day; 29 February is left out. */
static double *
make_years(struct simulator *simulator, size_t station)
{
    double *years = calloc(YEARS * 365, sizeof(*years));
    struct report reports[N_STATIONS];
    size_t n = 0;

    assert_non_null(years);
    for (uint64_t day = 0; n < YEARS * 365; day++) {
        struct date_civil civil;

        assert_true(simulator_day(simulator, day, reports));
        civil = date_to_civil(reports[station].date);
        if (civil.month != 2 || civil.day != 29)
            years[n++] = reports[station].degrees;
    }
    return years;
}

static void
test_seasons(void **state)
{
    static const double averages[12] = {27, 31, 44, 58, 70, 79, 83, 81, 74, 61, 46, 32};
    cleanup(simulator_free) struct simulator *simulator = make(&seasonal);
    double shifts[N_STATIONS];

    for (size_t station = 0; station < N_STATIONS; station++) {
        double sums[12] = {0}, counts[12] = {0}, shift = 0;
        struct report reports[N_STATIONS];

        for (uint64_t day = 0; day < YEARS * 365; day++) {
            int month;

            assert_true(simulator_day(simulator, day, reports));
            month = date_to_civil(reports[station].date).month - 1;
            sums[month] += reports[station].degrees;
            counts[month]++;
        }
        for (int month = 0; month < 12; month++)
            shift += (sums[month] / counts[month] - averages[month]) / 12;
        check_near("a station's shift", shift, 0, 8);
        for (int month = 0; month < 12; month++)
            check_near("a month's mean", sums[month] / counts[month] - shift, averages[month], 0.6);
        shifts[station] = shift;
    }
    for (size_t i = 1; i < N_STATIONS; i++)
        assert_true(fabs(shifts[i] - shifts[0]) > 0.01);
}

/*
 * Noise is what remains when the day's mean of all years is taken away. At new year, where the next
 * year's own run begins, it must be as large and remember as much as on any other day.
 */
static void
test_noise(void **state)
{
    cleanup(simulator_free) struct simulator *simulator = make(&seasonal);
    struct pairs pairs[366] = {{0}}; /* by day: the day before and the day; [365] is all of them */

    for (size_t station = 0; station < N_STATIONS; station++) {
        cleanup(free) double *years = make_years(simulator, station);
        double means[365] = {0};

        for (size_t i = 0; i < YEARS * 365; i++)
            means[i % 365] += years[i] / YEARS;
        for (size_t day = 0; day < 365; day++) /* the season, too, knows no jumps */
            check_near("a day's step", means[(day + 1) % 365] - means[day], 0, 1.5);
        for (size_t i = 1; i < YEARS * 365; i++) {
            double before = years[i - 1] - means[(i - 1) % 365];
            double today = years[i] - means[i % 365];

            if (i % 365 == 59) /* after a 29 February, which is left out, in some years */
                continue;
            pairs_add(&pairs[i % 365], before, today);
            pairs_add(&pairs[365], before, today);
        }
    }
    check_near("the noise", deviation_y(&pairs[365]), 10, 0.1);
    check_near("its memory", correlation(&pairs[365]), 0.8, 0.005);
    for (size_t day = 0; day < 365; day++) {
        if (day == 59)
            continue;
        check_near("a day's noise", deviation_y(&pairs[day]), 10, 0.6);
        check_near("a day's memory", correlation(&pairs[day]), 0.8, 0.03);
    }
}

static void
test_rain(void **state)
{
    cleanup(simulator_free) struct simulator *simulator = make(&seasonal);
    struct report reports[N_STATIONS];
    double days[2] = {0},
           rainy[2] = {0}; /* by the rain of the day before, in months without frost */
    double new_years[2] = {0}, new_rainy[2] = {0};
    bool before[N_STATIONS] = {false}, warm[N_STATIONS] = {false};
    double share[12] = {0}, counts[12] = {0};

    for (uint64_t day = 0; day < YEARS * 365; day++) {
        assert_true(simulator_day(simulator, day, reports));
        for (size_t i = 0; i < N_STATIONS; i++) {
            struct date_civil civil = date_to_civil(reports[i].date);
            bool raining = reports[i].rain == REPORT_RAINING;

            assert_false(raining && reports[i].degrees < 32);
            if (civil.month >= 5 && civil.month <= 9) {
                days[before[i]]++;
                rainy[before[i]] += raining;
            }
            if (civil.month == 1 && civil.day == 1 && warm[i] && reports[i].degrees >= 32) {
                new_years[before[i]]++;
                new_rainy[before[i]] += raining;
            }
            counts[civil.month - 1]++;
            share[civil.month - 1] += raining;
            before[i] = raining;
            warm[i] = reports[i].degrees >= 32;
        }
    }
    /* May to September stop rain with 0.27 to 0.36 and start it with 0.15 to 0.18. */
    check_near("rain after rain", rainy[1] / days[1], 0.685, 0.045);
    check_near("rain after a dry day", rainy[0] / days[0], 0.165, 0.015);
    check_near("rain in May", share[4] / counts[4], 0.4, 0.02);
    check_near("rain in July", share[6] / counts[6], 0.15 / 0.51, 0.02);
    assert_true(share[0] / counts[0] < 0.2); /* most days of January are too cold for it */
    check_near("rain after rain at new year", new_rainy[1] / new_years[1], 0.7, 0.1);
    check_near("rain after a dry day at new year", new_rainy[0] / new_years[0], 0.12, 0.08);
}

static void
test_uniform(void **state)
{
    struct simulator_settings settings = seasonal;
    cleanup(simulator_free) struct simulator *simulator = NULL;
    struct report reports[N_STATIONS], before[N_STATIONS];
    struct pairs days = {0}, stations = {0};
    double mild = 0, rainy = 0, far = 0;

    settings.model = SIMULATOR_UNIFORM;
    simulator = make(&settings);
    assert_true(simulator_day(simulator, 0, before));
    for (uint64_t day = 1; day < 500000; day++) {
        assert_true(simulator_day(simulator, day, reports));
        for (size_t i = 0; i < N_STATIONS; i++) {
            bool raining = reports[i].rain == REPORT_RAINING;

            assert_false(raining && reports[i].degrees < 32);
            mild += reports[i].degrees >= 32;
            rainy += raining;
            far += fabs(reports[i].degrees - 30) > 30;
            pairs_add(&days, before[i].degrees, reports[i].degrees);
            pairs_add(&stations, reports[(i + 1) % N_STATIONS].degrees, reports[i].degrees);
        }
        memcpy(before, reports, sizeof(before));
    }
    check_near("the mean", days.y / days.n, 30, 0.05);
    check_near("the deviation", deviation_y(&days), 15, 0.05);
    check_near("the share beyond two deviations", far / days.n, 0.0455, 0.001);
    check_near("the correlation of two days", correlation(&days), 0, 0.004);
    check_near("the correlation of two stations", correlation(&stations), 0, 0.004);
    check_near("rain on days without frost", rainy / mild, 1.0 / 3, 0.003);
}

static void
test_degrees_are_rounded(void **state)
{
    cleanup(simulator_free) struct simulator *simulator = make(&seasonal);
    struct report reports[N_STATIONS];

    for (uint64_t day = 0; day < 5000; day++) {
        assert_true(simulator_day(simulator, day, reports));
        for (size_t i = 0; i < N_STATIONS; i++) {
            char text[64];

            snprintf(text, sizeof(text), "%.4f", reports[i].degrees);
            assert_true(strtod(text, NULL) == reports[i].degrees);
            assert_int_equal(report_check(&reports[i], NULL), 0);
        }
    }
}

static void
test_duplicates(void **state)
{
    static const double rates[] = {0, 0.01, 0.5, 1};

    for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
        struct simulator_settings settings = seasonal;
        cleanup(simulator_free) struct simulator *simulator = NULL;
        cleanup(simulator_free) struct simulator *other = NULL;
        double n = 0;

        settings.duplicate_rate = rates[i];
        simulator = make(&settings);
        settings.rain = false;
        other = make(&settings);
        for (uint64_t day = 0; day < 100000; day++)
            for (size_t station = 0; station < N_STATIONS; station++) {
                bool duplicated = simulator_is_duplicated(simulator, day, station);

                assert_int_equal(duplicated, simulator_is_duplicated(other, day, station));
                n += duplicated;
            }
        check_near("the share sent twice", n / 100000 / N_STATIONS, rates[i],
                   rates[i] > 0 && rates[i] < 1 ? 0.003 : 0);
    }
}

static void
test_ends_of_the_calendar(void **state)
{
    struct simulator_settings settings = seasonal;
    cleanup(simulator_free) struct simulator *first = NULL;
    cleanup(simulator_free) struct simulator *last = NULL;
    struct report reports[N_STATIONS], untouched[N_STATIONS];
    uint64_t all = (uint64_t)DATE_MAX - DATE_MIN;

    settings.start = DATE_MIN;
    first = make(&settings);
    assert_true(simulator_day(first, all, reports));
    assert_int_equal(reports[0].date, DATE_MAX);
    assert_true(simulator_day(first, 0, reports));
    assert_int_equal(reports[0].date, DATE_MIN);
    memcpy(untouched, reports, sizeof(untouched));
    assert_false(simulator_day(first, all + 1, reports));
    assert_false(simulator_day(first, UINT64_MAX, reports));
    assert_memory_equal(untouched, reports, sizeof(untouched));

    settings.start = DATE_MAX;
    last = make(&settings);
    assert_true(simulator_day(last, 0, reports));
    assert_true(simulator_day(first, all, untouched));
    assert_same(reports, untouched, N_STATIONS);
    assert_false(simulator_day(last, 1, reports));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refuses),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_any_order),
        cmocka_unit_test(test_known_weather),
        cmocka_unit_test(test_draws_are_independent),
        cmocka_unit_test(test_seasons),
        cmocka_unit_test(test_noise),
        cmocka_unit_test(test_rain),
        cmocka_unit_test(test_uniform),
        cmocka_unit_test(test_degrees_are_rounded),
        cmocka_unit_test(test_duplicates),
        cmocka_unit_test(test_ends_of_the_calendar),
    };

    print_message("seed %llu\n", (unsigned long long)seasonal.seed);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
