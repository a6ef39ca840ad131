/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * What a directory of weatherd-consumer's or weatherd-forecast's holds at a moment: each
 * partition-N.json, read and checked by the daemon's own code, with what stands beside it. Nothing is
 * locked or written.
 */

#include <stdbool.h>
#include <sys/stat.h>

#include "consumer/consumer_settings.h"
#include "consumer/partition.h"
#include "forecast/outlook.h"
#include "stream/identity.h"

struct snapshot_file {
    char *path; /* as it is to be called in messages */
    char topic[IDENTITY_NAME_SIZE];
    int32_t number;
    int64_t offset;
    int64_t end;            /* of the partition in Kafka, for whoever asks there; -1: not known */
    double rate;            /* records a second, likewise; -1 */
    bool is_forecast;       /* weatherd-forecast's: */
    struct outlook outlook; /* its stations and score. Else */
    struct partition partition;       /* its layout and statistics */
    char station[IDENTITY_NAME_SIZE]; /* the one that a monthly file is of; "": not known */
    struct timespec written_at;
    ino_t inode;
    pid_t holder; /* of its lock; 0: none that can be seen */
    bool good;
    struct error error; /* why it is not */
    /* Where it was met: in DIRECTORY itself, in one of its topic's own, or elsewhere. */
    enum { SNAPSHOT_DIRECTORY, SNAPSHOT_TOPIC, SNAPSHOT_ELSEWHERE } found_in;
    bool is_copy; /* another file is the one of its partition */
};

struct snapshot {
    size_t n_files;
    struct snapshot_file *files; /* by topic, that of DIRECTORY itself first, then by number */
    size_t n_topics;
    size_t n_copies;      /* that have been left out */
    char *copy;           /* the first of them */
    size_t n_directories; /* that have been read, none twice */
    struct snapshot_directory {
        dev_t device;
        ino_t inode;
    } * directories;
};

/* Where to look, and whose files those are that do not say so themselves. */
struct snapshot_place {
    const char *directory;
    const char *topic;
    const struct reader_settings *config; /* further directories of [topic NAME]; NULL: none */
};

/*
 * Reads DIRECTORY and its subdirectories that are called like a topic and have such files. A file
 * that is not good is there, with its error. Of several of one partition, as with a copy that
 * somebody keeps in a subdirectory, only the first is, in the order of found_in. 0, or a negative errno with a message when DIRECTORY
 * can't be read. Release with snapshot_fini() in either case.
 */
int snapshot_read(struct snapshot *snapshot, const struct snapshot_place *place,
                  struct error *error);
void snapshot_fini(struct snapshot *snapshot);

/*
 * Reads one file of a directory and its source file where there is one; the topic is the one given
 * where that does not say. 0, also when the file is not good; SNAPSHOT_E_NONE when there is none.
 * Release with snapshot_file_fini() in either case.
 */
enum { SNAPSHOT_E_NONE = 1 };
int snapshot_read_file(struct snapshot_file *file, int directory, const char *name,
                       const char *topic);
void snapshot_file_fini(struct snapshot_file *file);

/* How many stations or, of a monthly file, months there are. */
size_t snapshot_entries(const struct snapshot_file *file);

/* N of "partition-N.json", or -1 when it is not called so. */
int32_t snapshot_number(const char *name);

/* Logs what is wrong with the bad ones and returns how many there are; copies are told, not counted. */
struct log;
size_t snapshot_complain(const struct snapshot *snapshot, const struct log *log);
