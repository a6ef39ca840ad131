/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Records as topics have them, made before anything is measured: reports of STATIONS stations, day by
 * day, in each form that a record can have.
 */

#include <stddef.h>
#include <stdint.h>

#include "consumer/partition.h"

#define STATIONS 1000

enum form { PROTOBUF, JSON, MAPPED, NESTED, N_FORMS };

extern const char *const form_names[N_FORMS];

/* Ends the program when there is no such form. */
enum form form_find(const char *name);

/* Side by side, as librdkafka has those of a fetch. */
struct records {
    uint8_t *bytes;
    uint16_t *lengths;
    size_t n_records;
};

/* Without memory the program ends. */
void records_init(struct records *records, enum form form, int days);
void records_fini(struct records *records);

/* A partition of such records, without statistics yet. fields is filled, and lives as long. */
void records_partition(struct partition *partition, struct report_fields *fields, enum form form);
