/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * What producer.c (its life), keeping.c (its files), producer_metrics.c and sending.c (reports on
 * their way) share. Nobody else includes it.
 */

#include "common/log.h"
#include "common/loop.h"
#include "producer/position.h"
#include "producer/producer.h"
#include "producer/producer_settings.h"
#include "stream/metrics.h"
#include "stream/sink.h"

#define SECOND    UINT64_C(1000000) /* in microseconds, as all times of loop_now() */
#define SAVE_USEC SECOND            /* between two writes of the position */

struct producer {
    struct daemon *daemon;
    const struct log *log;
    struct settings *settings; /* what it was started with */
    char *credentials;         /* the client's, see kafka_conf_credentials() */
    struct producer_settings config;
    const char *directory;
    int directory_fd;
    int lock_fd;
    struct feed *feed;
    struct loop *loop;
    struct sink *sink;
    struct topics_plan plan;
    struct topics *topics; /* NULL: they are there */
    struct loop_timer *day_timer, *save_timer, *topics_timer, *end_timer, *metrics_timer;
    struct metrics *metrics; /* NULL: none */
    char *process;           /* as the metrics call it */
    bool reload_failed;
    struct position_file file; /* producer.json */
    struct position acknowledged;
    struct position sent;
    size_t day_size;           /* of sent.days; 0: not begun */
    const struct report *day;  /* of sent.days; NULL: it is a record */
    struct feed_record record; /* of sent.days, while opened */
    const char *records;       /* what the feed gives instead of days; NULL: reports */
    bool opened;               /* the report at sent.reports has its place in the window */
    size_t message;            /* of the report at sent.reports, the next one to send */
    uint64_t number;      /* of that report in the window, once its first message has been tried */
    uint64_t day_started; /* loop_now() */
    uint64_t days_left;   /* UINT64_MAX: for ever */
    uint64_t total;       /* reports acknowledged in this run */
    struct sampler samplers[N_MESSAGES]; /* of those that may repeat */
    struct error complaint;              /* the last one about topics */
    bool dirty;                          /* producer.json is behind */
    bool paused;                         /* it can't be written: nothing is sent, */
    bool paused_told;                    /* which the log says */
    bool down;                           /* no broker can be reached, */
    bool down_told;                      /* which the log says */
    bool stopping;                       /* nothing more is sent */
    bool again;
    bool leaving;
    int exit_code;
    struct window window;
};

/* A line of the log is about this topic. */
static inline struct log_fields
producer_at(const char *topic)
{
    struct log_fields fields = LOG_NO_FIELDS;

    fields.topic = topic;
    return fields;
}

/* Ends the loop with this exit code; the first one counts. */
void producer_leave(struct producer *producer, int exit_code);

/* When it is stopping: leaves once nothing is on its way. */
void producer_leave_when_done(struct producer *producer);

/*
 * Opens the directory, takes its lock, and reads producer.json, or forgets it. 0, or the exit code,
 * the reason having been logged.
 */
int producer_open_directory(struct producer *producer);

/* Writes producer.json if there is anything new. False when it can't; nothing is sent until it can. */
bool producer_save(struct producer *producer);

/* Lists the topics in producer.json. 0, or the exit code, the reason having been logged. */
int producer_cover_topics(struct producer *producer);

/* Opens what the metrics need, if there are to be any. 0, or the exit code, as above. */
int producer_open_metrics(struct producer *producer);

/* Writes the metrics, if there are to be any. */
void producer_show_metrics(struct producer *producer);

/*
 * Sends what there is room and time for, for a slice of time; the loop comes back when there is
 * more.
 */
void producer_send(struct producer *producer);

/* A message of a report was acknowledged, or can't be delivered, ever. */
void producer_acknowledge(struct producer *producer, uint64_t number);
void producer_fail(struct producer *producer, uint64_t number, const char *reason);
