/* SPDX-License-Identifier: MIT */

/*
 * The settings as they are shown: all of them as INI, and what has changed from
 * one set to the next. Whatever leaves here has its secrets masked.
 */

#include <string.h>

#include "common/settings.h"
#include "common/settings_private.h"

#define MASK "********"

static const char *
shown(const struct setting_row *row, const char *value)
{
    return setting_is_secret(row, value) ? MASK : value;
}

static void
print_row(const struct settings *settings, const struct setting_row *row, const char *section,
          FILE *file)
{
    struct setting_value value;

    /* What a topic takes over from the section for all has been printed there. */
    if (row->flags & SETTING_PER_TOPIC && strcmp(section, row->section) != 0 &&
        !settings_find_entry(settings, section, row->key))
        return;
    if (setting_row_is_pattern(row)) {
        for (size_t i = 0; settings_each(settings, section, i, &value); i++)
            if (settings_find_row(settings, section, value.key) == row)
                fprintf(file, "# %s\n%s = %s\n", value.origin, value.key, shown(row, value.value));
    } else if (settings_get(settings, section, row->key, &value)) {
        fprintf(file, "# %s\n%s = %s\n", value.origin, row->key, shown(row, value.value));
    } else {
        fprintf(file, "# not set\n#%s = %s\n", row->key, row->form ? row->form : "");
    }
}

static void
print_section(const struct settings *settings, const char *section, FILE *file)
{
    fprintf(file, "[%s]\n", section);
    for (size_t i = 0; i < settings->n_rows; i++)
        if (setting_row_has_section(&settings->rows[i], section))
            print_row(settings, &settings->rows[i], section, file);
    fputc('\n', file);
}

/* Whether the row is the first of its section. */
static bool
begins_section(const struct settings *settings, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(settings->rows[i].section, settings->rows[n].section) == 0)
            return false;
    return true;
}

void
settings_print(const struct settings *settings, FILE *file)
{
    const char *section;

    for (size_t i = 0; i < settings->n_rows; i++) {
        const struct setting_row *row = &settings->rows[i];

        if (begins_section(settings, i) && strcmp(row->section, TOPIC) != 0)
            print_section(settings, row->section, file);
    }
    for (size_t i = 0; (section = settings_each_section(settings, i)); i++)
        if (settings_is_topic(section))
            print_section(settings, section, file);
}

/*
 * Tells of the keys that have values of their own in one set and another value, or none, in the
 * other.
 */
void
settings_compare(const struct settings *before, const struct settings *after,
                 settings_changed_fn changed, void *userdata)
{
    struct setting_value old, new;

    for (size_t i = 0; i < after->n_entries; i++) {
        const struct entry *entry = &after->entries[i];

        if (!settings_get(before, entry->section, entry->key, &old) ||
            strcmp(old.value, entry->value) != 0)
            changed(userdata, entry->row, entry->section, entry->key,
                    shown(entry->row, entry->value));
    }
    for (size_t i = 0; i < before->n_entries; i++) {
        const struct entry *entry = &before->entries[i];
        bool is_set = settings_get(after, entry->section, entry->key, &new);

        if (settings_find_entry(after, entry->section, entry->key))
            continue;
        if (!is_set || strcmp(new.value, entry->value) != 0)
            changed(userdata, entry->row, entry->section, entry->key,
                    is_set ? shown(entry->row, new.value) : NULL);
    }
}
