/* SPDX-License-Identifier: MIT */

/*
 * libcsv does not count lines, so it is fed one at a time. A row may still be
 * longer than a line, by a quoted field with a line end in it; mistakes are told
 * at the line where the row begins, which is also where a quote was forgotten.
 */

#include <csv.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/values.h"
#include "producer/csv_reader.h"

struct reader {
    const struct csv_request *request;
    struct error *error;
    int result; /* of the callbacks, which libcsv can't be stopped from */
    struct csv_parser parser;
    unsigned long line;
    unsigned long row_line; /* where the row begins that is being read */
    bool in_row;
    size_t n_fields; /* of this row until now */
    size_t n_header; /* 0 until the header has been read whole */
    size_t n_rows;
    char **header; /* NULL at its end */
    size_t indices[CSV_READER_COLUMNS_MAX];
    char values[CSV_READER_COLUMNS_MAX][CSV_READER_VALUE_MAX + 1];
};

static void
reader_fini_pointer(struct reader *reader)
{
    csv_free(&reader->parser);
    for (size_t i = 0; reader->header && reader->header[i]; i++)
        free(reader->header[i]);
    free(reader->header);
}

/* "date, precipitation, temp_max", cut where it gets long. */
static void
list_header(const struct reader *reader, char *text, size_t size)
{
    size_t length = 0;

    for (size_t i = 0; i < reader->n_fields && length < size; i++)
        length += (size_t)snprintf(text + length, size - length, "%s%s", i ? ", " : "",
                                   reader->header[i]);
}

static int
find_column(struct reader *reader, const char *name, size_t *indexp)
{
    size_t n_found = 0;
    char list[1024];

    for (size_t i = 0; i < reader->n_fields; i++)
        if (strcmp(reader->header[i], name) == 0) {
            *indexp = i;
            n_found++;
        }
    if (n_found == 1)
        return 0;
    if (n_found > 1)
        return error_set(reader->error, CSV_READER_E_BAD,
                         "%zu columns are called \"%s\"; rename all but one", n_found, name);
    list_header(reader, list, sizeof(list));
    return error_set(reader->error, CSV_READER_E_BAD,
                     "no column \"%s\"; name one of these in the settings: %s", name, list);
}

static int
take_names(struct reader *reader)
{
    const struct csv_request *request = reader->request;

    for (size_t i = 0; i < reader->n_fields; i++) {
        const char *name = reader->header[i];
        size_t index;
        int r = find_column(reader, name, &index);

        if (r == 0)
            r = request->field(request->userdata, i, name, strlen(name), reader->error);
        if (r != 0)
            return r;
    }
    return 0;
}

static int
take_header(struct reader *reader)
{
    const struct csv_request *request = reader->request;
    int r = 0;

    for (size_t i = 0; i < request->n_columns && r == 0; i++)
        if (request->columns[i])
            r = find_column(reader, request->columns[i], &reader->indices[i]);
    if (r == 0 && request->field)
        r = take_names(reader);
    reader->n_header = reader->n_fields;
    return r;
}

static int
take_row(struct reader *reader)
{
    const char *values[CSV_READER_COLUMNS_MAX];

    if (reader->n_fields != reader->n_header)
        return error_set(reader->error, CSV_READER_E_BAD,
                         "%zu fields, but the header has %zu; quote a value that has a comma in it",
                         reader->n_fields, reader->n_header);
    for (size_t column = 0; column < reader->request->n_columns; column++)
        values[column] = reader->values[column];
    reader->n_rows++;
    return reader->request->row(reader->request->userdata, reader->row_line, values, reader->error);
}

static int
keep_name(struct reader *reader, const char *text, size_t length)
{
    char **header = reallocarray(reader->header, reader->n_fields + 2, sizeof(*header));

    if (!header)
        return error_set(reader->error, -ENOMEM, "no memory for the header");
    reader->header = header;
    header[reader->n_fields] = strndup(text, length);
    header[reader->n_fields + 1] = NULL;
    if (!header[reader->n_fields])
        return error_set(reader->error, -ENOMEM, "no memory for the header");
    if (!value_is_text(text, length))
        return error_set(reader->error, CSV_READER_E_BAD,
                         "the name of column %zu must be valid UTF-8 without control characters; "
                         "save the file as UTF-8",
                         reader->n_fields + 1);
    return 0;
}

static int
keep_value(struct reader *reader, size_t column, const char *text, size_t length)
{
    const char *name = reader->request->columns[column];

    if (length > CSV_READER_VALUE_MAX)
        return error_set(reader->error, CSV_READER_E_BAD,
                         "column \"%s\": the value has %zu bytes, at most %d", name, length,
                         CSV_READER_VALUE_MAX);
    if (!value_is_text(text, length))
        return error_set(reader->error, CSV_READER_E_BAD,
                         "column \"%s\": the value must be valid UTF-8 without control characters; "
                         "save the file as UTF-8",
                         name);
    memcpy(reader->values[column], text, length);
    reader->values[column][length] = '\0';
    return 0;
}

