/* SPDX-License-Identifier: MIT */

/*
 * The cells lie one behind the other in one piece of memory, as the file has them, the header's
 * names first; they become JSON only when a row is sent, which is when its times are known.
 */

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "common/cleanup.h"
#include "common/json.h"
#include "common/moment.h"
#include "common/values.h"
#include "producer/csv.h"
#include "producer/csv_reader.h"
#include "producer/rows.h"

#define NOW_COLUMNS_MAX (CSV_READER_COLUMNS_MAX - 1) /* and the key's */

/* Columns of times, and what is to be added to now in each, in milliseconds. */
struct now_columns {
    char *text; /* the names lie in it */
    size_t n;
    const char *names[NOW_COLUMNS_MAX];
    int64_t shifts[NOW_COLUMNS_MAX];
};

struct rows {
    const struct csv_settings *settings;
    struct now_columns now;
    size_t n_columns;
    const int64_t **shifts; /* by column; NULL: it stays as it is */
    size_t key;             /* a column, when the settings name one */
    char *cells;            /* with a NUL behind each */
    size_t used, size;
    size_t *starts; /* where the cells of each row begin, the header being the first */
    size_t n_starts, n_allocated;
};

static void
now_columns_fini_pointer(struct now_columns *now)
{
    free(now->text);
}

static void
rows_close(void *source)
{
    struct rows *rows = source;

    if (!rows)
        return;
    now_columns_fini_pointer(&rows->now);
    free(rows->shifts);
    free(rows->cells);
    free(rows->starts);
    free(rows);
}
CLEANUP_DEFINE(struct rows *, rows_close);

/* ---- which columns are now ---- */

static char *
trim(char *text)
{
    size_t length;

    text += strspn(text, " \t");
    length = strlen(text);
    while (length > 0 && strchr(" \t", text[length - 1]))
        text[--length] = '\0';
    return text;
}

/* "COLUMN" or "COLUMN -20min". */
static int
take_now_column(struct now_columns *now, char *part, struct error *error)
{
    char *name = trim(part), *blank = strrchr(name, ' ');
    uint64_t usec = 0;
    int sign = 0;

    if (blank && (blank[1] == '-' || blank[1] == '+')) {
        if (value_parse_duration(blank + 2, &usec, error) < 0)
            return error_prefix(error, -EINVAL, "\"%.200s\": ", name);
        sign = blank[1] == '-' ? -1 : 1;
        *blank = '\0';
        trim(name);
    }
    if (!*name)
        return error_set(error, -EINVAL, "a column's name is missing");
    for (size_t i = 0; i < now->n; i++)
        if (strcmp(now->names[i], name) == 0)
            return error_set(error, -EINVAL, "names \"%.200s\" twice", name);
    if (now->n == NOW_COLUMNS_MAX)
        return error_set(error, -EINVAL, "names too many columns: at most %d", NOW_COLUMNS_MAX);
    now->names[now->n] = name;
    now->shifts[now->n++] = sign * (int64_t)(usec / 1000);
    return 0;
}

static int
parse_now_columns(struct now_columns *now, const char *text, struct error *error)
{
    char *rest, *part;
    int r = 0;

    now->text = rest = strdup(text);
    if (!rest)
        return error_set(error, -ENOMEM, "out of memory");
    while (r == 0 && (part = strsep(&rest, ",")))
        r = take_now_column(now, part, error);
    return r;
}

int
rows_check_now_columns(const char *text, struct error *error)
{
    cleanup(now_columns_fini) struct now_columns now = {.n = 0};

    return parse_now_columns(&now, text, error);
}

/* A time of RFC 3339, or one that lacks a zone, which is UTC. False when it is none. */
static bool
read_time(const char *text, struct moment *time, bool *has_zonep)
{
    char zoned[MOMENT_SIZE];

    *has_zonep = moment_parse(MOMENT_RFC3339, text, strlen(text), time);
    return *has_zonep || (snprintf(zoned, sizeof(zoned), "%sZ", text) < (int)sizeof(zoned) &&
                          moment_parse(MOMENT_RFC3339, zoned, strlen(zoned), time));
}

/* Writes a time, in milliseconds since 1970, in the way in which another is written. */
static void
write_time(int64_t msec, const char *like, char text[MOMENT_SIZE])
{
    struct moment time;
    bool has_zone;

    read_time(like, &time, &has_zone);
    time.nanoseconds = (uint32_t)((msec % 1000 + 1000) % 1000) * 1000000; /* before 1970, too */
    time.seconds = (msec - time.nanoseconds / 1000000) / 1000;
    moment_format(time, text);
    if (!has_zone)
        text[strlen(text) - 1] = '\0';
}

/* ---- in ---- */

static int
begin_row(struct rows *rows)
{
    if (rows->n_starts == rows->n_allocated) {
        size_t n = rows->n_allocated > 0 ? 2 * rows->n_allocated : 1024;
        size_t *starts = reallocarray(rows->starts, n, sizeof(*starts));

        if (!starts)
            return -ENOMEM;
        rows->starts = starts;
        rows->n_allocated = n;
    }
    rows->starts[rows->n_starts++] = rows->used;
    return 0;
}

