/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The values that people write in settings and on command lines, and those that
 * files must hold: parsed strictly, the whole text or nothing. Each parser
 * returns 0, or -EINVAL (not of that form) or -ERANGE (outside of the limits)
 * with a message that names the text and what would be right; the result is set
 * only on success.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

/* Integer in decimal, optional minus sign, within [min, max]. */
int value_parse_integer(const char *text, int64_t min, int64_t max, int64_t *valuep,
                        struct error *error);

/* Finite decimal number within [min, max]: "-1.5", ".5", "1e3". No hexadecimal, no "inf" or "nan". */
int value_parse_number(const char *text, double min, double max, double *valuep,
                       struct error *error);

/* "100ms", "1s", "5min", "2h", or a plain "0"; microseconds. A unit is required unless 0. At most a year. */
int value_parse_duration(const char *text, uint64_t *usecp, struct error *error);

/* "30s", "15min", "1h", "7d", or a plain "0"; seconds. At most a century. */
int value_parse_span(const char *text, int64_t *secondsp, struct error *error);

/* "yes" or "no". */
int value_parse_boolean(const char *text, bool *valuep, struct error *error);

/* A topic's name as Kafka allows it: 1 to 249 of [a-zA-Z0-9._-], not "." or "..". */
int value_check_topic(const char *text, struct error *error);

/* A set of partitions, sorted, each once. */
struct partition_list {
    int32_t *partitions;
    size_t n_partitions;
};

/*
 * "0", "0,2", "0_2", "0 2" and ranges "0-3" in any mixture; 0 to 2147483647, at most 10,000 of them.
 * Blanks may stand around a comma. Naming one twice is an error. Release with partition_list_fini().
 */
int partition_list_parse(struct partition_list *list, const char *text, struct error *error);
void partition_list_fini(struct partition_list *list);

/*
 * Writes the list, sorted as partition_list_parse() leaves it, in its shortest form, ranges folded ("0-2,5"), cut to size bytes with a terminating zero.
 */
void partition_list_format(const struct partition_list *list, char *text, size_t size);

/* Valid UTF-8 (no overlong forms, no surrogates) without control characters (C0, DEL, C1). */
bool value_is_text(const char *text, size_t length);

/* Valid UTF-8, control characters and all. */
bool value_is_utf8(const char *text, size_t length);

/* Makes any bytes such a text: what does not belong there becomes question marks. */
void value_make_text(char *text);

/* The first of 15, 16 or 17 significant digits that reads back as the same double. number must be finite. */
#define VALUE_NUMBER_SIZE 32
void value_format_number(double number, char text[VALUE_NUMBER_SIZE]);
void value_format_integer(int64_t integer, char text[VALUE_NUMBER_SIZE]);

/*
 * The word nearest to text among n words, where it is near enough to be a misspelling of it (Damerau-Levenshtein
 * distance at most a third of its length, and at least 1 allowed; capitals count as small letters); otherwise NULL.
 * Texts and words of more than 63 bytes are never near. The word returned is one of words.
 */
const char *value_suggest(const char *text, const char *const *words, size_t n_words);
