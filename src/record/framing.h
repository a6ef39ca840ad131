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

/* The schemas whose records are taken; none: those of any. */
#define FRAMING_IDS_MAX 32
struct framing_ids {
    size_t n_ids;
    uint32_t ids[FRAMING_IDS_MAX];
};

/* "17", "17 18" or "17,18": 0, or -EINVAL or -ERANGE with a message. */
int framing_ids_parse(struct framing_ids *ids, const char *text, struct error *error);

/* Whether a schema is one of them: 0, or -EBADMSG with a message that begins with "is …". */
int framing_ids_check(const struct framing_ids *ids, uint32_t id, struct error *error);

/*
 * Takes the framing of a record apart: 0, or -EBADMSG with the reason (cut short, not of this
 * framing, or not the first message of its schema).
 */
int framing_read(const void *record, size_t length, struct framing *framing, struct error *error);
