/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/json.h"
#include "common/json_writer.h"
#include "common/values.h"
#include "consumer/stats_json.h"
#include "consumer/summary.h"

#define BLANKS " \t"

/*
 * Names and members stand once each, so a value is bounded: by the names, which come from one line
 * of a file (4,096 bytes, twice as many escaped), one id and nine values.
 */
#define NAMES_MAX 4096

void
summary_fields_fini(struct summary_fields *fields)
{
    for (size_t i = 0; i < fields->n_fields; i++)
        free(fields->fields[i].name);
    free(fields->fields);
    *fields = (struct summary_fields){.n_fields = 0};
}

static int
check_field(const struct summary_fields *fields, const char *name, const char *member, int number,
            struct error *error)
{
    if (number < 0 && strcmp(member, "station") != 0)
        return error_set(error, -EINVAL, "\"%s\" is none of %s", member, SUMMARY_FIELDS);
    if (!*name || !value_is_text(name, strlen(name)))
        return error_set(error, -EINVAL, "the name before =%s must be text without blanks", member);
    for (size_t i = 0; i < fields->n_fields; i++) {
        if (strcmp(fields->fields[i].name, name) == 0)
            return error_set(error, -EINVAL, "two fields are called \"%s\"", name);
        if (fields->fields[i].member == number)
            return error_set(error, -EINVAL, "\"%s\" stands twice", member);
    }
    return 0;
}

/* "NAME=MEMBER", or "MEMBER", which is cut. */
static int
add_field(struct summary_fields *fields, char *word, struct error *error)
{
    struct summary_field *grown =
        reallocarray(fields->fields, fields->n_fields + 1, sizeof(*fields->fields));
    char *separator = strchr(word, '=');
    const char *member = separator ? separator + 1 : word;
    int number = stats_json_find(member), result;

    if (!grown)
        return -ENOMEM;
    fields->fields = grown;
    if (separator)
        *separator = '\0';
    result = check_field(fields, word, member, number, error);
    if (result < 0)
        return result;
    grown[fields->n_fields].member = number;
    grown[fields->n_fields].name = strdup(word);
    return grown[fields->n_fields++].name ? 0 : -ENOMEM;
}

int
summary_fields_parse(struct summary_fields *fieldsp, const char *text, struct error *error)
{
    struct summary_fields fields = {.n_fields = 0};
    cleanup(free) char *copy = strdup(text);
    char *rest = NULL;
    int result = copy ? 0 : -ENOMEM;

    if (strlen(text) > NAMES_MAX)
        return error_set(error, -EINVAL, "has more than %d bytes", NAMES_MAX);
    for (char *word = copy ? strtok_r(copy, BLANKS, &rest) : NULL; word && result == 0;
         word = strtok_r(NULL, BLANKS, &rest))
        result = add_field(&fields, word, error);
    if (result == 0 && fields.n_fields == 0)
        result = error_set(error, -EINVAL, "names no field; the fields are %s", SUMMARY_FIELDS);
    if (result < 0)
        summary_fields_fini(&fields);
    else
        *fieldsp = fields;
    return result;
}

size_t
summary_format(const struct summary_fields *fields, const char *id, const struct stats *stats,
               char text[SUMMARY_SIZE_MAX])
{
    struct json_writer writer;

    _Static_assert(sizeof(writer.buffer) <= SUMMARY_SIZE_MAX, "one piece is all");
    json_writer_init_line(&writer);
    json_writer_begin(&writer, NULL, '{');
    for (size_t i = 0; i < fields->n_fields; i++) {
        const struct summary_field *field = &fields->fields[i];

        if (field->member < 0)
            json_writer_text(&writer, field->name, id);
        else
            stats_json_write_member(&writer, field->name, stats, field->member);
    }
    json_writer_end(&writer, '}');
    return json_writer_take_line(&writer, text);
}
