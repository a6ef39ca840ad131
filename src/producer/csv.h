/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Real observations from a CSV file (RFC 4180, a header line), read whole and
 * checked before the first report is sent: a mistake in line 900 is told at the
 * start, not after 899 reports. Columns are found by their names.
 *
 * Consecutive rows of one date are a day. Dates of a station must ascend; the
 * file is grouped as it stands, not sorted.
 *
 * The counterpart of csv_load() is called csv_unload(): csv_free() is libcsv's.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "record/report.h"

struct csv_settings {
    const char *file;
    const char *date_column;
    const char *degrees_column;
    const char *station_column; /* NULL: every row is of the one station below */
    const char *raining_column; /* NULL: not known; else a number from 0 (above: raining), yes, no,
                                   true, false, or empty: unknown */
    const char *station;        /* the station's id of a file without such a column */
    char unit;                  /* of the file's degrees: 'F' or 'C' */
    bool all_columns;           /* it is no observations: see producer/rows.h, and nothing above but
                                   the file counts */
    const char *key_column;     /* of the records' key; NULL: they have none */
    const char *now_columns;    /* as rows_check_now_columns() has it; NULL: none */
};

struct csv;

/*
 * 0; a negative errno when the file can't be read (-EINVAL: the settings themselves are
 * incomplete); CSV_E_BAD with a message "FILE:LINE: …" that names column, value and what would be
 * right.
 */
enum { CSV_E_BAD = 1 };
int csv_load(struct csv **csvp, const struct csv_settings *settings, struct error *error);
void csv_unload(struct csv *csv);

/*
 * The reports of a day, 0 being the first of the file, in °F (Celsius as C * 9 / 5 + 32, to four
 * decimals), in the
 * order of the file. They live as long as csv. NULL and *n_reports 0 past the last day.
 */
const struct report *csv_day(const struct csv *csv, uint64_t day, size_t *n_reports);

/* The largest number of reports of any day. */
size_t csv_widest_day(const struct csv *csv);
