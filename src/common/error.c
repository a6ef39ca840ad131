/* SPDX-License-Identifier: MIT */

/*
 * Formatting of error messages. They quote what others wrote, and cut it, between the bytes of a
 * character too; all of them pass here, so here they are made text that may go anywhere.
 */

#include <stdio.h>
#include <string.h>

#include "common/error.h"
#include "common/values.h"

int
error_set(struct error *error, int result, const char *format, ...)
{
    va_list args;

    if (!error)
        return result;
    va_start(args, format);
    vsnprintf(error->text, sizeof(error->text), format, args);
    va_end(args);
    value_make_text(error->text);
    return result;
}

int
error_prefix(struct error *error, int result, const char *format, ...)
{
    struct error old;
    va_list args;
    int length;

    if (!error)
        return result;
    old = *error;
    va_start(args, format);
    length = vsnprintf(error->text, sizeof(error->text), format, args);
    va_end(args);
    if (length >= 0 && (size_t)length < sizeof(error->text))
        snprintf(error->text + length, sizeof(error->text) - (size_t)length, "%.*s",
                 (int)(sizeof(error->text) - (size_t)length - 1), old.text);
    value_make_text(error->text);
    return result;
}

int
error_append(struct error *error, int result, const char *format, ...)
{
    va_list args;
    size_t length;

    if (!error)
        return result;
    length = strlen(error->text);
    va_start(args, format);
    vsnprintf(error->text + length, sizeof(error->text) - length, format, args);
    va_end(args);
    value_make_text(error->text);
    return result;
}
