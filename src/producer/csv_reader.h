/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Reads the rows of a CSV file (RFC 4180, a header line) strictly, with the
 * columns found by their names. The grammar itself is libcsv's; this module
 * knows names, lines and what a value may be, not what it means.
 */

#include <stddef.h>

#include "common/error.h"

#define CSV_READER_COLUMNS_MAX 8
#define CSV_READER_VALUE_MAX   255 /* bytes of a value that is read; other columns may hold more */

/*
 * Called for each row with a value for each column of the request, "" for one that is not read:
 * valid UTF-8 without control characters, for the call only. line is where the row begins. Returns
 * 0, or what csv_reader_read() is to end with, with a message without file and line.
 */
typedef int (*csv_row_fn)(void *userdata, unsigned long line, const char *const *values,
                          struct error *error);

/*
 * Called for each field, column by column, of the header first and then of each row before its row
 * function: valid UTF-8 without NULs, of any length, for the call only. Results as above.
 */
typedef int (*csv_field_fn)(void *userdata, size_t column, const char *text, size_t length,
                            struct error *error);

struct csv_request {
    const char *file;
    const char *const *columns; /* by name; NULL: not read */
    size_t n_columns;           /* up to CSV_READER_COLUMNS_MAX */
    csv_row_fn row;
    csv_field_fn
        field; /* NULL: only the columns above matter; else each must have a name of its own */
    void *userdata;
};

/*
 * 0 at the end of the file, after at least one row; a negative errno when the file can't be read;
 * otherwise CSV_READER_E_BAD, or what the row function returned. All messages begin with "FILE: "
 * or "FILE:LINE: ".
 *
 * A UTF-8 byte order mark, CRLF line ends, blank lines and blanks around a value are accepted.
 * Mistakes: a row with more or fewer fields than the header, a column that is missing or stands
 * twice, a quote within a field without quotes, quotes that are not closed, a NUL byte, a carriage
 * return alone.
 */
enum { CSV_READER_E_BAD = 1 };
int csv_reader_read(const struct csv_request *request, struct error *error);
