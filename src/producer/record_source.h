/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * What a source of records that are no reports is: a numbered row of them, each a JSON object with a
 * key. The same number is the same record, always, but for times that are to be now. feed.c puts
 * the choice of them and the simulator's days behind one face.
 */

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "common/error.h"
#include "common/json_writer.h"

/* A record that is being written: an object has been begun, and will be ended. */
struct record_draft {
    const char *key; /* NULL: none; lives as long as the source, or in room */
    char room[64];
    struct json_writer writer;
};

struct record_source {
    const char *things; /* what they are called: "rows" */
    /* Of settings, which are borrowed: 0, or a negative errno or a positive outcome with a message. */
    int (*open)(void **sourcep, const void *settings, struct error *error);
    void (*close)(void *source);
    void (*describe)(const void *source, FILE *file);
    uint64_t (*count)(const void *source); /* UINT64_MAX: without an end */
    /* now is in milliseconds since 1970. */
    void (*write)(void *source, uint64_t number, int64_t now, struct record_draft *draft);
};
