/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Where what the producer sends comes from, behind one face: the reports of the simulator or of a
 * file of observations, day by day, or records of another kind (see producer/record_source.h), each
 * of which takes the place of a day. The same settings give the same for the same day, always; that
 * is what lets a restarted producer go on where it was.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/error.h"
#include "producer/csv.h"
#include "producer/events.h"
#include "producer/orders.h"
#include "producer/simulator.h"
#include "record/report.h"

enum feed_source { FEED_SIMULATOR, FEED_CSV, FEED_ORDERS, FEED_EVENTS };

struct feed_settings {
    enum feed_source source;
    char unit; /* of the degrees it gives: 'F' or 'C' */
    struct simulator_settings simulator;
    struct csv_settings csv;
    struct orders_settings orders;
    struct events_settings events;
};

struct feed;

/* The settings are borrowed for the feed's life. 0, or a negative errno with a message. */
int feed_new(struct feed **feedp, const struct feed_settings *settings, struct error *error);
void feed_free(struct feed *feed);
CLEANUP_DEFINE(struct feed *, feed_free);

/* What the source gives instead of days: "rows", "orders"; NULL: reports, in days. */
const char *feed_records(const struct feed_settings *settings);

/*
 * Says which reports these are ("simulator seasonal, seed 1, …"), so that a position in one feed is
 * not taken for one in another. Lives as long as the feed.
 */
const char *feed_describe(const struct feed *feed);

/* How many reports a day has, 1 where it is a record; 0 past the last one. Cheap. */
size_t feed_day_size(const struct feed *feed, uint64_t day);

/*
 * The reports of a day, feed_day_size() of them, valid until the next call. NULL past the last day.
 */
const struct report *feed_day(struct feed *feed, uint64_t day);

/*
 * The record that stands for a day, valid until the next call. now is in milliseconds since 1970, for
 * those that have the time in them. 0, or -ENOMEM.
 */
struct feed_record {
    const char *key; /* NULL: none */
    const void *payload;
    size_t payload_length;
};
int feed_record(struct feed *feed, uint64_t day, int64_t now, struct feed_record *record);

/* Whether a report is to be sent a second time, as a retry would. */
bool feed_is_duplicated(const struct feed *feed, uint64_t day, size_t index);
