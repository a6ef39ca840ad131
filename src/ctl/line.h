/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * What tail prints of a record: one line of JSON. No input; output to a FILE of the caller's.
 */

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "record/report_format.h"

struct line_record {
    int32_t partition;
    int64_t offset;
    const void *key; /* NULL: none */
    size_t key_length;
    const void *payload; /* NULL: none */
    size_t payload_length;
};

/*
 * {"station_id": "StationC", "date": "2008-12-17", "degrees": 35.2621, "partition": 2}, with
 * "raining" 0 or 1 behind it where known. Of what is no report partition, offset and "error". 0, or
 * a negative errno.
 */
int line_write_report(FILE *file, const struct line_record *record, struct report_reader *reader);

/*
 * {"partition": 2, "offset": 17, "key": "StationC", "value": "…"}: null where there is none, and
 * "key_base64", "value_base64" where it is no UTF-8 or holds a NUL, DEL or C1 control. 0, or a
 * negative errno.
 */
int line_write_raw(FILE *file, const struct line_record *record);
