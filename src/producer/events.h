/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * What users did who never were, so many events of each in turn, with the message's id as key:
 *
 *     {"userId":"j11288090","visitorId":"jas8v98171","type":"Event","metadata":{"messageId":
 *      "3f1ffcd8-…","sentAt":1534382478,"timestamp":1534382478,"receivedAt":0,"apiKey":"apikey1",
 *      "spaceId":"space1","version":"v1"},"event":"Played Movie","eventData":{"MovieID":"M104482"}}
 *
 * on one line. One a minute on average, from the midnight (UTC) with which a date begins; timestamp
 * and sentAt, which are the same, are in seconds since 1970 and ascend.
 */

#include <stdint.h>

#include "producer/record_source.h"

struct events_settings {
    int64_t users;
    int64_t events; /* of each */
    int32_t start;  /* see common/date.h */
    uint64_t seed;
};

extern const struct record_source events_source;