/* One too many is told at the end of the row. */
static int
hand_on(struct reader *reader, const char *text, size_t length)
{
    const struct csv_request *request = reader->request;

    if (!request->field || reader->n_fields >= reader->n_header)
        return 0;
    if (!value_is_utf8(text, length))
        return error_set(reader->error, CSV_READER_E_BAD,
                         "column \"%s\": the value must be valid UTF-8; save the file as UTF-8",
                         reader->header[reader->n_fields]);
    return request->field(request->userdata, reader->n_fields, text, length, reader->error);
}

static void
handle_field(void *field, size_t length, void *userdata)
{
    struct reader *reader = userdata;
    const struct csv_request *request = reader->request;

    if (reader->result == 0 && reader->n_header == 0) {
        reader->result = keep_name(reader, field, length);
    } else {
        for (size_t i = 0; i < request->n_columns && reader->result == 0; i++)
            if (request->columns[i] && reader->indices[i] == reader->n_fields)
                reader->result = keep_value(reader, i, field, length);
        if (reader->result == 0)
            reader->result = hand_on(reader, field, length);
    }
    reader->n_fields++;
}

/*
 * Called at each line end outside of quotes: for blank lines too, and once more for the LF of CRLF.
 */
static void
handle_row(int terminator, void *userdata)
{
    struct reader *reader = userdata;

    reader->in_row = false;
    if (reader->n_fields > 0 && reader->result == 0)
        reader->result = reader->n_header == 0 ? take_header(reader) : take_row(reader);
    reader->n_fields = 0;
}

/* What libcsv would let pass: it takes a lone CR for a line end, and lines could not be counted. */
static int
check_line(struct reader *reader, const char *text, size_t length)
{
    if (length > 0 && text[length - 1] == '\n')
        length--;
    if (length > 0 && text[length - 1] == '\r')
        length--;
    if (memchr(text, '\0', length))
        return error_set(reader->error, CSV_READER_E_BAD, "a NUL byte; save the file as UTF-8");
    if (memchr(text, '\r', length))
        return error_set(reader->error, CSV_READER_E_BAD,
                         "a carriage return alone; end the lines with LF or CRLF");
    return 0;
}

static int
read_line(struct reader *reader, const char *text, size_t length)
{
    int r;

    reader->line++;
    if (!reader->in_row)
        reader->row_line = reader->line;
    reader->in_row = true;
    r = check_line(reader, text, length);
    if (r != 0)
        return r;
    /*
     * The mark that spreadsheets put before UTF-8 would make the first column's name another one.
     */
    if (reader->line == 1 && length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        text += 3;
        length -= 3;
    }
    if (csv_parse(&reader->parser, text, length, handle_field, handle_row, reader) == length ||
        reader->result != 0)
        return reader->result;
    if (csv_error(&reader->parser) != CSV_EPARSE)
        return error_set(reader->error, -ENOMEM, "no memory for a field");
    return error_set(reader->error, CSV_READER_E_BAD,
                     "a quote within a value; put quotes around the whole value and write each "
                     "quote in it twice");
}

/* The last line may lack its end, so its row may come only now. */
static int
read_end(struct reader *reader)
{
    if (csv_fini(&reader->parser, handle_field, handle_row, reader) != 0)
        return error_set(reader->error, CSV_READER_E_BAD, "quotes that are not closed; close them");
    if (reader->result != 0 || reader->n_rows > 0)
        return reader->result;
    reader->row_line = reader->line > 0 ? reader->line : 1;
    if (reader->n_header > 0)
        return error_set(reader->error, CSV_READER_E_BAD, "no row follows the header; add one");
    return error_set(reader->error, CSV_READER_E_BAD,
                     "the file is empty; it must begin with a line of column names");
}

int
csv_reader_read(const struct csv_request *request, struct error *error)
{
    cleanup(reader_fini) struct reader reader = {.request = request, .error = error};
    cleanup(fclose) FILE *file = fopen(request->file, "re");
    cleanup(free) char *text = NULL;
    size_t size = 0;
    ssize_t length;
    int r = 0;

    csv_init(&reader.parser, CSV_STRICT | CSV_STRICT_FINI | CSV_REPALL_NL | CSV_APPEND_NULL);
    if (!file)
        return error_set(error, -errno, "%s: %m; name a file that can be read", request->file);
    while (r == 0 && (length = getline(&text, &size, file)) >= 0)
        r = read_line(&reader, text, (size_t)length);
    if (r == 0 && !feof(file))
        return error_set(error, -errno, "%s: %m", request->file);
    if (r == 0)
        r = read_end(&reader);
    if (r < 0)
        return error_prefix(error, r, "%s: ", request->file);
    return r > 0 ? error_prefix(error, r, "%s:%lu: ", request->file, reader.row_line) : 0;
}
