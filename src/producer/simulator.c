/* SPDX-License-Identifier: MIT */

/*
 * Weather that never was. It must be the same weather whenever it is asked for:
 * a producer that was killed sends the rest of a day again, and what it sends
 * must be what it had sent, to the last digit.
 *
 * Hence the random numbers have no state. A generator that is drawn from in
 * turn would give day 5,000 only to those who drew the 4,999 before it, with as
 * many stations and as much rain. Here a draw is a hash of what it is for:
 * seed, station, date and purpose. Switching rain off, adding a station or
 * starting later changes nothing in the draws of the rest. (log and cos may
 * differ in their last bit between processors with and without FMA; rounding to
 * 4 decimals hides that in all but one of about 10^9 reports.)
 *
 * The only thing that is remembered is the day that the stations have reached,
 * with its noise and rain: a cache that any other day may throw away.
 */

#include <errno.h>
#include <math.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/values.h"
#include "producer/draw.h"
#include "producer/simulator.h"

#define WARMUP       64 /* days computed before a year; 0.8^64 of 10 °F is less than a rounding */
#define MONTHS       12
#define STATIONS_MAX 1000000
#define FREEZING     32.0 /* °F */
#define DECIMALS     1e4

/*
 * °F. A station is up to SHIFT_MAX warmer or colder than the average. The noise is of ±10: that is
 * its standard deviation over many days, so two days in three lie within. A day keeps NOISE_MEMORY
 * of the noise of the day before and adds sqrt(1 - 0.8²) = 0.6 of its own, so that its size stays.
 */
#define SHIFT_MAX       8.0
#define NOISE_DEVIATION 10.0
#define NOISE_MEMORY    0.8
#define NOISE_FRESH     (0.6 * NOISE_DEVIATION)

#define UNIFORM_MEAN      30.0
#define UNIFORM_DEVIATION 15.0
#define UNIFORM_RAIN      (1.0 / 3.0)

/*
 * A climate of the Upper Midwest. It rains for 1 / stops days, on starts / (starts + stops) of all.
 */
static const struct month {
    int days;       /* 29 February is one step further on the line to March */
    double average; /* °F */
    double rain_starts;
    double rain_stops;
} climate[MONTHS] = {
    {31, 27, 0.12, 0.30}, {28, 31, 0.12, 0.30}, {31, 44, 0.15, 0.30}, {30, 58, 0.18, 0.27},
    {31, 70, 0.18, 0.27}, {30, 79, 0.18, 0.30}, {31, 83, 0.15, 0.36}, {31, 81, 0.15, 0.36},
    {30, 74, 0.15, 0.33}, {31, 61, 0.15, 0.30}, {30, 46, 0.15, 0.30}, {31, 32, 0.15, 0.30},
};

/* What a draw is for: two draws of one station and date must not be the same number. */
enum purpose {
    DRAW_DEGREES,
    DRAW_RAIN,
    DRAW_DUPLICATE,
    DRAW_SHIFT,
    N_DRAWS,
};

struct station {
    uint64_t key; /* seed and station, hashed */
    double shift;
    double noise; /* of the date that is reached; so is raining */
    bool raining;
    uint8_t name_length;
};

struct simulator {
    struct simulator_settings settings;
    double mid_month[MONTHS]; /* seasonal average on the middle of each month */
    int32_t reached;          /* date of the stations' noise and rain */
    size_t name_size;         /* distance between two names */
    char *names;
    struct station stations[];
};

CLEANUP_DEFINE(struct simulator *, simulator_free);

/*
 * The number that all randomness comes from. The date is hashed before it is added: were it added
 * as it is, two stations with near keys would have the same weather some days apart.
 */
static inline uint64_t
draw(const struct station *station, int64_t date, enum purpose purpose)
{
    return draw_mix(station->key + draw_mix((uint64_t)date * N_DRAWS + purpose));
}

/* Evenly in [0, 1). */
static inline double
draw_fraction(const struct station *station, int64_t date, enum purpose purpose)
{
    return (double)(draw(station, date, purpose) >> 11) * 0x1p-53;
}

/*
 * Mean 0, deviation 1, by Box and Muller. 32 bits of the radius suffice: it ends at 6.7 deviations.
 */
