/* SPDX-License-Identifier: MIT */

/* Every station of a checkpoint passes here: a member is a few copies into the buffer. */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/json.h"
#include "common/json_writer.h"
#include "common/values.h"

void
json_writer_init(struct json_writer *writer, json_write_fn write, void *userdata)
{
    writer->write = write;
    writer->userdata = userdata;
    writer->result = 0;
    writer->depth = writer->line_depth = 0;
    writer->empty = true;
    writer->one_line = writer->compact = false;
    writer->used = 0;
}

static void
flush(struct json_writer *writer)
{
    if (writer->result == 0)
        writer->result = writer->write(writer->userdata, writer->buffer, writer->used);
    writer->used = 0;
}

static void
put(struct json_writer *writer, const char *text, size_t length)
{
    if (length < sizeof(writer->buffer) - writer->used) { /* on the way of each key and value */
        memcpy(writer->buffer + writer->used, text, length);
        writer->used += length;
        return;
    }
    while (length > 0) {
        size_t room = sizeof(writer->buffer) - writer->used;
        size_t part = length < room ? length : room;

        memcpy(writer->buffer + writer->used, text, part);
        writer->used += part;
        text += part;
        length -= part;
        if (writer->used == sizeof(writer->buffer))
            flush(writer);
    }
}

static void
put_byte(struct json_writer *writer, char byte)
{
    writer->buffer[writer->used++] = byte;
    if (writer->used == sizeof(writer->buffer))
        flush(writer);
}

static void
put_quoted(struct json_writer *writer, const char *text)
{
    put_byte(writer, '"');
    while (*text) {
        size_t plain = 0;

        while ((unsigned char)text[plain] >= ' ' && text[plain] != '"' && text[plain] != '\\')
            plain++;
        put(writer, text, plain);
        text += plain;
        if (*text) {
            char escaped[8];
            int length = (unsigned char)*text < ' '
                             ? snprintf(escaped, sizeof(escaped), "\\u%04x", (unsigned char)*text)
                             : snprintf(escaped, sizeof(escaped), "\\%c", *text);

            put(writer, escaped, (size_t)length);
            text++;
        }
    }
    put_byte(writer, '"');
}

static bool
stays_on_line(const struct json_writer *writer)
{
    return writer->one_line || (writer->line_depth > 0 && writer->depth >= writer->line_depth);
}

static void
put_line_start(struct json_writer *writer)
{
    static const char line_start[1 + 2 * JSON_DEPTH_MAX + 1] = "\n                                ";

    if (!stays_on_line(writer))
        put(writer, line_start, 1 + 2 * (size_t)writer->depth);
}

static void
put_key(struct json_writer *writer, const char *key)
{
    if (writer->depth > 0) {
        if (!writer->empty)
            put(writer, ", ", stays_on_line(writer) && !writer->compact ? 2 : 1);
        put_line_start(writer);
    }
    writer->empty = false;
    if (key) {
        put_quoted(writer, key);
        put(writer, ": ", writer->compact ? 1 : 2);
    }
}

void
json_writer_begin(struct json_writer *writer, const char *key, char bracket)
{
    put_key(writer, key);
    put(writer, &bracket, 1);
    writer->depth++;
    writer->empty = true;
}

void
json_writer_begin_line(struct json_writer *writer, const char *key, char bracket)
{
    json_writer_begin(writer, key, bracket);
    if (writer->line_depth == 0)
        writer->line_depth = writer->depth;
}

void
json_writer_end(struct json_writer *writer, char bracket)
{
    bool is_line = writer->depth == writer->line_depth;

    writer->depth--;
    if (!writer->empty && !is_line)
        put_line_start(writer);
    if (is_line)
        writer->line_depth = 0;
    put(writer, &bracket, 1);
    writer->empty = false;
}

void
json_writer_integer(struct json_writer *writer, const char *key, int64_t integer)
{
    char text[VALUE_NUMBER_SIZE];

    value_format_integer(integer, text);
    put_key(writer, key);
    put(writer, text, strlen(text));
}

void
json_writer_number(struct json_writer *writer, const char *key, double number)
{
    char text[VALUE_NUMBER_SIZE];

    value_format_number(number, text);
    put_key(writer, key);
    put(writer, text, strlen(text));
}

void
json_writer_moment(struct json_writer *writer, const char *key, struct moment moment)
{
    char text[MOMENT_SIZE];
    int64_t number;

    if (moment_is_number(moment, &number)) {
        json_writer_integer(writer, key, number);
        return;
    }
    moment_format(moment, text);
    json_writer_text(writer, key, text);
}

void
json_writer_text(struct json_writer *writer, const char *key, const char *text)
{
    put_key(writer, key);
    put_quoted(writer, text);
}

void
json_writer_word(struct json_writer *writer, const char *key, const char *word)
{
    put_key(writer, key);
    put(writer, word, strlen(word));
}

int
json_writer_finish(struct json_writer *writer)
{
    if (!writer->compact)
        put(writer, "\n", 1);
    flush(writer);
    return writer->result;
}

/* A line that is too long goes nowhere. */
static int
write_nothing(void *userdata, const void *data, size_t length)
{
    return -EMSGSIZE;
}

void
json_writer_init_line(struct json_writer *writer)
{
    json_writer_init(writer, write_nothing, NULL);
    writer->one_line = writer->compact = true;
}

size_t
json_writer_take_line(const struct json_writer *writer, char *text)
{
    memcpy(text, writer->buffer, writer->used);
    return writer->used;
}
