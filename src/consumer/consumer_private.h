/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * What consumer.c (its life), reading.c (records), saving.c (checkpoints) and the files beside them share. Nobody else
 * includes it.
 */

#include <time.h>

#include "common/log.h"
#include "common/loop.h"
#include "consumer/assignment.h"
#include "consumer/changes.h"
#include "consumer/consumer.h"
#include "consumer/consumer_settings.h"
#include "consumer/dead_letters.h"
#include "stream/metrics.h"
#include "stream/stream.h"

#define SECOND             UINT64_C(1000000) /* in microseconds, as all times of loop_now() */
#define QUERY_TIMEOUT_MSEC 1000 /* of a question to the brokers, which the loop waits for */
#define LAST_TIMEOUT_MSEC  500  /* of one at the end, which must come within five seconds in all */

/* What becomes of a partition's records when the batch at hand has been dealt with. */
enum flow {
    FLOW_ON,
    FLOW_RESTART, /* it is read from stream_start() */
    FLOW_RANGE,   /* the broker is asked which offsets it has */
    FLOW_HELD,    /* it is read from stream_start() after the next heartbeat */
};

/* A partition, its durable state, and what the loop knows of it. */
struct consumer_partition {
    struct stream stream;
    struct partition partition;
    const char *topic;
    int32_t number;
    const struct consumer_topic *rules; /* follows a reload; */
    const struct consumer_topic *fixed; /* as it was at the start, for what needs a restart */
    const struct source_record *last;   /* of this batch */
    enum flow flow;
    bool ended;          /* --until-end: has reached until */
    bool described;      /* the topic's cluster and partitions are known */
    bool is_new;         /* it had no checkpoint, so the group is asked whether it knows of one */
    int64_t until;       /* the end at the first contact; -1 before it */
    int64_t end_met;     /* of the log, when it was met last; -1 */
    bool heard;          /* of, since its topic was looked after */
    unsigned behind;     /* how often in a row it then had records that do not come */
    char complaint[256]; /* logged last about it, not to be repeated */
    struct sampler complaints, invalid;

    /* With a summary_topic. */
    bool summarised;
    bool keyed; /* the key of each record must be its station: not all partitions are held, or it is
                   not known */
    struct changes changes;
    int64_t handed;       /* offset of the checkpoint whose summaries are all on their way; -1 */
    int64_t acknowledged; /* likewise, that have arrived; -1 */
    int64_t marked;       /* likewise, in the file that says so; -1 */

    /* For those who watch. */
    int64_t durable;   /* offset of the last checkpoint; -1: none yet */
    int64_t committed; /* offset that the group was told last; -1 */
    int64_t lost;      /* records that the broker no longer had */
    int64_t last_timestamp;
    time_t saved_at; /* 0: not yet */
    uint64_t save_duration;
    uint64_t save_failures;
};

struct consumer {
    struct daemon *daemon;
    const struct log *log;
    struct settings *settings;        /* what it was started with */
    struct consumer_settings config;  /* as of the last reload */
    struct consumer_settings initial; /* as of the start */
    struct assignment assignment;
    size_t n_partitions;
    struct consumer_partition *partitions;
    struct loop *loop;
    struct source *source;
    struct loop_timer *save_timer;
    struct loop_timer *heartbeat_timer;
    struct dead_letters *letters; /* NULL: no invalid_topic */
    char letters_complaint[320];  /* logged last about it, not to be repeated */
    struct summaries *summaries;  /* NULL: no summary_topic */
    struct metrics *metrics;      /* NULL: none */
    char *credentials;            /* the client's, see kafka_conf_credentials() */
    uint64_t started;
    size_t next_asked;     /* the partition that the heartbeat may ask about next */
    size_t next_question;  /* the heartbeat's, when the brokers are slow */
    size_t next_watched;   /* the partition whose topic is looked after next */
    uint64_t watched;      /* when that began anew with the first */
    uint64_t stalled;      /* when a stall had the program executed again; 0: never */
    uint64_t save_started; /* the last one */
    uint64_t save_ended;
    uint64_t heard;                      /* when a partition was heard of last */
    uint64_t applied;                    /* records, whatever became of them */
    struct sampler samplers[N_MESSAGES]; /* of those that may repeat */
    bool slow_saves_logged;
    bool paused;      /* a file can't be written: nothing is read, */
    bool paused_told; /* which the log says */
    bool awaiting;    /* nothing is read, nothing saved, until invalid records are acknowledged */
    bool committing;
    bool commit_due;
    bool commit_refused;
    uint64_t commit_started;
    unsigned group_asked; /* how often */
    bool metrics_due;
    bool reload_failed;
    bool down;      /* no broker can be reached, */
    bool down_told; /* which the log says */
    time_t down_since;
    bool finishing; /* --until-end: all is read, the last summaries are under way */
    bool renewing;  /* a new client is wanted, once the files can be written */
    bool leaving;
    uint64_t left; /* since when */
    bool again;    /* by executing the program again: a client can't be made anew */
    int exit_code;
    char instance[512];
};

/*
 * Whether Kafka has not been heard of yet, so that a refusal is final; what worked once, be it before
 * a reload of credentials, is tried again.
 */
