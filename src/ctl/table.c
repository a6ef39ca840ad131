/* SPDX-License-Identifier: MIT */

/* Tables for people: measured, cut to the terminal, printed. */

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include "ctl/table.h"

#define GAP 2 /* blanks between columns */

void
table_init(struct table *table, const struct table_column *columns, size_t n_columns)
{
    *table = (struct table){.n_columns = n_columns};
    memcpy(table->columns, columns, n_columns * sizeof(*columns));
}

void
table_fini(struct table *table)
{
    for (size_t i = 0; i < table->n_cells; i++)
        free(table->cells[i]);
    free(table->cells);
}

size_t
table_rows(const struct table *table)
{
    return table->n_cells / table->n_columns;
}

void
table_add(struct table *table, const char *format, ...)
{
    char **cells = table->cells;
    va_list args;

    if ((table->n_cells & (table->n_cells - 1)) == 0) /* room for a power of 2 is full */
        cells = reallocarray(cells, table->n_cells ? 2 * table->n_cells : 1, sizeof(*cells));
    if (!cells) {
        table->failed = true;
        return;
    }
    table->cells = cells;
    va_start(args, format);
    if (vasprintf(&cells[table->n_cells], format, args) < 0)
        table->failed = true;
    else
        table->n_cells++;
    va_end(args);
}

/* The next character: its bytes, at least 1 unless at the end, and columns. */
static size_t
next_character(const char *text, mbstate_t *state, int *columnsp)
{
    wchar_t character;
    size_t length = mbrtowc(&character, text, strlen(text), state);

    *columnsp = 1;
    if (length == (size_t)-1 || length == (size_t)-2) {
        memset(state, 0, sizeof(*state));
        return 1;
    }
    if (length > 0) {
        int columns = wcwidth(character);

        *columnsp = columns < 0 ? 1 : columns;
    }
    return length;
}

size_t
table_text_fit(const char *text, int columns, int *widthp)
{
    mbstate_t state = {0};
    size_t length = 0;
    int width = 0;

    while (text[length]) {
        int wide;
        size_t bytes = next_character(text + length, &state, &wide);

        if (width + wide > columns)
            break;
        width += wide;
        length += bytes;
    }
    *widthp = width;
    return length;
}

int
table_text_width(const char *text)
{
    int width;

    table_text_fit(text, 1 << 20, &width);
    return width;
}

static void
measure(const struct table *table, int *widths)
{
    for (size_t i = 0; i < table->n_columns; i++)
        widths[i] = table_text_width(table->columns[i].heading);
    for (size_t i = 0; i < table->n_cells; i++) {
        int width = table_text_width(table->cells[i]);

        if (width > widths[i % table->n_columns])
            widths[i % table->n_columns] = width;
    }
}

/* Takes from the widest of those that may be cut, column by column, until all fit. */
static void
shrink(const struct table *table, int *widths, int width)
{
    int total = -GAP;

    for (size_t i = 0; i < table->n_columns; i++)
        total += widths[i] + GAP;
    for (; total > width; total--) {
        size_t widest = table->n_columns;

        for (size_t i = 0; i < table->n_columns; i++) {
            const struct table_column *column = &table->columns[i];

            if (column->width_min > 0 && widths[i] > column->width_min &&
                (widest == table->n_columns || widths[i] > widths[widest]))
                widest = i;
        }
        if (widest == table->n_columns)
            return;
        widths[widest]--;
    }
}

static void
print_blanks(FILE *file, int n)
{
    fprintf(file, "%*s", n, "");
}

static void
print_cell(const struct table_column *column, FILE *file, const char *text, int width, bool last)
{
    int shown;
    size_t length = table_text_fit(text, width, &shown);
    const char *mark = "";

    if (text[length]) {
        length = table_text_fit(text, width - 1, &shown);
        shown++;
        mark = "…";
    }
    if (column->right)
        print_blanks(file, width - shown);
    fprintf(file, "%.*s%s", (int)length, text, mark);
    if (!column->right && !last)
        print_blanks(file, width - shown);
    if (!last)
        print_blanks(file, GAP);
}

void
table_print(const struct table *table, FILE *file, int width, size_t rows_max)
{
    size_t n_rows = table_rows(table) < rows_max ? table_rows(table) : rows_max;
    int widths[TABLE_COLUMNS_MAX];

    measure(table, widths);
    shrink(table, widths, width);
    for (size_t i = 0; i < table->n_columns; i++)
        print_cell(&table->columns[i], file, table->columns[i].heading, widths[i],
                   i + 1 == table->n_columns);
    fputc('\n', file);
    for (size_t i = 0; i < n_rows * table->n_columns; i++) {
        size_t column = i % table->n_columns;
        bool last = column + 1 == table->n_columns;

        print_cell(&table->columns[column], file, table->cells[i], widths[column], last);
        if (last)
            fputc('\n', file);
    }
}

void
table_find_size(FILE *file, int *widthp, int *heightp)
{
    struct winsize size;
    int fd = fileno(file);

    *widthp = TABLE_WIDTH;
    *heightp = 0;
    if (fd >= 0 && isatty(fd) && ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
        *widthp = size.ws_col;
        *heightp = size.ws_row;
    }
}
