/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Scope-bound clean-up: a variable declared with one of these is released when
 * its scope ends, on every path, so there are no goto ladders. CLEANUP_DEFINE
 * makes one for a type that has a free function taking NULL.
 */

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define CLEANUP_DEFINE(type, function)                                                             \
    static inline void function##_pointer(type *pointer)                                           \
    {                                                                                              \
        if (*pointer)                                                                              \
            function(*pointer);                                                                    \
    }                                                                                              \
    struct function##_semicolon_follows

#define cleanup(function) __attribute__((cleanup(function##_pointer)))

static inline void
free_pointer(void *pointer)
{
    free(*(void **)pointer);
}

static inline void
fclose_pointer(FILE **file)
{
    if (*file)
        fclose(*file);
}

static inline void
close_pointer(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}
