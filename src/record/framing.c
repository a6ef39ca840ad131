/* SPDX-License-Identifier: MIT */

/*
 * The list of indexes is of zigzag varints: how many there are, then each, from the outermost
 * message inwards. A count of 0 is short for one index, 0: the first message of the schema.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/values.h"
#include "record/framing.h"

#define HEADER_SIZE 5 /* the zero byte and the schema's id */
#define VARINT_MAX  5 /* bytes of 32 bits */

struct cursor {
    const uint8_t *begin, *at, *end;
};

static int
refuse_cut(const struct cursor *cursor, struct error *error)
{
    return error_set(error, -EBADMSG, "Confluent framing is cut after %zu bytes",
                     (size_t)(cursor->end - cursor->begin));
}

static int
read_varint(struct cursor *cursor, int32_t *valuep, struct error *error)
{
    uint64_t bits = 0;

    for (unsigned i = 0; i < VARINT_MAX; i++) {
        if (cursor->at == cursor->end)
            return refuse_cut(cursor, error);
        bits |= (uint64_t)(*cursor->at & 0x7f) << 7 * i;
        if (*cursor->at++ < 0x80 && bits <= UINT32_MAX) {
            *valuep = (int32_t)((uint32_t)(bits >> 1) ^ (0 - (uint32_t)(bits & 1)));
            return 0;
        }
    }
    return error_set(error, -EBADMSG,
                     "Confluent framing has a message index of more than 32 bits at byte %zu",
                     (size_t)(cursor->at - cursor->begin) - VARINT_MAX);
}

static int
read_indexes(struct cursor *cursor, struct error *error)
{
    int32_t count, index = 0;
    int result = read_varint(cursor, &count, error);

    if (result == 0 && count == 1)
        result = read_varint(cursor, &index, error);
    if (result != 0)
        return result;
    if (count < 0 || index < 0)
        return error_set(error, -EBADMSG, "Confluent framing has a negative message index, %d",
                         count < 0 ? count : index);
    if (count > 1)
        return error_set(error, -EBADMSG,
                         "Confluent framing names a message %d deep within others; only the first "
                         "message of a schema is read",
                         count);
    if (index > 0)
        return error_set(error, -EBADMSG,
                         "Confluent framing names message %d; only the first message of a schema "
                         "(0) is read",
                         index);
    return 0;
}

int
framing_read(const void *record, size_t length, struct framing *framing, struct error *error)
{
    const uint8_t *bytes = record;
    struct cursor cursor = {bytes, bytes, bytes + length};
    bool is_json;
    int result;

    if (length > 0 && bytes[0] != 0)
        return error_set(error, -EBADMSG, "Confluent framing begins with a zero byte, not 0x%02x",
                         bytes[0]);
    if (length <= HEADER_SIZE)
        return refuse_cut(&cursor, error);
    cursor.at += HEADER_SIZE;
    /* As a count of indexes it would be negative, so it can't be mistaken. */
    is_json = *cursor.at == '{';
    result = is_json ? 0 : read_indexes(&cursor, error);
    if (result != 0)
        return result;
    *framing = (struct framing){
        .schema_id = (uint32_t)bytes[1] << 24 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 8 |
                     bytes[4],
        .is_json = is_json,
        .payload = cursor.at,
        .length = (size_t)(cursor.end - cursor.at),
    };
    return 0;
}

int
framing_ids_parse(struct framing_ids *ids, const char *text, struct error *error)
{
    static const char separators[] = " \t,";

    *ids = (struct framing_ids){.n_ids = 0};
    for (text += strspn(text, separators); *text; text += strspn(text, separators)) {
        int length = (int)strcspn(text, separators);
        char word[16];
        int64_t id;
        int result;

        if (ids->n_ids == FRAMING_IDS_MAX)
            return error_set(error, -ERANGE, "these are more than %d ids of schemas",
                             FRAMING_IDS_MAX);
        snprintf(word, sizeof(word), "%.*s", length, text);
        result = value_parse_integer(word, 0, UINT32_MAX, &id, error);
        if (result < 0)
            return error_append(error, result, "; ids of schemas are numbers, such as 17 or 17 18");
        ids->ids[ids->n_ids++] = (uint32_t)id;
        text += length;
    }
    return ids->n_ids > 0
               ? 0
               : error_set(error, -EINVAL,
                           "there is no id of a schema; name some, such as 17 or 17 18, or "
                           "leave the key out");
}

int
framing_ids_check(const struct framing_ids *ids, uint32_t id, struct error *error)
{
    if (ids->n_ids == 0)
        return 0;
    for (size_t i = 0; i < ids->n_ids; i++)
        if (ids->ids[i] == id)
            return 0;
    return error_set(error, -EBADMSG, "is none of schema_ids");
}
