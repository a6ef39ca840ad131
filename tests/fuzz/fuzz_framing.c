/* SPDX-License-Identifier: MIT */

/*
 * Any bytes as a record in Confluent's framing: what is read is what another reader of the format
 * finds, and the payload lies at the end of the record. Any bytes as a payload: framed in each of
 * the ways in which serializers do it, they come back.
 */

#include <errno.h>

#include "fuzz.h"
#include "record/framing.h"

/* Zigzag, as it is defined; INT64_MIN where there is none of 32 bits in 5 bytes. */
static int64_t
varint(const uint8_t **atp, const uint8_t *end)
{
    int64_t value = 0, factor = 1;

    for (int i = 0; i < 5 && *atp < end; i++, factor *= 128) {
        uint8_t byte = *(*atp)++;

        value += (byte % 128) * factor;
        if (byte < 128)
            return value > UINT32_MAX ? INT64_MIN : value % 2 ? -(value + 1) / 2 : value / 2;
    }
    return INT64_MIN;
}

/* Where the payload begins, or NULL when it is no framing of the first message of a schema. */
static const uint8_t *
find_payload(const uint8_t *data, size_t size)
{
    const uint8_t *at = data + 5, *end = data + size;
    int64_t count;

    if (size < 6 || data[0] != 0)
        return NULL;
    if (*at == '{')
        return at;
    count = varint(&at, end);
    return count == 0 || (count == 1 && varint(&at, end) == 0) ? at : NULL;
}

static void
check_as_payload(const uint8_t *data, size_t size, const char *indexes)
{
    static const uint8_t header[] = {0, 0xfe, 0xdc, 0xba, 0x98};
    size_t before = sizeof(header) + (indexes ? 1 + (*indexes == 2) : 0);
    uint8_t *record = malloc(before + size + 1);
    struct error error = ERROR_INIT;
    struct framing framing;

    memcpy(record, header, sizeof(header));
    if (indexes)
        memcpy(record + sizeof(header), indexes, before - sizeof(header));
    memcpy(record + before, data, size);
    must(framing_read(record, before + size, &framing, &error) == 0, "%s", error.text);
    must(framing.schema_id == 0xfedcba98 && framing.is_json == !indexes &&
             framing.payload == record + before && framing.length == size,
         "%u, %d, %zu", framing.schema_id, framing.is_json, framing.length);
    free(record);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error = ERROR_INIT;
    struct framing framing;
    const uint8_t *payload = find_payload(data, size);
    int result = framing_read(data, size, &framing, &error);

    must(result == (payload ? 0 : -EBADMSG), "%d: %s", result, error.text);
    if (payload)
        must(framing.payload == payload && framing.length == (size_t)(data + size - payload) &&
                 framing.is_json == (data[5] == '{'),
             "%zu", framing.length);
    else
        must_explain(&error);
    check_as_payload(data, size, "\0");
    check_as_payload(data, size, "\2\0");
    if (size > 0 && data[0] == '{')
        check_as_payload(data, size, NULL);
    return 0;
}
