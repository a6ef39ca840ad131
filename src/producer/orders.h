/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Orders that were never placed, for consumers of nested records, without an end:
 *
 *     {"ordertime":1497014222380,"orderid":18,"itemid":"Item_184",
 *      "address":{"city":"Mountain View","state":"CA","zipcode":94041}}
 *
 * on one line, with the number as key. One a second on average, from the midnight (UTC) with which a
 * date begins; ordertime is in milliseconds since 1970 and ascends.
 */

#include <stdint.h>

#include "producer/record_source.h"

struct orders_settings {
    int32_t start; /* see common/date.h */
    uint64_t seed;
};

extern const struct record_source orders_source;
