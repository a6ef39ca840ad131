/* SPDX-License-Identifier: MIT */

/*
 * The settings collected so far, each as text with its origin, and what can be
 * asked of them. Where they come from is in settings_load.c, how they are shown
 * in settings_print.c.
 */

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/settings.h"
#include "common/settings_private.h"
#include "common/values.h"

struct settings *
settings_new(const struct setting_row *rows, size_t n_rows)
{
    struct settings *settings = calloc(1, sizeof(*settings));

    if (!settings)
        return NULL;
    settings->rows = rows;
    settings->n_rows = n_rows;
    return settings;
}

static void
entry_fini(struct entry *entry)
{
    free(entry->section);
    free(entry->key);
    free(entry->value);
    free(entry->origin);
}

void
settings_free(struct settings *settings)
{
    if (!settings)
        return;
    for (size_t i = 0; i < settings->n_entries; i++)
        entry_fini(&settings->entries[i]);
    for (size_t i = 0; i < settings->n_sections; i++)
        free(settings->sections[i]);
    free(settings->entries);
    free(settings->sections);
    free(settings);
}

bool
settings_is_topic(const char *section)
{
    return strncmp(section, TOPIC " ", strlen(TOPIC " ")) == 0;
}

bool
setting_row_has_section(const struct setting_row *row, const char *section)
{
    if (settings_is_topic(section))
        return strcmp(row->section, TOPIC) == 0 || row->flags & SETTING_PER_TOPIC;
    return strcmp(row->section, TOPIC) != 0 && strcmp(row->section, section) == 0;
}

bool
setting_row_is_pattern(const struct setting_row *row)
{
    return !row->key || strchr(row->key, '*');
}

bool
setting_is_secret(const struct setting_row *row, const char *value)
{
    return (row->flags & SETTING_SECRET) && !(value[0] == '@' && value[1] != '@');
}

bool
settings_has_section(const struct settings *settings, const char *section)
{
    for (size_t i = 0; i < settings->n_rows; i++)
        if (setting_row_has_section(&settings->rows[i], section))
            return true;
    return false;
}

const struct setting_row *
settings_find_row(const struct settings *settings, const char *section, const char *key)
{
    for (size_t i = 0; i < settings->n_rows; i++) {
        const struct setting_row *row = &settings->rows[i];

        if (*key && setting_row_has_section(row, section) &&
            (!row->key || fnmatch(row->key, key, 0) == 0))
            return row;
    }
    return NULL;
}

const char *
settings_suggest(const struct settings *settings, const char *section, const char *text)
{
    cleanup(free) const char **words = calloc(settings->n_rows + 1, sizeof(*words));
    size_t n_words = 0;

    if (!words)
        return NULL;
    for (size_t i = 0; i < settings->n_rows; i++) {
        const struct setting_row *row = &settings->rows[i];

        if (!section)
            words[n_words++] = row->section;
        else if (setting_row_has_section(row, section) && !setting_row_is_pattern(row))
            words[n_words++] = row->key;
    }
    if (!section && settings_has_section(settings, TOPIC " NAME"))
        words[n_words++] = TOPIC;
    return value_suggest(text, words, n_words);
}

struct entry *
settings_find_entry(const struct settings *settings, const char *section, const char *key)
{
    for (size_t i = 0; i < settings->n_entries; i++) {
        struct entry *entry = &settings->entries[i];

        if (strcmp(entry->key, key) == 0 && strcmp(entry->section, section) == 0)
            return entry;
    }
    return NULL;
}

