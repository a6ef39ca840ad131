/* SPDX-License-Identifier: MIT */

/* Tables for people: measured, cut to the terminal, printed. */

#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/values.h"
#include "ctl/table.h"
#include "ctl/text.h"

#define GAP     2 /* blanks between columns */
#define GAP_MIN 1 /* where something would have to be cut */

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

struct layout {
    int widths[TABLE_COLUMNS_MAX]; /* 0: left out */
    int gap;                       /* blanks between columns */
};

static void
measure(const struct table *table, struct layout *layout)
{
    for (size_t i = 0; i < table->n_columns; i++)
        layout->widths[i] = text_width(table->columns[i].heading, text_columns);
    for (size_t i = 0; i < table->n_cells; i++) {
        int width = text_width(table->cells[i], text_columns);

        if (width > layout->widths[i % table->n_columns])
            layout->widths[i % table->n_columns] = width;
    }
    layout->gap = GAP;
}

/* The width of all, those that may be cut counted no wider than they have to be. */
static int
add_up(const struct table *table, const struct layout *layout, bool cut)
{
    int total = -layout->gap;

    for (size_t i = 0; i < table->n_columns; i++) {
        int width = layout->widths[i], min = table->columns[i].width_min;

        if (width > 0)
            total += (cut && min > 0 && width > min ? min : width) + layout->gap;
    }
    return total;
}

/* Of those that may be cut, the widest, or -1. */
static int
find_widest(const struct table *table, const struct layout *layout)
{
    int widest = -1;

    for (size_t i = 0; i < table->n_columns; i++)
        if (table->columns[i].width_min > 0 &&
            layout->widths[i] > table->columns[i].width_min / 2 &&
            (widest < 0 || layout->widths[i] > layout->widths[widest]))
            widest = (int)i;
    return widest;
}

/*
 * Until all fit: takes from the gaps, leaves out what is spare, unless it is enough to cut the others
 * moderately, and cuts these, always the widest.
 */
static void
shrink(const struct table *table, struct layout *layout, int width)
{
    int widest;

    if (add_up(table, layout, false) > width)
        layout->gap = GAP_MIN;
    for (size_t i = 0; i < table->n_columns; i++)
        if (table->columns[i].spare && add_up(table, layout, true) > width)
            layout->widths[i] = 0;
    for (int total = add_up(table, layout, false); total > width; total--) {
        widest = find_widest(table, layout);
        if (widest < 0)
            return;
        layout->widths[widest]--;
    }
}

static void
print_row(const struct table *table, FILE *file, char *const *cells, const struct layout *layout)
{
    int blanks = 0;

    for (size_t i = 0; i < table->n_columns; i++) {
        const struct table_column *column = &table->columns[i];
        const char *text = cells ? cells[i] : column->heading;
        struct text_cut cut = text_cut(text, layout->widths[i], text_columns);
        int rest = layout->widths[i] - cut.width;

        if (layout->widths[i] == 0)
            continue;
        fprintf(file, "%*s%.*s%s%s", blanks + (column->right ? rest : 0), "", cut.head, text,
                cut.mark, cut.tail);
        blanks = layout->gap + (column->right ? 0 : rest);
    }
    fputc('\n', file);
}

void
table_print(const struct table *table, FILE *file, int width, size_t rows_max)
{
    size_t n_rows = table_rows(table) < rows_max ? table_rows(table) : rows_max;
    struct layout layout;

    measure(table, &layout);
    shrink(table, &layout, width);
    print_row(table, file, NULL, &layout);
    for (size_t i = 0; i < n_rows; i++)
        print_row(table, file, table->cells + i * table->n_columns, &layout);
}

void
table_find_size(FILE *file, int *widthp, int *heightp)
{
    const char *columns = getenv("COLUMNS");
    struct winsize size = {.ws_col = 0};
    int fd = fileno(file);
    int64_t number;

    *widthp = INT_MAX;
    *heightp = 0;
    if (fd >= 0 && isatty(fd)) {
        *widthp = TABLE_WIDTH;
        if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
            *widthp = size.ws_col;
            *heightp = size.ws_row;
        }
    }
    if (columns && value_parse_integer(columns, 1, INT_MAX, &number, NULL) == 0)
        *widthp = (int)number;
}
