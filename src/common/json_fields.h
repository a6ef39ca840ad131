/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * An object of a document as the members of a struct: a table says which there are, of what kind,
 * and within which bounds. Members that the table does not have are refused, those that it has are
 * needed unless it says otherwise, and none is null.
 */

#include "common/json.h"

enum json_kind {
    JSON_INTEGER, /* int64_t, from min to max */
    JSON_NUMBER,  /* double, finite; -0 is read as 0 */
    JSON_SHARE,   /* double, from 0 to 1 */
    JSON_DATE,    /* int32_t, see common/date.h */
    JSON_BOOLEAN, /* bool */
    JSON_TEXT,    /* const char *, which belongs to the document */
    JSON_VALUE,   /* struct json_object *, likewise, whatever it is: the caller's to read */
};

struct json_field {
    const char *name;
    enum json_kind kind;
    size_t offset; /* in the struct */
    bool optional;
    int64_t min, max; /* of an integer; max below INT64_MAX */
};

/*
 * Takes an object over into the struct at destination: 0, or JSON_E_BAD with a message. What is not
 * there leaves its member as it was; *seenp, unless seenp is NULL, has a bit for each field that is.
 */
int json_load_fields(struct json_object *object, const struct json_field *fields, size_t n_fields,
                     void *destination, unsigned *seenp, struct error *error);

/* How many elements the array of that name has, from 1 to max: 0, or JSON_E_BAD with a message. */
int json_count_elements(struct json_object *array, const char *name, size_t max, size_t *np,
                        struct error *error);
