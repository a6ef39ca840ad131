/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The words of an error, on their way from the function that knows them to the
 * place that prints them. Functions return a negative errno (fatal for their
 * caller, forwarded unchanged) or one of their own positive outcomes, and leave
 * the sentence here. Modules never print and never exit.
 *
 * A message names the thing, the value and the way out:
 * "/etc/weatherd/consumer.ini: No such file or directory; create it, or leave -c out".
 */

#include <stdarg.h>

struct error {
    char text[2048]; /* cut, never overrun, when a message is longer; UTF-8 without control
                        characters: what is no such text in it shows as question marks */
};

#define ERROR_INIT                                                                                 \
    {                                                                                              \
        .text = ""                                                                                 \
    }

/*
 * Sets the message and returns result, so that a failing function ends in one line. error may be
 * NULL.
 */
int error_set(struct error *error, int result, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts a prefix before the message that is there ("partition-3.json: " …) and returns result. */
int error_prefix(struct error *error, int result, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts words behind the message that is there (… "; restore the file") and returns result. */
int error_append(struct error *error, int result, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
