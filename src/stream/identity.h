/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * What is known of the partition that a checkpoint belongs to: cluster, topic, number of
 * partitions, and anchors: offset, timestamp and CRC of a few records that were read, the last one
 * among them and others at growing distances. At the next start they tell the same log from one
 * that was deleted and made again, or cut.
 *
 * Kept in ".partition-N.source" beside the checkpoint. It only states facts about the topic, so
 * neither file's being newer than the other does harm; and being a file, it goes with cp, tar and
 * rsync.
 */

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"

#define IDENTITY_ANCHORS_MAX 16
#define IDENTITY_NAME_SIZE   256

struct identity_anchor {
    int64_t offset;
    int64_t timestamp; /* of the record, milliseconds; -1: it has none */
    uint32_t crc;      /* see identity_crc() */
};

struct identity {
    char cluster[IDENTITY_NAME_SIZE]; /* "": not known yet */
    char topic[IDENTITY_NAME_SIZE];
    int32_t partition;
    int32_t partitions;               /* of the topic; 0: not known yet */
    char station[IDENTITY_NAME_SIZE]; /* the one that all records are of; "": not known, or many */
    size_t n_anchors;
    struct identity_anchor anchors[IDENTITY_ANCHORS_MAX]; /* by ascending offset */
};

/* With a topic of "", identity_load() takes over the one that it finds, if one can be called so. */
void identity_init(struct identity *identity, const char *topic, int32_t partition);

/*
 * Reads the source file of identity's partition: 0; CHECKPOINT_E_NONE; CHECKPOINT_E_CORRUPT;
 * IDENTITY_E_OTHER_TOPIC, when the file is sound and of another topic; a negative errno: the last
 * three with a message.
 */
enum { IDENTITY_E_OTHER_TOPIC = 3 };
int identity_load(struct identity *identity, int directory, struct error *error);

/* Describes the source file for checkpoint_store_all(), until when the identity is borrowed. */
struct checkpoint;
void identity_describe(struct identity *identity, int directory, struct checkpoint *checkpoint);

/* Writes it durably: 0; CHECKPOINT_E_GONE or a negative errno, with a message. */
int identity_store(const struct identity *identity, int directory, struct error *error);

/* CRC-32 over the key's length in four bytes (little end first), the key and the payload. */
uint32_t identity_crc(const void *key, size_t key_length, const void *payload, size_t length);

/*
 * Adds the record that was read last and drops anchors that no longer help: of three in a row the
 * middle one goes when the older is less than 64 times as far away as the newer. Anchors at or
 * beyond its offset go as well.
 */
void identity_add(struct identity *identity, const struct identity_anchor *anchor);
