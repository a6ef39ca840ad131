/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A table of texts in columns, as wide as what stands in them and no wider than the terminal: what is
 * too long for that is cut, with "…". Widths are what a terminal shows, so that Zürich and 東京 stay in
 * line.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define TABLE_COLUMNS_MAX 12
#define TABLE_WIDTH       80 /* where nobody knows better */

struct table_column {
    const char *heading;
    bool right;    /* aligned to the right, as numbers */
    int width_min; /* down to which it may be cut; 0: it never is */
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

/* Columns that a terminal needs for a text; what is not printable counts as one. */
int table_text_width(const char *text);

/* How many bytes of a text fit into that many columns; *widthp is what they take. */
size_t table_text_fit(const char *text, int columns, int *widthp);

/* The width and height of the terminal behind a stream, or TABLE_WIDTH and 0 when it is none. */
void table_find_size(FILE *file, int *widthp, int *heightp);
