/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * JSON documents, read strictly: by json-c's strict tokener and with what that lets through refused, which is
 * trailing text, a key that stands twice, integers that were clamped, NaN, NUL in strings.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/error.h"
#include "common/moment.h"

struct json_object; /* json-c's own; only this module looks inside */

#define JSON_DEPTH_MAX 16

/*
 * Parses the length bytes of text: 0, JSON_E_BAD with a message that names the byte, or -ENOMEM.
 * Release with json_release().
 */
enum { JSON_E_BAD = 1 };
int json_read(const char *text, size_t length, struct json_object **rootp, struct error *error);
void json_release(struct json_object *root); /* NULL is fine */
CLEANUP_DEFINE(struct json_object *, json_release);

/* Whether the text is a number by JSON's grammar. */
bool json_is_number(const char *text);

/* The code unit of the \uXXXX that a text begins with, 0 when it does not. */
uint32_t json_escaped_unit(const char *text, size_t length);

bool json_is_object(const struct json_object *value);

/*
 * Calls member for each member in the order of the text; a result other than 0 ends it and is
 * returned.
 */
typedef int (*json_member_fn)(void *userdata, const char *key, struct json_object *value,
                              struct error *error);
int json_each_member(struct json_object *object, json_member_fn member, void *userdata,
                     struct error *error);

/*
 * The same of a document that is an object, with few of its members in memory at a time. A value is
 * gone after member has returned. It is for member to see that no key stands twice; those of the values
 * don't. What came before an error may have been handed over. Results as of json_read(), beside those of
 * member.
 */
int json_read_members(const char *text, size_t length, json_member_fn member, void *userdata,
                      struct error *error);

/*
 * Calls element for each element of an array, likewise; JSON_E_BAD when the value is not an array.
 */
typedef int (*json_element_fn)(void *userdata, size_t index, struct json_object *value,
                               struct error *error);
int json_each_element(struct json_object *array, json_element_fn element, void *userdata,
                      struct error *error);

/*
 * The value as an integer within [min, max], max below INT64_MAX, a finite number, or a text: 0, or JSON_E_BAD with a
 * message that begins with "is …", to be prefixed with the thing. The text belongs to the value.
 */
int json_get_integer(struct json_object *value, int64_t min, int64_t max, int64_t *integerp,
                     struct error *error);
int json_get_number(struct json_object *value, double *numberp, struct error *error);
int json_get_text(struct json_object *value, const char **textp, struct error *error);

/* Whether the value is true or false, and which. */
bool json_is_boolean(struct json_object *value, bool *booleanp);

/* Likewise as a moment of that kind, which is a text or a number. */
int json_get_moment(struct json_object *value, enum moment_kind kind, struct moment *momentp,
                    struct error *error);

/* The member of an object that a path leads to ("metadata.timestamp"), if all of it is there. NULL in *valuep is null. */
bool json_find(struct json_object *object, const char *path, struct json_object **valuep);

/* json-c's version, of the library in use. */
const char *json_library_version(void);
