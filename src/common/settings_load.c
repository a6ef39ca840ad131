/* SPDX-License-Identifier: MIT */

/*
 * Where settings come from: files and the command line. Both go through the same
 * checks, and -o takes no value that a file could not hold, so that what
 * --print-config prints can be read back.
 */

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/ini.h"
#include "common/settings.h"
#include "common/settings_private.h"
#include "common/values.h"

#define SUFFIX ".ini"

struct loading {
    struct settings *settings;
    const char *path;
    const struct settings_reporter *reporter;
};

static int
unknown_section(const struct settings *settings, const char *section, struct error *error)
{
    size_t length = strcspn(section, " ");
    cleanup(free) char *word = strndup(section, length);
    const char *suggestion;

    if (!word)
        return -ENOMEM;
    suggestion = settings_suggest(settings, NULL, word);
    error_set(error, -EINVAL, "unknown section [%s]", section);
    if (!suggestion)
        return -EINVAL;
    if (strcmp(suggestion, TOPIC) != 0)
        return error_append(error, -EINVAL, "; did you mean [%s]?", suggestion);
    return error_append(error, -EINVAL, "; did you mean [" TOPIC "%s]?",
                        section[length] ? section + length : " NAME");
}

static int
check_section(const struct settings *settings, const char *section, struct error *error)
{
    if (!settings_has_section(settings, section))
        return unknown_section(settings, section, error);
    if (settings_is_topic(section) && value_check_topic(section + strlen(TOPIC " "), error) < 0)
        return error_prefix(error, -EINVAL, "[%s]: ", section);
    return 0;
}

static int
check_key(const struct settings *settings, const char *section, const char *key,
          struct error *error)
{
    const char *suggestion;

    if (settings_find_row(settings, section, key))
        return 0;
    suggestion = settings_suggest(settings, section, key);
    error_set(error, -EINVAL, "unknown key \"%s\" in [%s]", key, section);
    return suggestion ? error_append(error, -EINVAL, "; did you mean \"%s\"?", suggestion)
                      : -EINVAL;
}

/* Checks the value for its row and puts it in. */
static int
take_value(struct settings *settings, const struct setting_value *value, struct error *error)
{
    int r = check_key(settings, value->section, value->key, error);

    if (r < 0)
        return r;
    r = setting_check(settings_find_row(settings, value->section, value->key), value->value, error);
    if (r < 0)
        return error_prefix(error, r, "\"%s\" in [%s]: ", value->key, value->section);
    return settings_put(settings, value);
}

static int
take_ini_section(void *userdata, unsigned line, const char *section, struct error *error)
{
    const struct loading *loading = userdata;
    int r = check_section(loading->settings, section, error);

    return r < 0 ? r : settings_add_section(loading->settings, section);
}

static int
take_ini_key(void *userdata, unsigned line, const char *section, const char *key, const char *value,
             struct error *error)
{
    const struct loading *loading = userdata;
    cleanup(free) char *origin = NULL;

    if (asprintf(&origin, "%s:%u", loading->path, line) < 0) {
        origin = NULL;
        return -ENOMEM;
    }
    return take_value(
        loading->settings,
        &(struct setting_value){.section = section, .key = key, .value = value, .origin = origin},
        error);
}

static void
report_ini_mistake(void *userdata, unsigned line, const char *message)
{
    const struct loading *loading = userdata;
    struct error error;

    error_set(&error, 0, "%s:%u: %s", loading->path, line, message);
    loading->reporter->mistake(loading->reporter->userdata, error.text);
}

static int
load_file(struct settings *settings, const char *path, const struct settings_reporter *reporter,
          struct error *error)
{
    struct loading loading = {.settings = settings, .path = path, .reporter = reporter};
    const struct ini_handler handler = {
        .section = take_ini_section,
        .key = take_ini_key,
        .mistake = report_ini_mistake,
        .userdata = &loading,
    };
    cleanup(fclose) FILE *file = fopen(path, "re");
    int r = file ? ini_read(file, &handler) : -errno;

    return r < 0 ? error_set(error, r, "%s: %s", path, strerror(-r)) : r;
}

static int
is_ini(const struct dirent *item)
{
    size_t length = strlen(item->d_name);

    return item->d_name[0] != '.' && length > strlen(SUFFIX) &&
           strcmp(item->d_name + length - strlen(SUFFIX), SUFFIX) == 0;
}

