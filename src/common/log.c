/* SPDX-License-Identifier: MIT */

/* Where the lines of the log go, and how a line made of hostile bytes stays one line. */

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#include "common/log.h"
#include "common/loop.h"
#include "common/values.h"

#define JOURNAL_SOCKET "/run/systemd/journal/socket"
#define TEXT_SIZE      4096

/* An entry of the journal. */
struct entry {
    size_t n_fields, used;
    struct iovec fields[8];
    char bytes[TEXT_SIZE + 1024];
};

static const char *const level_names[] = {
    [LOG_LEVEL_ERR] = "err",   [LOG_LEVEL_WARNING] = "warning", [LOG_LEVEL_NOTICE] = "notice",
    [LOG_LEVEL_INFO] = "info", [LOG_LEVEL_DEBUG] = "debug",
};

/*
 * systemd names the journal's stream in $JOURNAL_STREAM; a shell that redirects stderr leaves the
 * variable as it was. In a sandbox without the journal's socket libsystemd would drop what is sent to it
 * without a word, while the stream still works.
 */
static bool
stderr_is_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    unsigned long long device, inode;
    struct stat st;

    if (!stream || sscanf(stream, "%llu:%llu", &device, &inode) != 2)
        return false;
    return fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device && st.st_ino == inode &&
           access(JOURNAL_SOCKET, W_OK) == 0;
}

void
log_init(struct log *log, const char *program)
{
    *log = (struct log){
        .program = program,
        .level = LOG_LEVEL_INFO,
        .journal = stderr_is_journal(),
    };
    /*
     * journald asks /proc for the unit of who sends, which may be gone by then: one in fifty starts
     * that failed had its reason in no unit's log. Of who has used the stream it knows the unit from
     * there, and an empty line is not logged.
     */
    if (log->journal && write(STDERR_FILENO, "\n", 1) < 0)
        log->journal = false;
}

/* How the text of a line begins; returns its length. */
static size_t
put_prefix(char text[TEXT_SIZE], const struct log_fields *fields)
{
    char offset[32] = "";

    if (fields->partition < 0 || fields->prefix == LOG_PREFIX_NONE)
        return 0;
    if (fields->prefix == LOG_PREFIX_RECORD)
        snprintf(offset, sizeof(offset), " offset %" PRId64, fields->offset);
    return (size_t)snprintf(text, TEXT_SIZE, "%.255s partition %" PRId32 "%s: ", fields->topic,
                            fields->partition, offset);
}

static void __attribute__((format(printf, 2, 3)))
add_field(struct entry *entry, const char *format, ...)
{
    char *field = entry->bytes + entry->used;
    size_t room = sizeof(entry->bytes) - entry->used;
    va_list args;
    int length;

    va_start(args, format);
    length = vsnprintf(field, room, format, args);
    va_end(args);
    if (length < 0 || (size_t)length >= room)
        return;
    entry->fields[entry->n_fields++] = (struct iovec){field, (size_t)length};
    entry->used += (size_t)length;
}

static bool
send_to_journal(const struct log *log, const struct message_row *row,
                const struct log_fields *fields, const char *text)
{
    struct entry entry;

    entry.n_fields = entry.used = 0;
    add_field(&entry, "MESSAGE=%s", text);
    add_field(&entry, "PRIORITY=%d", row->level);
    add_field(&entry, "SYSLOG_IDENTIFIER=%s", log->program);
    if (row->id)
        add_field(&entry, "MESSAGE_ID=%s", row->id);
    if (fields->topic)
        add_field(&entry, "WEATHERD_TOPIC=%s", fields->topic);
    if (fields->partition >= 0)
        add_field(&entry, "WEATHERD_PARTITION=%" PRId32, fields->partition);
    if (fields->offset >= 0)
        add_field(&entry, "WEATHERD_OFFSET=%" PRId64, fields->offset);
    if (fields->station && fields->station[0] &&
        value_is_text(fields->station, strlen(fields->station)))
        add_field(&entry, "WEATHERD_STATION=%s", fields->station);
    return sd_journal_sendv(entry.fields, (int)entry.n_fields) >= 0;
}

bool
log_event_sampled(const struct log *log, struct sampler *sampler, enum message message,
                  struct log_fields fields, const char *format, ...)
{
    const struct message_row *row = &messages[message];
    uint64_t left_out = 0;
    char text[TEXT_SIZE];
    va_list args;
    size_t n;

    if (row->level > (int)log->level || (sampler && !sampler_pass(sampler, loop_now(), &left_out)))
        return false;
    n = put_prefix(text, &fields);
    va_start(args, format);
    vsnprintf(text + n, TEXT_SIZE - n, format, args);
    va_end(args);
    n = strlen(text);
    if (left_out > 0)
        snprintf(text + n, TEXT_SIZE - n, " (%" PRIu64 " more since the last such line)", left_out);
    value_make_text(text);
    if (!log->journal || !send_to_journal(log, row, &fields, text))
        fprintf(stderr, "%s: %s: %s\n", log->program, level_names[row->level], text);
    return true;
}

bool
log_level_parse(const char *text, enum log_level *levelp)
{
    for (int level = LOG_LEVEL_ERR; level <= LOG_LEVEL_DEBUG; level++) {
        if (strcmp(text, level_names[level]) == 0) {
            *levelp = (enum log_level)level;
            return true;
        }
    }
    return false;
}
