/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A program's settings, driven by one table: a row a key, with its parser, its
 * default and its help. The files, the command line, --check-config,
 * --print-config, the sample files and the manual pages all follow the table.
 *
 * Values are collected as text with the place each came from, checked one by
 * one as they arrive, and then read into a struct. The order of arrival is the
 * order of precedence: what comes later wins.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "common/cleanup.h"
#include "common/error.h"

struct setting_row;

/*
 * Parses a value to the field at destination, which is of the row's own type and at most
 * SETTING_FIELD_MAX bytes. 0, or a negative errno and a message. A parser whose field is a string
 * leaves the copying to setting_parse_string(), which makes none when the value is only checked.
 */
#define SETTING_FIELD_MAX 160
typedef int (*setting_parse_fn)(const struct setting_row *row, const char *value, void *destination,
                                struct error *error);

enum setting_flag {
    SETTING_RELOAD = 1 << 0, /* a reload takes it over at once; the others need a restart */
    SETTING_SECRET =
        1 << 1, /* masked wherever it could be shown, warned about on the command line */
    SETTING_PER_TOPIC = 1 << 2, /* may stand in [topic NAME] as well, for that topic alone; */
    SETTING_INHERITED = 1 << 3, /* where it does not, the value of the row's own section holds */
};

/*
 * A key of NULL stands for any key of its section (librdkafka's properties), one with stars for
 * those that match it
 * ("config.*", "*password*"); of several rows the first that fits counts. Such rows have no default
 * and no field, their values are for settings_get() and settings_each(). A section of "topic"
 * stands for [topic NAME], any number of them.
 */
struct setting_row {
    const char *section;
    const char *key;
    const char *value_default; /* NULL: none */
    const char *form;          /* what a value looks like: "DURATION", "yes|no", "1..100" */
    const char *help;          /* one sentence, no full stop */
    setting_parse_fn parse;
    size_t offset; /* of the field in the struct that settings_read() fills */
    unsigned flags;
};

struct settings;

/*
 * The table (n_rows, borrowed for the lifetime) decides what is accepted. NULL when memory is out.
 */
struct settings *settings_new(const struct setting_row *rows, size_t n_rows);
void settings_free(struct settings *settings);
CLEANUP_DEFINE(struct settings *, settings_free);

/*
 * Checks a value as a row's: 0, or -EINVAL with a message that does not show a secret, or -ENOMEM.
 */
int setting_check(const struct setting_row *row, const char *value, struct error *error);

/* Called for each mistake, as "FILE:LINE: message". */
typedef void (*settings_mistake_fn)(void *userdata, const char *message);

/*
 * Reads a file, then the *.ini files of the directory "NAME.d" beside it ("consumer.ini":
 * "consumer.d") in the order of their names. A missing file is an error only where required.
 * Returns 0, SETTINGS_E_MISTAKES (each was reported), or a negative errno with a message.
 */
enum { SETTINGS_E_MISTAKES = 1 };
struct settings_reporter {
    settings_mistake_fn mistake;
    void *userdata;
};
int settings_load(struct settings *settings, const char *path, bool required,
                  const struct settings_reporter *reporter, struct error *error);

/*
 * Takes "SECTION.KEY=VALUE" of the command line. The key is what follows the last dot before the
 * first "=" with which section and key are both known: so "topic a.b.partitions=6" works, and in
 * [kafka] it is all after the first dot. The value is one that could stand in a file. 0;
 * SETTINGS_E_SECRET_SEEN, with a message to warn with, when it was taken and is a secret, which
 * anybody can see there; -EINVAL with a message, "-o SECTION.KEY: …" without the value.
 */
enum { SETTINGS_E_SECRET_SEEN = 2 };
int settings_override(struct settings *settings, const char *assignment, struct error *error);

/*
 * Fills the fields of destination that the rows of the section describe: the value that won, or the
 * default; a row without either leaves its field alone. A string takes the place of the one before
 * it, which is freed: zero the struct before the first time. The values have been checked when they
 * arrived, so only memory can fail.
 */
int settings_read(const struct settings *settings, const char *section, void *destination,
                  struct error *error);

/*
 * One value that has won, as text, with its origin ("/etc/weatherd/consumer.ini:12", "-o"). The
 * strings belong to settings.
 */
struct setting_value {
    const char *section;
    const char *key;
    const char *value;
    const char *origin;
};

/*
 * The winning value of a key, its default with the origin "default" (and the caller's section and
 * key), or false when there is neither.
 */
bool settings_get(const struct settings *settings, const char *section, const char *key,
                  struct setting_value *valuep);

/*
 * The winning values of a section in order of first appearance, without defaults: index 0, 1, …
 * until false.
 */
bool settings_each(const struct settings *settings, const char *section, size_t index,
                   struct setting_value *valuep);

/* Whether a key's value is one that was given, not its default. */
bool settings_is_given(const struct settings *settings, const char *section, const char *key);

/*
 * Puts the origin of a key's value, where it has one, before a message on how values go together;
 * returns -EINVAL.
 */
int settings_blame(const struct settings *settings, const char *section, const char *key,
                   struct error *error);

/* Whether the values of a key are secrets. */
bool settings_is_secret(const struct settings *settings, const char *section, const char *key);

/* Whether a reload takes the values of a key over. */
bool settings_is_reloaded(const struct settings *settings, const char *section, const char *key);

/*
 * The sections that have appeared, empty ones too, in order of first appearance ("topic NAME"):
 * index 0, 1, … until NULL.
 */
const char *settings_each_section(const struct settings *settings, size_t index);

/*
 * Prints the merged settings as INI: all keys of the table, secrets masked, the origin of each in a
 * comment before it.
 */
void settings_print(const struct settings *settings, FILE *file);

/*
 * Compares two sets made from the same table: calls changed for each key whose winning value
 * differs (value NULL: it is gone; a secret comes masked), with the row it belongs to.
 */
typedef void (*settings_changed_fn)(void *userdata, const struct setting_row *row,
                                    const char *section, const char *key, const char *value);
void settings_compare(const struct settings *before, const struct settings *after,
                      settings_changed_fn changed, void *userdata);

/*
 * Parsers for the common types of fields, named in a row: each writes the type that its comment
 * names.
 */
int setting_parse_text(const struct setting_row *row, const char *value, void *destination,
                       struct error *error); /* char *, owned by the struct; may be empty */
int setting_parse_string(const struct setting_row *row, const char *value, void *destination,
                         struct error *error); /* likewise; not empty */
int setting_parse_topic(const struct setting_row *row, const char *value, void *destination,
                        struct error *error); /* likewise; the name of a topic */
int setting_parse_duration(const struct setting_row *row, const char *value, void *destination,
                           struct error *error); /* uint64_t, microseconds */
int setting_parse_span(const struct setting_row *row, const char *value, void *destination,
                       struct error *error); /* int64_t, seconds */
int setting_parse_boolean(const struct setting_row *row, const char *value, void *destination,
                          struct error *error); /* bool */
int setting_parse_choice(
    const struct setting_row *row, const char *value, void *destination,
    struct error *error); /* int: which of the words of the form, "a|b|c", from 0 */
int setting_parse_integer(
    const struct setting_row *row, const char *value, void *destination,
    struct error *error); /* int64_t, within the limits of the form, "1..100" or "0.." */
int setting_parse_any(const struct setting_row *row, const char *value, void *destination,
                      struct error *error); /* nothing is written */
