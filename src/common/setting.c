/* SPDX-License-Identifier: MIT */

/*
 * One setting: its parsers, and the check of a value on arrival, long before
 * there is a struct to put it in. A check lets the parser write to a scratch
 * field. That does for numbers; a string would have to be freed again by someone
 * who can't know that it is one. So the scratch field holds a mark that no real
 * field can hold, and setting_parse_text() makes no copy over it.
 */

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/settings.h"
#include "common/values.h"

static const char check_only[] = "";

union scratch {
    const char *string;
    max_align_t aligned;
    char room[SETTING_FIELD_MAX];
};

int
setting_check(const struct setting_row *row, const char *value, struct error *error)
{
    union scratch scratch = {.string = check_only};
    int r = row->parse(value, &scratch, error);

    if (r >= 0 || r == -ENOMEM)
        return r;
    if (row->flags & SETTING_SECRET)
        error_set(error, r, "the value (not shown, it is a secret) must be %s",
                  row->form ? row->form : "another");
    return -EINVAL;
}

int
setting_parse_text(const char *value, void *destination, struct error *error)
{
    char **stringp = destination, *string;

    if (*stringp == check_only)
        return 0;
    string = strdup(value);
    if (!string)
        return error_set(error, -ENOMEM, "out of memory");
    free(*stringp);
    *stringp = string;
    return 0;
}

int
setting_parse_string(const char *value, void *destination, struct error *error)
{
    if (!*value)
        return error_set(error, -EINVAL, "the value must not be empty; leave the key out instead");
    return setting_parse_text(value, destination, error);
}

int
setting_parse_duration(const char *value, void *destination, struct error *error)
{
    return value_parse_duration(value, destination, error);
}

int
setting_parse_boolean(const char *value, void *destination, struct error *error)
{
    return value_parse_boolean(value, destination, error);
}

int
setting_parse_topic(const char *value, void *destination, struct error *error)
{
    int r = value_check_topic(value, error);

    return r < 0 ? r : setting_parse_string(value, destination, error);
}

int
setting_parse_any(const char *value, void *destination, struct error *error)
{
    return 0;
}
