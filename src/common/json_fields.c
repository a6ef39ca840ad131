/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "common/json_fields.h"

struct loading {
    const struct json_field *fields;
    size_t n_fields;
    char *destination;
    unsigned seen;
};

static int
load_number(struct json_object *value, enum json_kind kind, double *numberp, struct error *error)
{
    double number;
    int result = json_get_number(value, &number, error);

    if (result != 0)
        return result;
    if (kind == JSON_SHARE && !(number >= 0 && number <= 1))
        return error_set(error, JSON_E_BAD, "is %g, must be from 0 to 1", number);
    *numberp = number + 0.0;
    return 0;
}

static int
load_value(const struct json_field *field, struct json_object *value, void *destination,
           struct error *error)
{
    struct moment moment;
    int result;

    switch (field->kind) {
    case JSON_INTEGER:
        return json_get_integer(value, field->min, field->max, destination, error);
    case JSON_NUMBER:
    case JSON_SHARE:
        return load_number(value, field->kind, destination, error);
    case JSON_DATE:
        result = json_get_moment(value, MOMENT_DATE, &moment, error);
        if (result == 0)
            *(int32_t *)destination = moment_date(moment);
        return result;
    case JSON_BOOLEAN:
        return json_is_boolean(value, destination)
                   ? 0
                   : error_set(error, JSON_E_BAD, "is neither true nor false");
    case JSON_TEXT:
        return json_get_text(value, destination, error);
    default:
        *(struct json_object **)destination = value;
        return value ? 0 : error_set(error, JSON_E_BAD, "is null");
    }
}

static int
load_member(void *userdata, const char *key, struct json_object *value, struct error *error)
{
    struct loading *loading = userdata;

    for (size_t i = 0; i < loading->n_fields; i++) {
        const struct json_field *field = &loading->fields[i];

        if (strcmp(key, field->name) != 0)
            continue;
        loading->seen |= 1u << i;
        return load_value(field, value, loading->destination + field->offset, error) == 0
                   ? 0
                   : error_prefix(error, JSON_E_BAD, "\"%s\" ", key);
    }
    return error_set(error, JSON_E_BAD, "has an unknown key \"%.100s\"", key);
}

int
json_load_fields(struct json_object *object, const struct json_field *fields, size_t n_fields,
                 void *destination, unsigned *seenp, struct error *error)
{
    struct loading loading = {.fields = fields, .n_fields = n_fields, .destination = destination};
    int result = json_each_member(object, load_member, &loading, error);

    if (result != 0)
        return result;
    for (size_t i = 0; i < n_fields; i++)
        if (!fields[i].optional && !(loading.seen & 1u << i))
            return error_set(error, JSON_E_BAD, "lacks \"%s\"", fields[i].name);
    if (seenp)
        *seenp = loading.seen;
    return 0;
}

struct counting {
    size_t n, max;
};

static int
count_element(void *userdata, size_t index, struct json_object *value, struct error *error)
{
    struct counting *counting = userdata;

    (void)value;
    counting->n = index + 1;
    return counting->n <= counting->max
               ? 0
               : error_set(error, JSON_E_BAD, "has more than %zu elements", counting->max);
}

int
json_count_elements(struct json_object *array, const char *name, size_t max, size_t *np,
                    struct error *error)
{
    struct counting counting = {.max = max};
    int result = json_each_element(array, count_element, &counting, error);

    if (result == 0 && counting.n == 0)
        result = error_set(error, JSON_E_BAD, "is empty");
    if (result != 0)
        return error_prefix(error, result, "\"%s\" ", name);
    *np = counting.n;
    return 0;
}
