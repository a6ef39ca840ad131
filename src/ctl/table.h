/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A table of texts in columns, as wide as what stands in them and no wider than the terminal: what is
 * too long for that is cut, see text_cut(). Widths are what a terminal shows, so that Zürich and 東京
 * stay in line.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define TABLE_COLUMNS_MAX 12
#define TABLE_WIDTH       80 /* of a terminal that does not tell */

struct table_column {
    const char *heading;
    bool right;    /* aligned to the right, as numbers */
    int width_min; /* to which it may be cut, and to half of it in great need; 0: it never is */
    bool spare;    /* may be left out where others would be cut below their width_min */
};

struct table {
    size_t n_columns;
    struct table_column columns[TABLE_COLUMNS_MAX];
    size_t n_cells;
    char **cells; /* row by row */
    bool failed;  /* memory ran out */
};

/* The columns are copied; there is no row yet. Release with table_fini(). */
void table_init(struct table *table, const struct table_column *columns, size_t n_columns);
void table_fini(struct table *table);

/* Adds the next cell, from left to right and from row to row. */
void table_add(struct table *table, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Prints headings and rows, at most rows_max of them, with blanks only between columns. */
void table_print(const struct table *table, FILE *file, int width, size_t rows_max);

size_t table_rows(const struct table *table);

/*
 * The width and height of the terminal behind a stream. Elsewhere, as in a pipe, there is no limit to
 * the width and the height is 0. $COLUMNS says otherwise.
 */
void table_find_size(FILE *file, int *widthp, int *heightp);
