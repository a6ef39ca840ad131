/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * What every program does with partitions of Kafka, whatever it makes of the records: one thread, one
 * loop. Records come in batches from the source, each goes to its partition's state, and a timer
 * replaces the files of those that have changed. What is particular to a program stands behind struct
 * reader_ops.
 *
 * This is for such programs; reader_private.h is for the reader's own files.
 */

#include <time.h>

#include "common/daemon.h"
#include "common/log.h"
#include "common/loop.h"
#include "reader/assignment.h"
#include "reader/outbox.h"
#include "reader/reader_settings.h"
#include "stream/metrics.h"
#include "stream/source.h"
#include "stream/stream.h"

struct reader;
struct reader_partition;

#define SECOND UINT64_C(1000000) /* in microseconds, as all times of loop_now() */

/* What a program makes of a record. */
enum reader_verdict {
    READER_PASS,
    READER_INVALID,
    READER_NO_MEMORY,
    READER_AGAIN, /* it was not dealt with: it is met again, or the reader is leaving */
};

/* What is wrong with an invalid record. */
struct reader_fault {
    struct error reason;
    const char *station;  /* "": not known */
    bool undecodable;     /* rather than decoded, and impossible */
    enum message message; /* what is logged */
};

/* What a client that sends is for, in the log. */
struct reader_sink {
    const char *setting;
    enum message refused; /* what is logged when it can never send, */
    enum message waiting; /* and when something has not been acknowledged at the end */
};

/* A program. Functions that it does not need may be NULL; all are called in the loop's thread. */
struct reader_ops {
    const struct reader_kind *kind;
    const struct stream_state_ops *state;

    struct reader_sink sink; /* what is sent on account of records */

    /* By what became of them records are counted, one name each; the last is "invalid". */
    const char *const *outcomes;
    size_t n_outcomes;

    /* Makes a partition's state and outcomes, before its file is loaded, and goes on once it is. */
    int (*open)(struct reader *reader, struct reader_partition *partition); /* 0 or -ENOMEM */
    void (*opened)(struct reader_partition *partition);
    /* Its rules are other ones: at the start and after a reload. */
    void (*follow)(struct reader_partition *partition);
    enum reader_verdict (*apply)(struct reader *reader, struct reader_partition *partition,
                                 const struct source_record *record, struct reader_fault *fault);
    /* The last record of a batch has been applied. */
    void (*remember)(struct reader_partition *partition);
    /* "250 stations": for the log. */
    void (*describe)(const struct reader_partition *partition, char *text, size_t size);

    size_t (*count_stations)(const struct reader_partition *partition);

    /* What the program has beside: 0, or the exit code, the reason having been logged. */
    int (*start)(struct reader *reader);
    /* Settings are to take over, at the start and at a reload: false, and logged, when they can't. */
    bool (*accept)(struct reader *reader, const struct reader_settings *config);
    /* The brokers have said how many partitions its topic has, and of which cluster it is. */
    void (*learned)(struct reader *reader, struct reader_partition *partition, bool other_cluster);
    /* The files have been replaced, unless the reader is paused; that began then. */
    void (*saved)(struct reader *reader, uint64_t started);
    /* Once a second. */
    void (*beat)(struct reader *reader);
    /* --until-end: whether nothing more is under way; once it sets finishing nothing is read. */
    bool (*finish)(struct reader *reader);
    /* At the end, after the last checkpoint: waits a little for what is under way. */
    void (*drain)(struct reader *reader);
    /* Its own figures, within the file of metrics. */
    void (*show)(struct reader *reader);
    const char *program; /* their label where another program's are called the same; or NULL */
};

/* What becomes of a partition's records when the batch at hand has been dealt with. */
enum flow {
    FLOW_ON,
    FLOW_RESTART, /* it is read from stream_start() */
    FLOW_RANGE,   /* the broker is asked which offsets it has */
    FLOW_HELD,    /* it is read from stream_start() after the next heartbeat */
};

/* A partition, its durable state, and what the loop knows of it. */
struct reader_partition {
    struct stream stream;
    void *state;                 /* the program's */
    struct outbox_topic letters; /* of invalid_topic */
    uint64_t *outcomes;          /* likewise: how many records, since the start of the process */
    const char *topic;
    int32_t number;
    const struct reader_topic *rules; /* follows a reload; */
    const struct reader_topic *fixed; /* as it was at the start, for what needs a restart */
    uint64_t
        interval; /* its file is replaced that often, in microseconds; rules' but for the program */
    const struct source_record *last; /* of this batch */
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

    /* For those who watch. */
    int64_t durable;   /* offset of the last checkpoint; -1: none yet */
    int64_t committed; /* offset that the group was told last; -1 */
    int64_t lost;      /* records that the broker no longer had */
    int64_t last_timestamp;
    time_t saved_at; /* 0: not yet */
    uint64_t save_duration;
    uint64_t save_failures;
};

