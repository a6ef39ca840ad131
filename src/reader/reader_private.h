/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * What reader.c (its life), reading.c (records), saving.c (checkpoints) and the files beside them
 * share. Nobody else includes it.
 */

#include "reader/reader.h"

#define QUERY_TIMEOUT_MSEC 1000 /* of a question to the brokers, which the loop waits for */
#define LAST_TIMEOUT_MSEC  500  /* of one at the end, which must come within five seconds in all */

/*
 * Whether Kafka has not been heard of yet, so that a refusal is final; what worked once, be it before
 * a reload of credentials, is tried again.
 */
static inline bool
reader_is_first_contact(const struct reader *reader)
{
    return reader->heard == 0 && !reader->daemon->executed_again;
}

/* As reader_at(), of a line that names a file of the partition's. */
static inline struct log_fields
reader_at_file(const struct reader_partition *partition, int64_t offset)
{
    struct log_fields fields = reader_at(partition, offset);

    fields.prefix = LOG_PREFIX_NONE;
    return fields;
}

/* How many records were invalid. */
static inline uint64_t *
reader_invalid_of(const struct reader *reader, const struct reader_partition *partition)
{
    return &partition->outcomes[reader->ops->n_outcomes - 1];
}

/* Goes on with a new client, for which the program executes itself again, once all is on disk. */
void reader_renew(struct reader *reader);

/* Has the logs that are read verified again before any further record of theirs is applied. */
void reader_doubt(struct reader *reader);

/*
 * Takes what librdkafka has fetched, for a slice of time; the loop comes back when there is more.
 */
void reader_read(struct reader *reader);

/* Sets the timer of the next reader_save(), when anything has changed. */
void reader_schedule_save(struct reader *reader);

/* Tells the group what the files say, where it may and need be; never waits. */
void reader_commit(struct reader *reader);
void reader_end_commit(struct reader *reader, enum client_event event, const char *text);

/* Asks the group about partitions that had no checkpoint. */
void reader_ask_group(struct reader *reader, int timeout_ms);

/* At the end: tells the group, and waits a little for the answer. */
void reader_commit_last(struct reader *reader);

/* Makes ready what invalid_topic and the metrics need: 0, or the exit code, the reason having been logged. */
int reader_open_letters(struct reader *reader);
int reader_open_metrics(struct reader *reader);

/* Hears what became of what was sent. */
void reader_serve_outbox(struct reader *reader);

/* Looks for its topics that have not been seen. Waits for the brokers. */
void reader_look_for_topics(struct reader *reader);

/* Copies an invalid record to its invalid_topic. False when it can't be yet, or never. */
bool reader_send_letter(struct reader *reader, struct reader_partition *partition,
                        const struct source_record *record, const struct reader_fault *fault);

/* Replaces the file of metrics, when there is something new. */
void reader_show_metrics(struct reader *reader);

/* What happens to either client as a whole and needs no more than a line, sampled. */
void reader_tell_event(struct reader *reader, enum client_event event, const char *text);

/* The brokers have been heard of. */
void reader_note_contact(struct reader *reader);

/* Logs a line about a partition that may come again and again, sampled. */
void reader_warn(struct reader *reader, const struct reader_partition *partition,
                 enum message message, const char *text);

/* Whether a complaint about a partition is another than the last one, and to be logged now. */
bool reader_is_news(struct reader_partition *partition, const char *text);

/*
 * Looks after a topic, when it is its turn: whether it has more partitions than before, and whether
 * one of ours has come to a standstill. Waits for the brokers.
 */
void reader_watch(struct reader *reader);

/* When a stall had the program executed again last; 0: never. */
uint64_t reader_last_stall(void);

/* Tells all partitions of this one's topic what the brokers say of it. */
void reader_tell_topic(struct reader *reader, const struct reader_partition *partition,
                       const struct source_topic *topic);

/* The heartbeat; sets its own timer again. */
void reader_beat(struct reader *reader);