static inline double
draw_normal(const struct station *station, int64_t date, enum purpose purpose)
{
    uint64_t bits = draw(station, date, purpose);
    double radius = ((double)(bits >> 32) + 0.5) * 0x1p-32; /* never 0: its logarithm is taken */
    double angle = (double)(uint32_t)bits * 0x1p-32;

    return sqrt(-2 * log(radius)) * cos(2 * M_PI * angle);
}

/*
 * Straight lines through the months' averages would cut the peaks: the mean of a month is 3/4 of
 * its middle and 1/8 of each neighbour's, and January would come out 1.1 °F too warm. So the
 * middles are chosen such that the means are the averages: Gauss and Seidel, a digit gained every
 * two rounds.
 */
static void
solve_mid_months(double mid_month[MONTHS])
{
    for (int i = 0; i < MONTHS; i++)
        mid_month[i] = climate[i].average;
    for (int round = 0; round < 40; round++)
        for (int i = 0; i < MONTHS; i++) {
            double neighbours = mid_month[(i + MONTHS - 1) % MONTHS] + mid_month[(i + 1) % MONTHS];

            mid_month[i] = (climate[i].average - neighbours / 8) * 4 / 3;
        }
}

static double
season_average(const struct simulator *simulator, int32_t date)
{
    struct date_civil civil = date_to_civil(date);
    int i = civil.month - 1;
    double from_middle = (civil.day - 0.5) / climate[i].days - 0.5;
    int towards = (i + (from_middle < 0 ? MONTHS - 1 : 1)) % MONTHS;

    return simulator->mid_month[i] +
           fabs(from_middle) * (simulator->mid_month[towards] - simulator->mid_month[i]);
}

/*
 * One draw against one of two thresholds, the one for rain yesterday being the higher: two
 * histories that differ meet for good as soon as a draw lies outside of the two, within days. That
 * is what makes the rain, too, forget how the warm-up began.
 */
static void
advance_day(struct simulator *simulator, int32_t date)
{
    /* The year 1 is warmed up before the calendar begins; a year later the months are the same. */
    struct date_civil civil = date_to_civil(date < DATE_MIN ? date + 365 : date);
    const struct month *month = &climate[civil.month - 1];

    for (size_t i = 0; i < simulator->settings.n_stations; i++) {
        struct station *station = &simulator->stations[i];

        station->noise =
            NOISE_MEMORY * station->noise + NOISE_FRESH * draw_normal(station, date, DRAW_DEGREES);
        if (simulator->settings.rain)
            station->raining = draw_fraction(station, date, DRAW_RAIN) <
                               (station->raining ? 1 - month->rain_stops : month->rain_starts);
    }
    simulator->reached = date;
}

/*
 * Going on from the day that was reached, within one year, gives the bits that starting over gives.
 */
static void
reach_date(struct simulator *simulator, int32_t date)
{
    int32_t new_year = date_from_civil((struct date_civil){date_to_civil(date).year, 1, 1});

    if (simulator->reached < new_year || simulator->reached > date) {
        for (size_t i = 0; i < simulator->settings.n_stations; i++) {
            simulator->stations[i].noise = 0;
            simulator->stations[i].raining = false;
        }
        simulator->reached = new_year - WARMUP - 1;
    }
    while (simulator->reached < date)
        advance_day(simulator, simulator->reached + 1);
}

/* Names as a spreadsheet's columns: A … Z, AA …, which is base 26 without a zero. */
static size_t
count_letters(size_t station)
{
    size_t n = 1;

    while (station >= 26) {
        station = station / 26 - 1;
        n++;
    }
    return n;
}

static void
name_station(struct simulator *simulator, size_t i, size_t prefix_length)
{
    char *name = simulator->names + i * simulator->name_size;
    size_t n_letters = count_letters(i);
    size_t rest = i;

    memcpy(name, simulator->settings.station_prefix, prefix_length);
    for (size_t letter = n_letters; letter-- > 0; rest = rest / 26 - 1)
        name[prefix_length + letter] = (char)('A' + rest % 26);
    simulator->stations[i].name_length = (uint8_t)(prefix_length + n_letters);
}