static int
keep_cell(struct rows *rows, const char *text, size_t length)
{
    if (rows->size - rows->used <= length) {
        size_t size = 2 * (rows->used + length) + 4096;
        char *cells = realloc(rows->cells, size);

        if (!cells)
            return -ENOMEM;
        rows->cells = cells;
        rows->size = size;
    }
    memcpy(rows->cells + rows->used, text, length);
    rows->used += length;
    rows->cells[rows->used++] = '\0';
    return 0;
}

static int
take_field(void *userdata, size_t column, const char *text, size_t length, struct error *error)
{
    struct rows *rows = userdata;

    if ((column == 0 && begin_row(rows) < 0) || keep_cell(rows, text, length) < 0)
        return error_set(error, -ENOMEM, "no memory for %zu rows", rows->n_starts);
    rows->n_columns += rows->n_starts == 1;
    return 0;
}

/* The values are those of the key and of the times, in this order. */
static int
take_row(void *userdata, unsigned long line, const char *const *values, struct error *error)
{
    const struct rows *rows = userdata;
    struct moment time;
    bool has_zone;

    if (rows->settings->key_column && !*values[0])
        return error_set(error, CSV_READER_E_BAD,
                         "column \"%s\" is empty, and is the records' key; fill it in, or delete "
                         "the row",
                         rows->settings->key_column);
    for (size_t i = 0; i < rows->now.n; i++)
        if (*values[1 + i] && !read_time(values[1 + i], &time, &has_zone))
            return error_set(error, CSV_READER_E_BAD,
                             "column \"%s\": \"%s\" is not a time that exists; write it as "
                             "YYYY-MM-DD HH:MM:SS or as RFC 3339 has it, or leave it empty",
                             rows->now.names[i], values[1 + i]);
    return 0;
}

static int
find_columns(struct rows *rows)
{
    const char *name = rows->cells;

    rows->shifts = calloc(rows->n_columns, sizeof(const int64_t *));
    if (!rows->shifts)
        return -ENOMEM;
    for (size_t column = 0; column < rows->n_columns; column++, name += strlen(name) + 1) {
        if (rows->settings->key_column && strcmp(name, rows->settings->key_column) == 0)
            rows->key = column;
        for (size_t i = 0; i < rows->now.n; i++)
            if (strcmp(name, rows->now.names[i]) == 0)
                rows->shifts[column] = &rows->now.shifts[i];
    }
    return 0;
}

static int
rows_open(void **sourcep, const void *settings, struct error *error)
{
    cleanup(rows_close) struct rows *rows = calloc(1, sizeof(*rows));
    const char *columns[CSV_READER_COLUMNS_MAX] = {NULL};
    struct csv_request request = {.columns = columns,
                                  .n_columns = CSV_READER_COLUMNS_MAX,
                                  .row = take_row,
                                  .field = take_field,
                                  .userdata = rows};
    int r = 0;

    if (!rows)
        return error_set(error, -ENOMEM, "out of memory");
    rows->settings = settings;
    request.file = rows->settings->file;
    if (rows->settings->now_columns)
        r = parse_now_columns(&rows->now, rows->settings->now_columns, error);
    if (r != 0)
        return error_prefix(error, r, "[csv] now_columns: ");
    columns[0] = rows->settings->key_column;
    memcpy(columns + 1, rows->now.names, sizeof(rows->now.names));
    r = csv_reader_read(&request, error);
    if (r == 0 && find_columns(rows) < 0)
        r = error_set(error, -ENOMEM, "%s: no memory for its columns", request.file);
    if (r != 0)
        return r;
    *sourcep = rows;
    rows = NULL;
    return 0;
}

static void
rows_describe(const void *source, FILE *file)
{
    const struct rows *rows = source;
    const struct csv_settings *settings = rows->settings;

    fprintf(file, "csv %s, %zu rows, %016llx, key %s, now %s", settings->file, rows->n_starts - 1,
            (unsigned long long)XXH3_64bits(rows->cells, rows->used),
            settings->key_column ? settings->key_column : "none",
            settings->now_columns ? settings->now_columns : "nowhere");
}

/* ---- out ---- */

static uint64_t
rows_count(const void *source)
{
    return ((const struct rows *)source)->n_starts - 1;
}

static void
write_cell(struct json_writer *writer, const char *name, const char *cell)
{
    if (!*cell)
        json_writer_word(writer, name, "null");
    else if (json_is_number(cell))
        json_writer_word(writer, name, cell);
    else
        json_writer_text(writer, name, cell);
}

static void
rows_write(void *source, uint64_t number, int64_t now, struct record_draft *draft)
{
    const struct rows *rows = source;
    const char *name = rows->cells, *cell = rows->cells + rows->starts[1 + number];
    char time[MOMENT_SIZE];

    for (size_t column = 0; column < rows->n_columns; column++) {
        if (rows->settings->key_column && column == rows->key)
            draft->key = cell;
        if (rows->shifts[column] && *cell) {
            write_time(now + *rows->shifts[column], cell, time);
            json_writer_text(&draft->writer, name, time);
        } else {
            write_cell(&draft->writer, name, cell);
        }
        name += strlen(name) + 1;
        cell += strlen(cell) + 1;
    }
}

const struct record_source rows_source = {
    .things = "rows",
    .open = rows_open,
    .close = rows_close,
    .describe = rows_describe,
    .count = rows_count,
    .write = rows_write,
};