static inline bool
consumer_is_first_contact(const struct consumer *consumer)
{
    return consumer->heard == 0 && !consumer->daemon->executed_again;
}

/* What a line of the log is about; an offset of -1 for none. The line begins with topic and partition. */
static inline struct log_fields
consumer_at(const struct consumer_partition *partition, int64_t offset)
{
    return (struct log_fields){
        .topic = partition->topic, .partition = partition->number, .offset = offset};
}

/* The same of a line that names a file of the partition's. */
static inline struct log_fields
consumer_at_file(const struct consumer_partition *partition, int64_t offset)
{
    struct log_fields fields = consumer_at(partition, offset);

    fields.prefix = LOG_PREFIX_NONE;
    return fields;
}

/* Ends the loop with this exit code; the first one counts. */
void consumer_leave(struct consumer *consumer, int exit_code);

/* Goes on with a new client, for which the program executes itself again, once all is on disk. */
void consumer_renew(struct consumer *consumer);

/* Has the logs that are read verified again before any further record of theirs is applied. */
void consumer_doubt(struct consumer *consumer);

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

/* Tells the group what the files say, where it may and need be; never waits. */
void consumer_commit(struct consumer *consumer);
void consumer_end_commit(struct consumer *consumer, enum client_event event, const char *text);

/* Asks the group about partitions that had no checkpoint. */
void consumer_ask_group(struct consumer *consumer, int timeout_ms);

/* At the end: tells the group, and waits a little for the answer. */
void consumer_commit_last(struct consumer *consumer);

/* Makes ready what invalid_topic and the metrics need: 0, or the exit code, the reason having been logged. */
int consumer_open_letters(struct consumer *consumer);
int consumer_open_metrics(struct consumer *consumer);

/* Hears what became of the copies. */
void consumer_serve_letters(struct consumer *consumer);

/* Copies an invalid record to its invalid_topic. False when it can't be yet, or never. */
bool consumer_send_letter(struct consumer *consumer, struct consumer_partition *partition,
                          const struct source_record *record, const struct error *reason);

/* What happens to the client that sends for a setting, as a whole. */
struct consumer_sink {
    const char *setting;
    enum message refused; /* what is logged when it can never send */
};
void consumer_hear_sink(struct consumer *consumer, const struct consumer_sink *sink,
                        enum client_event event, const char *text);

/* Makes ready what summary_topic needs: 0, or the exit code, the reason having been logged. */
int consumer_open_summaries(struct consumer *consumer);

/*
 * Sends summaries of what has changed, where memory is what the files say and it is their turn at
 * this time; never waits.
 */
void consumer_send_summaries(struct consumer *consumer, uint64_t now);

/* Hears what became of them. */
void consumer_serve_summaries(struct consumer *consumer);

/* Keeps in files what has been acknowledged, where that is the last checkpoint. */
void consumer_mark_summaries(struct consumer *consumer, uint64_t until);

/* --until-end: whether all are acknowledged. Nothing is read any more. */
bool consumer_finish_summaries(struct consumer *consumer);

/* At the end: sends what is left, and waits a little for the answers. */
void consumer_drain_summaries(struct consumer *consumer);

/*
 * A record whose key is not its station: whether that may be, because all partitions of the topic
 * are held. If not, it is met again, or the consumer is leaving.
 */
bool consumer_admit_key(struct consumer *consumer, struct consumer_partition *partition,
                        const struct source_record *record, const struct error *reason);

/* The brokers have said how many partitions this one's topic has, and of which cluster it is. */
void consumer_follow_topic(struct consumer *consumer, struct consumer_partition *partition,
                           bool other_cluster);

/* Their figures, within the file of metrics. */
void consumer_show_summaries(struct consumer *consumer);

/* Replaces the file of metrics, when there is something new. */
void consumer_show_metrics(struct consumer *consumer);

/* What happens to either client as a whole and needs no more than a line, sampled. */
void consumer_tell_event(struct consumer *consumer, enum client_event event, const char *text);

/* The brokers have been heard of. */
void consumer_note_contact(struct consumer *consumer);

/* Logs a line about a partition that may come again and again, sampled. */
void consumer_warn(struct consumer *consumer, const struct consumer_partition *partition,
                   enum message message, const char *text);

/* Whether a complaint about a partition is another than the last one, and to be logged now. */
bool consumer_is_news(struct consumer_partition *partition, const char *text);

/*
 * Asks the brokers for cluster and number of partitions of the topics that are running, once; no
 * further after a second.
 */
void consumer_learn(struct consumer *consumer);

/*
 * Looks after a topic, when it is its turn: whether it has more partitions than before, and whether
 * one of ours has come to a standstill. Waits for the brokers.
 */
void consumer_watch(struct consumer *consumer);

/* When a stall had the program executed again last; 0: never. */
uint64_t consumer_last_stall(void);

/* Tells all partitions of this one's topic what the brokers say of it. */
void consumer_tell_topic(struct consumer *consumer, const struct consumer_partition *partition,
                         const struct source_topic *topic);

/* The heartbeat; sets its own timer again. */
void consumer_beat(struct consumer *consumer);