/* By bytes: alphasort() would ask the locale. */
static int
compare_names(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

/* The directory of "consumer.ini" is "consumer.d". NULL when memory is out. */
static char *
directory_beside(const char *path)
{
    size_t length = strlen(path);
    char *directory;

    if (length > strlen(SUFFIX) && strcmp(path + length - strlen(SUFFIX), SUFFIX) == 0)
        length -= strlen(SUFFIX);
    return asprintf(&directory, "%.*s.d", (int)length, path) < 0 ? NULL : directory;
}

static int
load_file_of(struct settings *settings, const char *directory, const char *name,
             const struct settings_reporter *reporter, struct error *error)
{
    cleanup(free) char *path = NULL;

    if (asprintf(&path, "%s/%s", directory, name) < 0) {
        path = NULL;
        return error_set(error, -ENOMEM, "out of memory");
    }
    return load_file(settings, path, reporter, error);
}

static int
load_directory(struct settings *settings, const char *directory,
               const struct settings_reporter *reporter, struct error *error)
{
    struct dirent **items;
    int n = scandir(directory, &items, is_ini, compare_names), result = 0;

    if (n < 0 && errno == ENOENT)
        return 0;
    if (n < 0)
        return error_set(error, -errno, "%s: %s", directory, strerror(errno));
    for (int i = 0; i < n; i++) {
        if (result >= 0) {
            int r = load_file_of(settings, directory, items[i]->d_name, reporter, error);

            result = r != 0 ? r : result;
        }
        free(items[i]);
    }
    free(items);
    return result;
}

int
settings_load(struct settings *settings, const char *path, bool required,
              const struct settings_reporter *reporter, struct error *error)
{
    cleanup(free) char *directory = directory_beside(path);
    int r, of_directory;

    if (!directory)
        return error_set(error, -ENOMEM, "out of memory");
    r = load_file(settings, path, reporter, error);
    if (r == -ENOENT && required)
        return error_append(error, r, "; create it, or leave -c out");
    if (r < 0 && r != -ENOENT)
        return r;
    of_directory = load_directory(settings, directory, reporter, error);
    if (of_directory != 0)
        return of_directory;
    return r > 0 ? SETTINGS_E_MISTAKES : 0;
}

/*
 * The dot between section and key: the last one with which both are known. Without such a one, the
 * one that makes the best message: the name of a topic may have dots, no other section has.
 */
static char *
find_dot(const struct settings *settings, char *name)
{
    for (char *dot = strrchr(name, '.'); dot; dot = memrchr(name, '.', (size_t)(dot - name))) {
        bool known;

        *dot = '\0';
        known = settings_find_row(settings, name, dot + 1);
        *dot = '.';
        if (known)
            return dot;
    }
    return settings_is_topic(name) ? strrchr(name, '.') : strchr(name, '.');
}

static int
override(struct settings *settings, const struct setting_value *value, struct error *error)
{
    int r = ini_check_value(value->key, error);

    if (r == 0)
        r = check_section(settings, value->section, error);
    if (r == 0)
        r = ini_check_value(value->value, error);
    if (r == 0)
        r = take_value(settings, value, error);
    return r < 0 ? r : settings_add_section(settings, value->section);
}

int
settings_override(struct settings *settings, const char *assignment, struct error *error)
{
    cleanup(free) char *copy = strdup(assignment);
    struct setting_value value = {.origin = "-o"};
    char *equals, *section, *dot = NULL;
    int r;

    if (!copy)
        return error_set(error, -ENOMEM, "out of memory");
    equals = strchr(copy, '=');
    if (equals) {
        *equals = '\0';
        value.section = section = ini_trim(copy);
        dot = find_dot(settings, section);
    }
    if (!dot || strlen(assignment) > INI_LINE_MAX)
        return error_set(error, -EINVAL,
                         "-o %.200s: it must be SECTION.KEY=VALUE, at most %d bytes", copy,
                         INI_LINE_MAX);
    *dot = '\0';
    value.key = dot + 1;
    value.value = ini_trim(equals + 1);
    r = override(settings, &value, error);
    if (r == -ENOMEM)
        error_set(error, r, "out of memory");
    if (r < 0)
        return error_prefix(error, r, "-o %.200s.%.200s: ", value.section, value.key);
    if (!setting_is_secret(settings_find_row(settings, value.section, value.key), value.value))
        return 0;
    return error_set(error, SETTINGS_E_SECRET_SEEN,
                     "-o %s.%s: everybody on this machine can read the secret; put it in a file, "
                     "and give @FILE as the value",
                     value.section, value.key);
}
