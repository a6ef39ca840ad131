/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A simulated network of weather stations: a pure function of its settings and
 * the day. Nothing is carried from run to run, so a producer that dies needs no
 * more than the day it had reached to go on with the very same reports.
 *
 * seasonal: the month's average (interpolated to the day), shifted per station,
 * plus noise with a memory from day to day; rain starts and stops with a
 * likelihood of the month's. uniform: independent normal draws, mean 30 °F,
 * deviation 15; rain with a likelihood of a third. It never rains below 32 °F:
 * such a day is dry, whatever was drawn.
 *
 * The memory of yesterday would make day N depend on all days before it. Here each
 * year is computed afresh from WARMUP days before it begins: by then 0.8 to the
 * power of WARMUP has faded, so the seam cannot be seen, and any day is
 * reached in at most a year's steps.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "record/report.h"

enum simulator_model {
    SIMULATOR_SEASONAL,
    SIMULATOR_UNIFORM,
};

struct simulator_settings {
    enum simulator_model model;
    size_t n_stations;          /* 1 to 1,000,000 */
    const char *station_prefix; /* may be ""; names are PREFIXA … PREFIXZ, PREFIXAA … */
    int32_t start;              /* date of day 0 */
    uint64_t seed;
    bool rain;             /* whether reports say if it rains */
    double duplicate_rate; /* 0 to 1: how likely a report is sent twice */
};

struct simulator;

/*
 * The settings are copied. 0; -EINVAL when one lies outside of its limits, or a name would be
 * longer than REPORT_STATION_MAX; -ENOMEM.
 */
int simulator_new(struct simulator **simulatorp, const struct simulator_settings *settings,
                  struct error *error);
void simulator_free(struct simulator *simulator);

/*
 * The reports of a day (0 is the start), one a station in the order of the stations: fills
 * n_stations of reports, degrees in °F rounded to 4 decimals. The names live as long as the
 * simulator. False when the day lies past DATE_MAX. Days in ascending order cost one step each, and
 * a new year WARMUP more; any other order costs up to a year's steps and WARMUP.
 */
bool simulator_day(struct simulator *simulator, uint64_t day, struct report *reports);

/* Whether the station's report of that day is sent a second time. */
bool simulator_is_duplicated(const struct simulator *simulator, uint64_t day, size_t station);
