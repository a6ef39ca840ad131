/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Reads an INI file strictly. The grammar itself is inih's; this module stands
 * before it, because inih splits long lines, cuts " ;" out of values and long
 * section names short, joins indented lines to the key above and knows no line
 * numbers. What inih would misread is an error here, or rewritten so that inih
 * reads it rightly. Every mistake of a file is reported, not just the first.
 */

#include <stdio.h>

#include "common/error.h"

#define INI_LINE_MAX    4096 /* bytes of a line without its end */
#define INI_SECTION_MAX 260  /* bytes of a section's name */
#define INI_KEY_MAX     128  /* bytes of a key */

/*
 * What is called for each section, empty ones too, and each key, in order. The strings live for the
 * call only; a run of blanks within a section's name comes as one. Each returns 0, or -EINVAL with
 * a message (without file and line) when what it got is not acceptable: reading goes on, to find
 * the other mistakes, but past the keys of a section that was refused. Another negative errno ends
 * the reading.
 */
typedef int (*ini_section_fn)(void *userdata, unsigned line, const char *section,
                              struct error *error);
typedef int (*ini_key_fn)(void *userdata, unsigned line, const char *section, const char *key,
                          const char *value, struct error *error);

/* Called for each mistake: the grammar's own, and what the two above refused. */
typedef void (*ini_mistake_fn)(void *userdata, unsigned line, const char *message);

struct ini_handler {
    ini_section_fn section; /* NULL: any section is fine */
    ini_key_fn key;
    ini_mistake_fn mistake;
    void *userdata;
};

/*
 * Reads to the end of file. Returns 0 when there was no mistake, INI_E_MISTAKES when there was one
 * (each was reported), a negative errno when reading failed, memory ran out or the handler said so.
 *
 * A line is one of: blank; a comment that begins with # or ;; [section]; key = value. Blanks around
 * each part are dropped, CRLF line ends and a UTF-8 byte order mark at the start are accepted.
 * Mistakes: a line of another form, anything behind a section's ], a key before the first section,
 * an empty section or key, a line over INI_LINE_MAX, a section name over INI_SECTION_MAX, a key
 * over INI_KEY_MAX, a NUL byte anywhere, control characters but tabs and bytes that are not UTF-8
 * outside of comments, a value that ini_check_value() refuses, a section that stands twice, a key
 * that stands twice in its section.
 */
enum { INI_E_MISTAKES = 1 };
int ini_read(FILE *file, const struct ini_handler *handler);

/*
 * Whether a value from elsewhere could stand in a file: UTF-8 without control characters but tabs,
 * no ; at its start or after a blank, at most INI_LINE_MAX bytes. 0, or -EINVAL with a message that
 * does not show the value.
 */
int ini_check_value(const char *value, struct error *error);

/* The text without the blanks (spaces and tabs) at both ends, those at the rear overwritten. */
char *ini_trim(char *text);
