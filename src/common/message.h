/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The messages that an operator may search for or act upon. Each has an id, which the journal keeps as
 * MESSAGE_ID and which is the message's for ever: an id is never changed, nor used again. The words of a
 * message may change at any time. systemd/weatherd.catalog explains each, weatherd(7) lists them.
 */

enum message {
    /* Any line of that level. It has no id. */
    MESSAGE_ERR,
    MESSAGE_WARNING,
    MESSAGE_NOTICE,
    MESSAGE_INFO,
    MESSAGE_DEBUG,

    MESSAGE_READY,
    MESSAGE_STOPPED,
    MESSAGE_READING,
    MESSAGE_POSITION_RECOVERED,
    MESSAGE_POSITION_FORGOTTEN,

    MESSAGE_SETTINGS_WRONG,
    MESSAGE_SETTINGS_UNWISE,
    MESSAGE_RELOAD_TAKEN,
    MESSAGE_RELOAD_REFUSED,
    MESSAGE_RESTART_NEEDED,

    MESSAGE_BROKER_UNREACHABLE,
    MESSAGE_BROKER_REACHABLE,
    MESSAGE_KAFKA_REFUSES,
    MESSAGE_KAFKA_REFUSES_NOW,
    MESSAGE_KAFKA_TROUBLE,
    MESSAGE_CLIENT_RENEWED,
    MESSAGE_CLIENT_FAILED,

    MESSAGE_TOPIC_MISSING,
    MESSAGE_TOPIC_DELETED,
    MESSAGE_PARTITIONS_CHANGED,
    MESSAGE_CLUSTER_CHANGED,
    MESSAGE_IDENTITY_DIFFERS,
    MESSAGE_IDENTITY_UNVERIFIED,
    MESSAGE_OFFSET_LOST,
    MESSAGE_RECORDS_LOST,

    MESSAGE_RECORD_INVALID,
    MESSAGE_RECORD_REFUSED,
    MESSAGE_RECORD_DAMAGED,
    MESSAGE_STATIONS_FULL,
    MESSAGE_INVALID_TOPIC_WAITING,
    MESSAGE_INVALID_TOPIC_REFUSES,
    MESSAGE_REPORT_FAILED,

    MESSAGE_CHECKPOINT_FAILED,
    MESSAGE_CHECKPOINT_RESUMED,
    MESSAGE_CHECKPOINT_STRETCHED,
    MESSAGE_CHECKPOINT_MISSING,
    MESSAGE_COMMIT_REFUSED,
    MESSAGE_METRICS_FAILED,
    MESSAGE_FILE_REFUSED,
    MESSAGE_FILE_UNREADABLE,
    MESSAGE_DIRECTORY_UNUSABLE,
    MESSAGE_LOCK_HELD,
    MESSAGE_FAULT,

    N_MESSAGES,
};

struct message_row {
    int level;      /* enum log_level */
    const char *id; /* 32 hexadecimal digits; NULL: none */
};

/* By message. */
extern const struct message_row messages[N_MESSAGES];
