/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Where the producer's reports come from, day by day: the simulator or a file of observations
 * behind one face. The same settings give the same reports for the same day, always; that is what
 * lets a restarted producer go on where it was.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/error.h"
#include "producer/csv.h"
#include "producer/simulator.h"
#include "record/report.h"

enum feed_source { FEED_SIMULATOR, FEED_CSV };

struct feed_settings {
    enum feed_source source;
    char unit; /* of the degrees it gives: 'F' or 'C' */
    struct simulator_settings simulator;
    struct csv_settings csv;
};

struct feed;

/* The settings are borrowed for the feed's life. 0, or a negative errno with a message. */
int feed_new(struct feed **feedp, const struct feed_settings *settings, struct error *error);
void feed_free(struct feed *feed);
CLEANUP_DEFINE(struct feed *, feed_free);

/*
 * Says which reports these are ("simulator seasonal, seed 1, …"), so that a position in one feed is
 * not taken for one in another. Lives as long as the feed.
 */
const char *feed_describe(const struct feed *feed);

/* How many reports a day has; 0 past the last one. Cheap. */
size_t feed_day_size(const struct feed *feed, uint64_t day);

/*
 * The reports of a day, feed_day_size() of them, valid until the next call. NULL past the last day.
 */
const struct report *feed_day(struct feed *feed, uint64_t day);

/* Whether a report is to be sent a second time, as a retry would. */
bool feed_is_duplicated(const struct feed *feed, uint64_t day, size_t index);
