/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Confluent's wire framing, which serializers that use a schema registry put before a payload: a
 * zero byte, the schema's id in four bytes, big-endian, and before protobuf the list of indexes
 * that leads to the message's type within its schema. The registry is not asked: a schema's id is
 * only told.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

struct framing {
    uint32_t schema_id;
    bool is_json;        /* the payload begins with "{", and there is no list of indexes */
    const void *payload; /* within the record */
    size_t length;       /* may be 0 */
};

/*
 * Takes the framing of a record apart: 0, or -EBADMSG with the reason (cut short, not of this
 * framing, or not the first message of its schema).
 */
int framing_read(const void *record, size_t length, struct framing *framing, struct error *error);
