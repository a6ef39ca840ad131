/* SPDX-License-Identifier: MIT */

/*
 * The headers are those of Kafka Connect's dead letter queue (KIP-298), values as text, so that
 * whatever reads such topics reads these.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "reader/dead_letters.h"

#define HEADER "__connect.errors."

/* Connect's class of exceptions for data that is not what it should be. */
#define CLASS_NAME "org.apache.kafka.connect.errors.DataException"

static int
add_headers(struct rd_kafka_headers_s **headersp, const struct dead_letter *letter)
{
    char partition[16], offset[24];
    const struct {
        const char *name, *value;
    } headers[] = {
        {HEADER "topic", letter->topic},
        {HEADER "partition", partition},
        {HEADER "offset", offset},
        {HEADER "stage", letter->undecodable ? "VALUE_CONVERTER" : "TASK_PUT"},
        {HEADER "exception.class.name", CLASS_NAME},
        {HEADER "exception.message", letter->reason},
    };

    snprintf(partition, sizeof(partition), "%" PRId32, letter->partition);
    snprintf(offset, sizeof(offset), "%" PRId64, letter->record->offset);
    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
        if (sink_add_header(headersp, headers[i].name, headers[i].value) < 0)
            return -ENOMEM;
    return 0;
}

int
dead_letter_fill(const struct dead_letter *letter, struct sink_message *message)
{
    const struct source_record *record = letter->record;
    int64_t timestamp = source_timestamp(letter->source, record);

    *message = (struct sink_message){
        .key = record->key,
        .key_length = record->key_length,
        .payload = record->payload,
        .payload_length = record->payload_length,
        .timestamp = timestamp < 0 ? 0 : timestamp,
        .headers = source_copy_headers(letter->source, record),
    };
    return add_headers(&message->headers, letter);
}
