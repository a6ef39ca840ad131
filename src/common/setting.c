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
    int r = row->parse(row, value, &scratch, error);

    if (r >= 0 || r == -ENOMEM)
        return r;
    if (row->flags & SETTING_SECRET)
        error_set(error, r, "the value (not shown, it is a secret) must be %s",
                  row->form ? row->form : "another");
    return -EINVAL;
}

int
setting_parse_text(const struct setting_row *row, const char *value, void *destination,
                   struct error *error)
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
setting_parse_string(const struct setting_row *row, const char *value, void *destination,
                     struct error *error)
{
    if (!*value)
        return error_set(error, -EINVAL, "the value must not be empty; leave the key out instead");
    return setting_parse_text(row, value, destination, error);
}

int
setting_parse_duration(const struct setting_row *row, const char *value, void *destination,
                       struct error *error)
{
    return value_parse_duration(value, destination, error);
}

int
setting_parse_span(const struct setting_row *row, const char *value, void *destination,
                   struct error *error)
{
    return value_parse_span(value, destination, error);
}

int
setting_parse_boolean(const struct setting_row *row, const char *value, void *destination,
                      struct error *error)
{
    return value_parse_boolean(value, destination, error);
}

int
setting_parse_topic(const struct setting_row *row, const char *value, void *destination,
                    struct error *error)
{
    int r = value_check_topic(value, error);

    return r < 0 ? r : setting_parse_string(row, value, destination, error);
}

/* "a, b or c" from "a|b|c". */
static int
refuse_choice(const char *value, const char *form, struct error *error)
{
    error_set(error, 0, "\"%s\" must be ", value);
    while (*form) {
        int length = (int)strcspn(form, "|");
        const char *rest = form + length;

        error_append(error, 0, "%.*s%s", length, form,
                     !*rest                  ? ""
                     : strchr(rest + 1, '|') ? ", "
                                             : " or ");
        form = *rest ? rest + 1 : rest;
    }
    return -EINVAL;
}

int
setting_parse_choice(const struct setting_row *row, const char *value, void *destination,
                     struct error *error)
{
    const char *word = row->form;
    size_t length;

    for (int choice = 0;; choice++) {
        length = strcspn(word, "|");
        if (strncmp(word, value, length) == 0 && !value[length]) {
            *(int *)destination = choice;
            return 0;
        }
        if (!word[length])
            return refuse_choice(value, row->form, error);
        word += length + 1;
    }
}

int
setting_parse_integer(const struct setting_row *row, const char *value, void *destination,
                      struct error *error)
{
    char *end;
    int64_t min = strtoll(row->form, &end, 10), max = INT64_MAX;

    if (strlen(end) > strlen(".."))
        max = strtoll(end + strlen(".."), NULL, 10);
    return value_parse_integer(value, min, max, destination, error);
}

int
setting_parse_any(const struct setting_row *row, const char *value, void *destination,
                  struct error *error)
{
    return 0;
}
