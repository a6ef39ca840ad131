/* SPDX-License-Identifier: MIT */

/* What a producer keeps on the disk: its directory, the lock of it, and producer.json. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "producer/producer_private.h"
#include "stream/checkpoint.h"
#include "stream/lock.h"

static int
open_directory(struct producer *producer)
{
    struct error error = ERROR_INIT;
    const char *directory = daemon_state_directory(producer->config.directory);
    int result;

    producer->directory = directory;
    producer->directory_fd =
        TEMP_FAILURE_RETRY(open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (producer->directory_fd < 0) {
        log_event(producer->log, MESSAGE_DIRECTORY_UNUSABLE,
                  "directory %s: %s; create it, or set [producer] directory", directory,
                  strerror(errno));
        return EX_CANTCREAT;
    }
    if (faccessat(producer->directory_fd, ".", W_OK | X_OK, AT_EACCESS) < 0) {
        log_event(producer->log, MESSAGE_DIRECTORY_UNUSABLE,
                  "directory %s: %s; weatherd must be able to write there", directory,
                  strerror(errno));
        return EX_CANTCREAT;
    }
    result =
        lock_take(producer->directory_fd, ".producer.lock", "producer", &producer->lock_fd, &error);
    if (result != 0) {
        log_event(producer->log,
                  result == LOCK_E_HELD ? MESSAGE_LOCK_HELD : MESSAGE_DIRECTORY_UNUSABLE, "%s/%s",
                  directory, error.text);
        return EX_CANTCREAT;
    }
    return EX_OK;
}

static int
forget_position(struct producer *producer)
{
    struct error error = ERROR_INIT;
    bool removed;

    if (position_forget(&producer->file, &removed, &error) < 0) {
        log_event(producer->log, MESSAGE_FILE_UNREADABLE, "%s/%s", producer->directory, error.text);
        return EX_IOERR;
    }
    if (removed)
        log_event(producer->log, MESSAGE_POSITION_FORGOTTEN,
                  "%s/" POSITION_FILE " is forgotten, as --fresh says", producer->directory);
    return EX_OK;
}

/* "212 days and 3 reports", "212 rows" */
static const char *
show_position(const struct producer *producer, char text[64])
{
    const struct position *position = &producer->acknowledged;

    if (producer->records)
        snprintf(text, 64, "%llu %s", (unsigned long long)position->days, producer->records);
    else
        snprintf(text, 64, "%llu days and %llu reports", (unsigned long long)position->days,
                 (unsigned long long)position->reports);
    return text;
}

static int
load_position(struct producer *producer)
{
    char shown[64];
    struct position *position = &producer->acknowledged;
    struct error error = ERROR_INIT;
    int result;

    result = position_load(&producer->file, position, &error);
    if (result == POSITION_E_NONE)
        return EX_OK;
    if (result != 0) {
        log_event(producer->log,
                  result == POSITION_E_CORRUPT ? MESSAGE_FILE_REFUSED : MESSAGE_FILE_UNREADABLE,
                  "%s/%s", producer->directory, error.text);
        return result == POSITION_E_CORRUPT ? EX_DATAERR : EX_IOERR;
    }
    if (position->reports > 0 &&
        position->reports >= feed_day_size(producer->feed, position->days)) {
        log_event(producer->log, MESSAGE_FILE_REFUSED,
                  "%s/" POSITION_FILE ": \"reports\" is %llu, but day %llu of the feed has %zu; "
                  "restore the file or the feed, or begin anew with --fresh",
                  producer->directory, (unsigned long long)position->reports,
                  (unsigned long long)position->days,
                  feed_day_size(producer->feed, position->days));
        return EX_DATAERR;
    }
    producer->sent = *position;
    log_event(producer->log, MESSAGE_POSITION_RECOVERED, "going on after %s",
              show_position(producer, shown));
    return EX_OK;
}

int
producer_open_directory(struct producer *producer)
{
    int exit_code = open_directory(producer);

    if (exit_code != EX_OK)
        return exit_code;
    position_file_init(&producer->file, producer->directory_fd, feed_describe(producer->feed));
    return producer->daemon->flag ? forget_position(producer) : load_position(producer);
}

/* It is tried again, but for a directory that is gone: nothing can ever be written there. */
static void
fail_to_save(struct producer *producer, int result, const struct error *error)
{
    producer->paused = true;
    if (result == CHECKPOINT_E_GONE) {
        log_event(producer->log, MESSAGE_CHECKPOINT_FAILED,
                  "%s/%s; restore it from a copy, or create it to begin anew", producer->directory,
                  error->text);
        producer->dirty = false;
        producer_leave(producer, EX_IOERR);
        return;
    }
    producer->paused_told |= log_event_sampled(
        producer->log, producer->leaving ? NULL : &producer->samplers[MESSAGE_CHECKPOINT_FAILED],
        MESSAGE_CHECKPOINT_FAILED, LOG_NO_FIELDS, "%s/%s; sending stands still until it can be%s",
        producer->directory, error->text, producer->leaving ? ", which now it will not" : "");
}

bool
producer_save(struct producer *producer)
{
    const struct position *position = &producer->acknowledged;
    uint64_t started = loop_now();
    struct error error = ERROR_INIT;
    int result = producer->dirty ? position_store(&producer->file, position, &error) : 0;
    char shown[64];

    if (result != 0) {
        fail_to_save(producer, result, &error);
        return false;
    }
    if (producer->dirty)
        log_debug(producer->log, POSITION_FILE ": %s, %.1f ms", show_position(producer, shown),
                  (double)(loop_now() - started) / 1000);
    if (producer->paused_told)
        log_event(producer->log, MESSAGE_CHECKPOINT_RESUMED,
                  "%s/" POSITION_FILE " can be written again; sending goes on",
                  producer->directory);
    producer->dirty = producer->paused = producer->paused_told = false;
    return true;
}

/*
 * All topics are there: from now on they may hold reports of this producer, and are never deleted
 * again. That must be durable before the first report is sent; as long as it can't be, nothing is.
 * It is written also where it is so already: what a crash has left beside the file goes by that.
 */
int
producer_cover_topics(struct producer *producer)
{
    struct position_file *file = &producer->file;
    struct error error = ERROR_INIT;
    int result = 0;

    for (size_t i = 0; i < producer->config.n_topics && result == 0; i++)
        result = position_cover(file, producer->config.topics[i].name, &error);
    if (result < 0) {
        log_event(producer->log, result == -E2BIG ? MESSAGE_FILE_REFUSED : MESSAGE_FAULT, "%s/%s",
                  producer->directory, error.text);
        return result == -E2BIG ? EX_DATAERR : EX_SOFTWARE;
    }
    file->covers_all = false;
    producer->dirty = true;
    if (!producer_save(producer))
        loop_set_timer(producer->save_timer, loop_now() + SAVE_USEC);
    return EX_OK;
}
