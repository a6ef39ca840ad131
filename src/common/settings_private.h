/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * What settings.c, settings_load.c and settings_print.c know of each other; no other file includes
 * it.
 */

#include "common/settings.h"

#define TOPIC "topic" /* the section of rows that stand for [topic NAME] */

/* A value that has won, all strings its own. */
struct entry {
    const struct setting_row *row;
    char *section;
    char *key;
    char *value;
    char *origin;
};

struct settings {
    const struct setting_row *rows;
    size_t n_rows;
    char **sections; /* in order of first appearance */
    size_t n_sections;
    struct entry *entries; /* in order of first appearance */
    size_t n_entries;
};

/* Whether it begins with "topic ", which says nothing about the name behind. */
bool settings_is_topic(const char *section);

/* Whether the row is one of the section's, "topic NAME" for those of "topic". */
bool setting_row_has_section(const struct setting_row *row, const char *section);

/* Whether the row stands for many keys. */
bool setting_row_is_pattern(const struct setting_row *row);

/*
 * Whether the value must not be shown. "@NAME", the file that has the secret, may; "@@…" begins a
 * secret.
 */
bool setting_is_secret(const struct setting_row *row, const char *value);

bool settings_has_section(const struct settings *settings, const char *section);

/* The first row that fits, or NULL. */
const struct setting_row *settings_find_row(const struct settings *settings, const char *section,
                                            const char *key);

struct entry *settings_find_entry(const struct settings *settings, const char *section,
                                  const char *key);

/*
 * The key of the section (NULL: the section, "topic" without a name) that text may be a misspelling
 * of, or NULL.
 */
const char *settings_suggest(const struct settings *settings, const char *section,
                             const char *text);

/*
 * Each copies what it is given: 0 or -ENOMEM. The value's row must exist; it takes the place of an
 * earlier one.
 */
int settings_add_section(struct settings *settings, const char *section);
int settings_put(struct settings *settings, const struct setting_value *value);
