/* SPDX-License-Identifier: MIT */

/* Where the lines of the log go, and how a line made of hostile bytes stays one line. */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#include "common/log.h"
#include "common/values.h"

static const char *const level_names[] = {
    [LOG_LEVEL_ERR] = "err",   [LOG_LEVEL_WARNING] = "warning", [LOG_LEVEL_NOTICE] = "notice",
    [LOG_LEVEL_INFO] = "info", [LOG_LEVEL_DEBUG] = "debug",
};

/*
 * systemd names the journal's socket in $JOURNAL_STREAM; a shell that redirects stderr leaves the
 * variable as it was.
 */
static bool
stderr_is_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    unsigned long long device, inode;
    struct stat st;

    if (!stream || sscanf(stream, "%llu:%llu", &device, &inode) != 2)
        return false;
    return fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device && st.st_ino == inode;
}

void
log_init(struct log *log, const char *program)
{
    *log = (struct log){
        .program = program,
        .level = LOG_LEVEL_INFO,
        .journal = stderr_is_journal(),
    };
}

void
log_write(const struct log *log, enum log_level level, const char *format, ...)
{
    char text[4096];
    va_list args;

    if (level > log->level)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    value_make_text(text);
    if (!log->journal || sd_journal_send("MESSAGE=%s", text, "PRIORITY=%i", (int)level,
                                         "SYSLOG_IDENTIFIER=%s", log->program, NULL) < 0)
        fprintf(stderr, "%s: %s: %s\n", log->program, level_names[level], text);
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

bool
sampler_pass(struct sampler *sampler, uint64_t now_usec, uint64_t *suppressedp)
{
    if (now_usec < sampler->next_usec) {
        sampler->suppressed++;
        return false;
    }
    *suppressedp = sampler->suppressed;
    sampler->suppressed = 0;
    sampler->next_usec = now_usec + SAMPLER_INTERVAL * UINT64_C(1000000);
    return true;
}