/* A program's own struct begins with it. */
struct reader {
    const struct reader_ops *ops;
    struct daemon *daemon;
    const struct log *log;
    struct settings *settings;      /* what it was started with */
    struct reader_settings config;  /* as of the last reload */
    struct reader_settings initial; /* as of the start */
    struct assignment assignment;
    size_t n_partitions;
    struct reader_partition *partitions;
    struct loop *loop;
    struct source *source;
    struct loop_timer *save_timer;
    struct loop_timer *heartbeat_timer;
    struct outbox *outbox;      /* NULL: nothing is sent on account of records */
    char outbox_complaint[320]; /* logged last about its topics, not to be repeated */
    struct metrics *metrics;    /* NULL: none */
    char *credentials;          /* the client's, see kafka_conf_credentials() */
    uint64_t seed;              /* of hash tables: random */
    uint64_t started;
    size_t next_asked;     /* the partition that the heartbeat may ask about next */
    size_t next_question;  /* the heartbeat's, when the brokers are slow */
    size_t next_watched;   /* the partition whose topic is looked after next */
    uint64_t watched;      /* when that began anew with the first */
    uint64_t stalled;      /* when a stall had the program executed again; 0: never */
    uint64_t save_started; /* the last one */
    uint64_t save_ended;
    uint64_t save_average;               /* how long one takes: of the last few, by far */
    uint64_t heard;                      /* when a partition was heard of last */
    uint64_t applied;                    /* records, whatever became of them */
    struct sampler samplers[N_MESSAGES]; /* of those that may repeat */
    bool slow_saves_logged;
    bool paused;      /* a file can't be written: nothing is read, */
    bool paused_told; /* which the log says */
    bool awaiting;    /* nothing is read, nothing saved, until all of the outbox is acknowledged */
    bool committing;
    bool commit_refused;
    uint64_t commit_started;
    unsigned group_asked; /* how often */
    bool metrics_due;
    bool reload_failed;
    bool down;      /* no broker can be reached, */
    bool down_told; /* which the log says */
    time_t down_since;
    bool finishing; /* --until-end: all is read, the program's last things are under way */
    bool renewing;  /* a new client is wanted, once the files can be written */
    bool leaving;
    uint64_t left; /* since when */
    bool again;    /* by executing the program again: a client can't be made anew */
    int exit_code;
    char instance[512];
};

/*
 * The whole of a daemon's run: makes everything ready that needs no broker (directories, locks,
 * files, the client), reads until it is told to stop or something ends it, then writes what is not
 * yet on disk. The struct is zero but for what is the program's own. Takes over settings. The exit
 * code, its reason having been logged.
 */
int reader_run(struct reader *reader, const struct reader_ops *ops, struct daemon *daemon,
               struct settings *settings);

/* What a line of the log is about; an offset of -1 for none. The line begins with topic and partition. */
static inline struct log_fields
reader_at(const struct reader_partition *partition, int64_t offset)
{
    return (struct log_fields){
        .topic = partition->topic, .partition = partition->number, .offset = offset};
}

/* Ends the loop with this exit code; the first one counts. */
void reader_leave(struct reader *reader, int exit_code);

/*
 * Replaces the files of all partitions that have changed. False, and logged, when one could not be:
 * nothing is read then.
 */
bool reader_save(struct reader *reader);

/*
 * Asks the brokers for cluster and number of partitions of the topics that are running, once; no
 * further after a second.
 */
void reader_learn(struct reader *reader);

/* What happens to the client that sends for a setting, as a whole. */
void reader_hear_sink(struct reader *reader, const struct reader_sink *sink,
                      enum client_event event, const char *text);

/* A family of figures of which each partition has a value; NAN: not known. */
struct reader_metric {
    struct metric metric;
    double (*get)(const struct reader *reader, const struct reader_partition *partition);
};
void reader_show_family(struct reader *reader, const struct reader_metric *family);

/* One value of the family that was begun, with a further label (NULL: none). */
void reader_show_value(struct reader *reader, const struct reader_partition *partition,
                       const char *label, const char *word, double value);

/* Adds a topic for reader_send(): 0, or the exit code, the reason having been logged. */
int reader_add_outbox_topic(struct reader *reader, const struct outbox_topic *topic);

/*
 * Sends a message on account of the record at this offset, which no checkpoint passes until the message
 * has been acknowledged. Takes over its headers. False when that can't be yet, or never: the record is
 * met again, or the reader is leaving. about: the record, for the log, as "leads to a prediction".
 */
bool reader_send(struct reader *reader, struct reader_partition *partition, int64_t offset,
                 const struct outbox_topic *topic, struct sink_message *message, const char *about);
