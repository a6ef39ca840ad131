/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * JSON documents, written as a stream: no tree is built, so a checkpoint of a hundred thousand stations
 * passes through one small buffer.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/moment.h"

/* Takes the bytes of a document as they come: 0, or a negative errno, which ends the writing. */
typedef int (*json_write_fn)(void *userdata, const void *data, size_t length);

struct json_writer {
    json_write_fn write;
    void *userdata;
    int result; /* the first failure */
    unsigned depth;
    unsigned line_depth; /* members at this depth and deeper stay on a line; 0: there are none */
    bool empty;          /* the innermost object or array has no member yet */
    bool one_line; /* set after json_writer_init(): the document is a line, without indentation, */
    bool compact;  /* and without blanks and the line feed at its end */
    size_t used;
    char buffer[16384];
};

void json_writer_init(struct json_writer *writer, json_write_fn write, void *userdata);

/*
 * Members of the object that was begun last, in two-space indentation; key NULL for the document
 * itself and for elements of an array. Keys and texts must be UTF-8; what JSON wants escaped is
 * escaped. Failures are kept until json_writer_finish().
 */
void json_writer_begin(struct json_writer *writer, const char *key, char bracket); /* '{' or '[' */
void json_writer_end(struct json_writer *writer, char bracket);                    /* '}' or ']' */
/* The same, and all that is in it stands on one line with it. Its end is json_writer_end(). */
void json_writer_begin_line(struct json_writer *writer, const char *key, char bracket);
void json_writer_integer(struct json_writer *writer, const char *key, int64_t integer);
void json_writer_number(struct json_writer *writer, const char *key, double number); /* finite */
void json_writer_moment(struct json_writer *writer, const char *key, struct moment moment);
void json_writer_text(struct json_writer *writer, const char *key, const char *text);
void json_writer_word(struct json_writer *writer, const char *key,
                      const char *word); /* true, false, null */

/* Ends the document with a line feed and writes what is left: 0 or the first failure. */
int json_writer_finish(struct json_writer *writer);

/*
 * A document that is a line without blanks and smaller than the buffer, which the caller sees to: begins
 * it; and copies it, when its last end has been written, to text, not terminated. How many bytes.
 */
void json_writer_init_line(struct json_writer *writer);
size_t json_writer_take_line(const struct json_writer *writer, char *text);