int
settings_add_section(struct settings *settings, const char *section)
{
    char **grown;

    for (size_t i = 0; i < settings->n_sections; i++)
        if (strcmp(settings->sections[i], section) == 0)
            return 0;
    grown = reallocarray(settings->sections, settings->n_sections + 1, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    settings->sections = grown;
    grown[settings->n_sections] = strdup(section);
    if (!grown[settings->n_sections])
        return -ENOMEM;
    settings->n_sections++;
    return 0;
}

static int
append_entry(struct settings *settings, const struct entry *entry)
{
    struct entry *grown = reallocarray(settings->entries, settings->n_entries + 1, sizeof(*grown));

    if (!grown)
        return -ENOMEM;
    settings->entries = grown;
    grown[settings->n_entries++] = *entry;
    return 0;
}

int
settings_put(struct settings *settings, const struct setting_value *value)
{
    struct entry *old = settings_find_entry(settings, value->section, value->key);
    struct entry entry = {
        .row = settings_find_row(settings, value->section, value->key),
        .section = strdup(value->section),
        .key = strdup(value->key),
        .value = strdup(value->value),
        .origin = strdup(value->origin),
    };
    int r = entry.section && entry.key && entry.value && entry.origin ? 0 : -ENOMEM;

    if (r == 0 && old) {
        entry_fini(old);
        *old = entry;
        return 0;
    }
    if (r == 0)
        r = append_entry(settings, &entry);
    if (r < 0)
        entry_fini(&entry);
    return r;
}

static struct setting_value
value_of_entry(const struct entry *entry)
{
    return (struct setting_value){
        .section = entry->section,
        .key = entry->key,
        .value = entry->value,
        .origin = entry->origin,
    };
}

bool
settings_get(const struct settings *settings, const char *section, const char *key,
             struct setting_value *valuep)
{
    const struct setting_row *row = settings_find_row(settings, section, key);
    const struct entry *entry = settings_find_entry(settings, section, key);

    if (!entry && row && row->flags & SETTING_INHERITED)
        entry = settings_find_entry(settings, row->section, key);
    if (entry) {
        *valuep = value_of_entry(entry);
        return true;
    }
    if (!row || !row->value_default)
        return false;
    *valuep = (struct setting_value){
        .section = section,
        .key = key,
        .value = row->value_default,
        .origin = "default",
    };
    return true;
}

bool
settings_is_given(const struct settings *settings, const char *section, const char *key)
{
    struct setting_value value;

    return settings_get(settings, section, key, &value) && strcmp(value.origin, "default") != 0;
}

int
settings_blame(const struct settings *settings, const char *section, const char *key,
               struct error *error)
{
    struct setting_value value;

    if (settings_is_given(settings, section, key) && settings_get(settings, section, key, &value))
        error_prefix(error, -EINVAL, "%s: ", value.origin);
    return -EINVAL;
}

bool
settings_each(const struct settings *settings, const char *section, size_t index,
              struct setting_value *valuep)
{
    for (size_t i = 0; i < settings->n_entries; i++)
        if (strcmp(settings->entries[i].section, section) == 0 && index-- == 0) {
            *valuep = value_of_entry(&settings->entries[i]);
            return true;
        }
    return false;
}

bool
settings_is_secret(const struct settings *settings, const char *section, const char *key)
{
    const struct setting_row *row = settings_find_row(settings, section, key);

    return row && (row->flags & SETTING_SECRET);
}

bool
settings_is_reloaded(const struct settings *settings, const char *section, const char *key)
{
    const struct setting_row *row = settings_find_row(settings, section, key);

    return row && (row->flags & SETTING_RELOAD);
}

const char *
settings_each_section(const struct settings *settings, size_t index)
{
    return index < settings->n_sections ? settings->sections[index] : NULL;
}

int
settings_read(const struct settings *settings, const char *section, void *destination,
              struct error *error)
{
    for (size_t i = 0; i < settings->n_rows; i++) {
        const struct setting_row *row = &settings->rows[i];
        struct setting_value value;
        int r;

        if (!setting_row_has_section(row, section) || setting_row_is_pattern(row) ||
            !settings_get(settings, section, row->key, &value))
            continue;
        r = row->parse(row, value.value, (char *)destination + row->offset, error);
        if (r < 0)
            return error_prefix(error, r, "%s: \"%s\" in [%s]: ", value.origin, row->key, section);
    }
    return 0;
}