static int
check_settings(const struct simulator_settings *settings, struct error *error)
{
    size_t prefix_length = strlen(settings->station_prefix);

    if (settings->n_stations < 1 || settings->n_stations > STATIONS_MAX)
        return error_set(error, -EINVAL, "stations is %zu, must be 1 to %d", settings->n_stations,
                         STATIONS_MAX);
    if (prefix_length + count_letters(settings->n_stations - 1) > REPORT_STATION_MAX)
        return error_set(
            error, -EINVAL,
            "station_prefix has %zu bytes: with the %zu letters that %zu stations need "
            "a name may have %d; shorten it",
            prefix_length, count_letters(settings->n_stations - 1), settings->n_stations,
            REPORT_STATION_MAX);
    if (!value_is_text(settings->station_prefix, prefix_length))
        return error_set(error, -EINVAL,
                         "station_prefix must be valid UTF-8 without control characters");
    if (settings->start < DATE_MIN || settings->start > DATE_MAX)
        return error_set(error, -EINVAL, "start must lie within 0001-01-01 and 9999-12-31");
    if (!(settings->duplicate_rate >= 0 && settings->duplicate_rate <= 1))
        return error_set(error, -EINVAL, "duplicate_rate is %g, must be 0 to 1",
                         settings->duplicate_rate);
    return 0;
}

int
simulator_new(struct simulator **simulatorp, const struct simulator_settings *settings,
              struct error *error)
{
    cleanup(simulator_free) struct simulator *simulator = NULL;
    size_t n = settings->n_stations;
    size_t prefix_length;
    int r;

    r = check_settings(settings, error);
    if (r < 0)
        return r;
    prefix_length = strlen(settings->station_prefix);
    simulator = calloc(1, sizeof(*simulator) + n * sizeof(simulator->stations[0]));
    if (!simulator)
        return error_set(error, -ENOMEM, "no memory for %zu stations", n);
    simulator->settings = *settings;
    simulator->reached = INT32_MIN; /* no day yet */
    simulator->name_size = prefix_length + count_letters(n - 1);
    simulator->names = malloc(n * simulator->name_size);
    if (!simulator->names)
        return error_set(error, -ENOMEM, "no memory for the names of %zu stations", n);
    for (size_t i = 0; i < n; i++) {
        struct station *station = &simulator->stations[i];

        name_station(simulator, i, prefix_length);
        station->key = draw_seeded(settings->seed, i);
        station->shift = SHIFT_MAX * (2 * draw_fraction(station, 0, DRAW_SHIFT) - 1);
    }
    simulator->settings.station_prefix = NULL; /* the caller's; the names have it now */
    solve_mid_months(simulator->mid_month);
    *simulatorp = simulator;
    simulator = NULL;
    return 0;
}

void
simulator_free(struct simulator *simulator)
{
    if (!simulator)
        return;
    free(simulator->names);
    free(simulator);
}

bool
simulator_day(struct simulator *simulator, uint64_t day, struct report *reports)
{
    bool seasonal = simulator->settings.model == SIMULATOR_SEASONAL;
    double average = UNIFORM_MEAN;
    int32_t date;

    if (day > (uint64_t)(DATE_MAX - simulator->settings.start))
        return false;
    date = simulator->settings.start + (int32_t)day;
    if (seasonal) {
        reach_date(simulator, date);
        average = season_average(simulator, date);
    }
    for (size_t i = 0; i < simulator->settings.n_stations; i++) {
        const struct station *station = &simulator->stations[i];
        double offset = seasonal ? station->shift + station->noise
                                 : UNIFORM_DEVIATION * draw_normal(station, date, DRAW_DEGREES);
        /* By way of an integer, which also turns -0 into 0. */
        double degrees = (double)llrint((average + offset) * DECIMALS) / DECIMALS;
        enum report_rain rain = REPORT_RAIN_UNKNOWN;

        if (simulator->settings.rain) {
            bool raining = seasonal ? station->raining
                                    : draw_fraction(station, date, DRAW_RAIN) < UNIFORM_RAIN;

            rain = raining && degrees >= FREEZING ? REPORT_RAINING : REPORT_DRY;
        }
        reports[i] = (struct report){simulator->names + i * simulator->name_size,
                                     station->name_length, date, degrees, rain};
    }
    return true;
}

bool
simulator_is_duplicated(const struct simulator *simulator, uint64_t day, size_t station)
{
    int64_t date = (int64_t)((uint64_t)simulator->settings.start + day);

    return draw_fraction(&simulator->stations[station], date, DRAW_DUPLICATE) <
           simulator->settings.duplicate_rate;
}
