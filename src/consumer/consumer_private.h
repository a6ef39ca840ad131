/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * What consumer.c (its life), reading.c (records) and saving.c (checkpoints) share. Nobody else
 * includes it.
 */

#include <time.h>

#include "common/log.h"
#include "common/loop.h"
#include "consumer/assignment.h"
#include "consumer/consumer.h"
#include "consumer/consumer_settings.h"
#include "stream/stream.h"

#define SECOND             UINT64_C(1000000) /* in microseconds, as all times of loop_now() */
#define QUERY_TIMEOUT_MSEC 1000 /* of a question to the brokers, which the loop waits for */

/* A partition, its durable state, and what the loop knows of it. */
struct consumer_partition {
    struct stream stream;
    struct partition partition;
    const char *topic;
    int32_t number;
    const struct source_record *last; /* of this batch */
    bool out_of_range;                /* the broker is to be asked which offsets it has */
    bool stuck;          /* to be read again from stream_start(), with the next heartbeat */
    bool restart;        /* to be read from stream_start(), after this batch */
    bool ended;          /* --until-end: has reached until */
    bool described;      /* the topic's cluster and partitions are known */
    int64_t until;       /* the end at the first contact; -1 before it */
    char complaint[256]; /* logged last about it, not to be repeated */
    struct sampler invalid;
};

struct consumer {
    struct daemon *daemon;
    const struct log *log;
    struct settings *settings; /* what it was started with */
    struct consumer_settings config;
    struct assignment assignment;
    size_t n_partitions;
    struct consumer_partition *partitions;
    struct loop *loop;
    struct source *source;
    struct loop_timer *save_timer;
    struct loop_timer *heartbeat_timer;
    uint64_t started;
    size_t next_asked;     /* the partition that the heartbeat may ask about next */
    uint64_t save_started; /* the last one */
    uint64_t save_ended;
    uint64_t heard;   /* when a partition was heard of last */
    uint64_t applied; /* records, whatever became of them */
    struct sampler save_failures, failures;
    bool slow_saves_logged;
    bool paused; /* a file can't be written: nothing is read */
    bool down;   /* no broker can be reached, */
    time_t down_since;
    bool leaving;
    int exit_code;
    char instance[512];
};

/* Ends the loop with this exit code; the first one counts. */
void consumer_leave(struct consumer *consumer, int exit_code);

/*
 * Takes what librdkafka has fetched, for a slice of time; the loop comes back when there is more.
 */
void consumer_read(struct consumer *consumer);

/*
 * Replaces the files of all partitions that have changed. False, and logged, when one could not be:
 * nothing is read then.
 */
bool consumer_save(struct consumer *consumer);

/* Sets the timer of the next consumer_save(), when anything has changed. */
void consumer_schedule_save(struct consumer *consumer);

/* Asks the brokers for cluster and number of partitions of the topics that are running, once. */
void consumer_learn(struct consumer *consumer);

/* The heartbeat; sets its own timer again. */
void consumer_beat(struct consumer *consumer);
