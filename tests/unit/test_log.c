/* SPDX-License-Identifier: MIT */

/*
 * The lines of the log, read back through a pipe on stderr; the fields of the journal's entries, taken from the
 * call of libsystemd's that sends them; the table of messages.
 */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/log.h"

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

/* What is written to stderr between begin and end. */
struct capture {
    int pipe[2];
    int stderr_before;
    char text[16384];
};

static void
capture_begin(struct capture *capture)
{
    assert_int_equal(pipe(capture->pipe), 0);
    fflush(stderr);
    capture->stderr_before = dup(STDERR_FILENO);
    assert_true(dup2(capture->pipe[1], STDERR_FILENO) >= 0);
}

static void
capture_end(struct capture *capture)
{
    size_t length = 0;
    ssize_t got;

    fflush(stderr);
    dup2(capture->stderr_before, STDERR_FILENO);
    close(capture->stderr_before);
    close(capture->pipe[1]);
    while ((got = read(capture->pipe[0], capture->text + length,
                       sizeof(capture->text) - 1 - length)) > 0)
        length += (size_t)got;
    capture->text[length] = '\0';
    close(capture->pipe[0]);
}

/* The last entry that the journal was sent, a line a field; and what it answers. */
static struct {
    char text[8192];
    int n, result;
} journal;

int __wrap_sd_journal_sendv(const struct iovec *fields, int n);

int
__wrap_sd_journal_sendv(const struct iovec *fields, int n)
{
    journal.text[0] = '\0';
    for (int i = 0; i < n; i++) {
        strncat(journal.text, fields[i].iov_base, fields[i].iov_len);
        strcat(journal.text, "\n");
    }
    journal.n++;
    return journal.result;
}

static struct log
make_log(enum log_level level)
{
    struct log log;

    unsetenv("JOURNAL_STREAM");
    log_init(&log, "weatherd-test");
    assert_int_equal(log.level, LOG_LEVEL_INFO);
    assert_false(log.journal);
    log.level = level;
    return log;
}

static void
a_line_has_program_and_level(void **state)
{
    struct log log = make_log(LOG_LEVEL_DEBUG);
    struct capture capture;

    capture_begin(&capture);
    log_err(&log, "one %d", 1);
    log_warning(&log, "two %s", "2");
    log_notice(&log, "three");
    log_info(&log, "four");
    log_debug(&log, "five 100%%");
    capture_end(&capture);
    assert_string_equal(capture.text, "weatherd-test: err: one 1\n"
                                      "weatherd-test: warning: two 2\n"
                                      "weatherd-test: notice: three\n"
                                      "weatherd-test: info: four\n"
                                      "weatherd-test: debug: five 100%\n");
}

static void
what_is_below_the_level_is_not_written(void **state)
{
    for (int level = LOG_LEVEL_ERR; level <= LOG_LEVEL_DEBUG; level++) {
        struct log log = make_log((enum log_level)level);
        struct capture capture;
        int n = 0;

        capture_begin(&capture);
        log_err(&log, "line");
        log_warning(&log, "line");
        log_notice(&log, "line");
        log_info(&log, "line");
        log_debug(&log, "line");
        capture_end(&capture);
        for (const char *c = capture.text; *c; c++)
            n += *c == '\n';
        assert_int_equal(n, level - LOG_LEVEL_ERR + 1);
    }
}

/* No bytes of a record can add a line to the log, or speak to the terminal. */
static void
a_line_stays_one_line(void **state)
{
    struct log log = make_log(LOG_LEVEL_INFO);
    struct capture capture;
    char hostile[33 + 2];

    for (int i = 0; i < 31; i++)
        hostile[i] = (char)(i + 1);
    strcpy(hostile + 31, "\x7f"
                         "a~");
    capture_begin(&capture);
    log_info(&log, "Zürich \033[31m%s", hostile);
    log_info(&log, "a\nweatherd-test: err: b\r\n");
    log_info(&log, "%s", "\xc2\x9b\xff\xc3 \xe2\x82");
    capture_end(&capture);
    assert_string_equal(capture.text, "weatherd-test: info: Zürich ?[31m"
                                      "????????????????????????????????a~\n"
                                      "weatherd-test: info: a?weatherd-test: err: b??\n"
                                      "weatherd-test: info: ???? ??\n");
}

static void
a_long_line_is_cut(void **state)
{
    struct log log = make_log(LOG_LEVEL_INFO);
    struct capture capture;
    char text[8000];
    size_t length;

    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    capture_begin(&capture);
    log_info(&log, "%s", text);
    capture_end(&capture);
    length = strlen(capture.text);
    assert_in_range(length, 2000, 5000);
    assert_int_equal(capture.text[length - 1], '\n');
    assert_int_equal(capture.text[length - 2], 'x');

    /* Half a character would make the whole entry a blob to journalctl. */
    for (size_t i = 0; i + 2 < sizeof(text); i += 2)
        memcpy(text + i, "é", 2);
    for (int shift = 0; shift < 2; shift++) {
        capture_begin(&capture);
        log_info(&log, "%s%s", &"x"[shift], text);
        capture_end(&capture);
        length = strlen(capture.text);
        assert_true(capture.text[length - 2] == '?' ||
                    memcmp(capture.text + length - 3, "é", 2) == 0);
    }
}

static const struct log_fields record = {
    .topic = "temperatures", .partition = 3, .offset = 17, .station = "Zürich"};

static void
a_line_of_a_partition_begins_with_it(void **state)
{
    struct log log = make_log(LOG_LEVEL_INFO);
    struct log_fields fields = record;
    struct capture capture;

    capture_begin(&capture);
    log_event_at(&log, MESSAGE_READING, fields, "reading");
    fields.prefix = LOG_PREFIX_RECORD;
    log_event_at(&log, MESSAGE_RECORD_INVALID, fields, "invalid");
    fields.prefix = LOG_PREFIX_NONE;
    log_event_at(&log, MESSAGE_FILE_REFUSED, fields, "d/partition-3.json: bad");
    fields = LOG_NO_FIELDS;
    fields.topic = "temperatures";
    log_event_at(&log, MESSAGE_TOPIC_DELETED, fields, "topic temperatures is deleted");
    log_event_at(&log, MESSAGE_DEBUG, record, "not written");
    capture_end(&capture);
    assert_string_equal(capture.text,
                        "weatherd-test: info: temperatures partition 3: reading\n"
                        "weatherd-test: warning: temperatures partition 3 offset 17: invalid\n"
                        "weatherd-test: err: d/partition-3.json: bad\n"
                        "weatherd-test: notice: topic temperatures is deleted\n");
}

/* What stands in the entry that a line with these fields makes. */
static void
assert_entry(const struct log_fields *fields, const char *expected)
{
    struct log log = make_log(LOG_LEVEL_INFO);
    struct capture capture;

    log.journal = true;
    journal.n = 0;
    capture_begin(&capture);
    log_event_at(&log, MESSAGE_RECORD_INVALID, *fields, "a %s\nb", "word");
    capture_end(&capture);
    assert_int_equal(journal.n, 1);
    assert_string_equal(journal.text, expected);
    assert_string_equal(capture.text, "");
}

#define HEAD                                                                                       \
    "PRIORITY=4\nSYSLOG_IDENTIFIER=weatherd-test\nMESSAGE_ID=37d4d73423fd45e5bf39d10185980bf3\n"

static void
the_journal_gets_the_fields_that_are_known(void **state)
{
    static const char *const no_texts[] = {"", "a\nPRIORITY=0", "\xff", "\xc2\x9b", "\xed\xa0\x80"};
    struct log_fields fields = LOG_NO_FIELDS;

    journal.result = 0;
    assert_entry(&record, "MESSAGE=temperatures partition 3: a word?b\n" HEAD
                          "WEATHERD_TOPIC=temperatures\nWEATHERD_PARTITION=3\nWEATHERD_OFFSET=17\n"
                          "WEATHERD_STATION=Zürich\n");
    assert_entry(&fields, "MESSAGE=a word?b\n" HEAD);
    fields.topic = "t";
    assert_entry(&fields, "MESSAGE=a word?b\n" HEAD "WEATHERD_TOPIC=t\n");
    fields.partition = 0;
    fields.offset = 0;
    assert_entry(&fields, "MESSAGE=t partition 0: a word?b\n" HEAD
                          "WEATHERD_TOPIC=t\nWEATHERD_PARTITION=0\nWEATHERD_OFFSET=0\n");
    fields = LOG_NO_FIELDS;
    fields.station = "=A MESSAGE=b … 'x'";
    assert_entry(&fields, "MESSAGE=a word?b\n" HEAD "WEATHERD_STATION==A MESSAGE=b … 'x'\n");
    for (size_t i = 0; i < N_ELEMENTS(no_texts); i++) {
        fields.station = no_texts[i];
        assert_entry(&fields, "MESSAGE=a word?b\n" HEAD);
    }
}

static void
an_entry_has_room_for_the_longest_of_all(void **state)
{
    char topic[250], station[256], text[5000];
    const struct log_fields fields = {.topic = topic,
                                      .partition = INT32_MAX,
                                      .offset = INT64_MAX,
                                      .station = station,
                                      .prefix = LOG_PREFIX_RECORD};
    struct log log = make_log(LOG_LEVEL_INFO);

    memset(topic, 't', sizeof(topic) - 1);
    memset(station, 's', sizeof(station) - 1);
    memset(text, 'x', sizeof(text) - 1);
    topic[sizeof(topic) - 1] = station[sizeof(station) - 1] = text[sizeof(text) - 1] = '\0';
    log.journal = true;
    log_event_at(&log, MESSAGE_RECORD_INVALID, fields, "%s", text);
    assert_non_null(strstr(journal.text, "xxx\nPRIORITY=4\n"));
    assert_non_null(strstr(journal.text, "ttt\nWEATHERD_PARTITION=2147483647\n"));
    assert_non_null(
        strstr(journal.text, "\nWEATHERD_OFFSET=9223372036854775807\nWEATHERD_STATION=s"));
    assert_string_equal(strstr(journal.text, "STATION=") + strlen("STATION=") + 254, "s\n");
}

static void
without_the_journal_a_line_goes_to_stderr(void **state)
{
    struct log log = make_log(LOG_LEVEL_INFO);
    struct capture capture;

    log.journal = true;
    journal.result = -ECONNREFUSED;
    capture_begin(&capture);
    log_event(&log, MESSAGE_READY, "here");
    capture_end(&capture);
    journal.result = 0;
    assert_string_equal(capture.text, "weatherd-test: info: here\n");
}

static void
a_repeated_line_tells_how_many_were_left_out(void **state)
{
    struct log log = make_log(LOG_LEVEL_WARNING);
    struct sampler samplers[N_MESSAGES] = {{0}};
    struct capture capture;

    capture_begin(&capture);
    for (int i = 0; i < 5; i++)
        assert_int_equal(
            log_repeated(&log, samplers, MESSAGE_KAFKA_TROUBLE, LOG_NO_FIELDS, "%d", i), i == 0);
    assert_true(log_repeated(&log, samplers, MESSAGE_METRICS_FAILED, LOG_NO_FIELDS, "other"));
    samplers[MESSAGE_KAFKA_TROUBLE].next_usec = 0; /* as if the interval had passed */
    assert_true(log_repeated(&log, samplers, MESSAGE_KAFKA_TROUBLE, LOG_NO_FIELDS, "5"));
    /* What the level leaves out is not counted. */
    assert_false(log_repeated(&log, samplers, MESSAGE_DEBUG, LOG_NO_FIELDS, "6"));
    assert_int_equal(samplers[MESSAGE_DEBUG].suppressed + samplers[MESSAGE_DEBUG].next_usec, 0);
    assert_true(log_event_sampled(&log, NULL, MESSAGE_KAFKA_TROUBLE, LOG_NO_FIELDS, "7"));
    capture_end(&capture);
    assert_string_equal(capture.text,
                        "weatherd-test: warning: 0\n"
                        "weatherd-test: warning: other\n"
                        "weatherd-test: warning: 5 (4 more since the last such line)\n"
                        "weatherd-test: warning: 7\n");
}

/* Ids are for ever; this is about the table being whole. */
static void
each_message_has_a_level_and_an_id_of_its_own(void **state)
{
    for (int i = 0; i < N_MESSAGES; i++) {
        assert_in_range(message_rows[i].level, LOG_LEVEL_ERR, LOG_LEVEL_DEBUG);
        assert_int_equal(message_rows[i].id == NULL, i <= MESSAGE_DEBUG);
        if (!message_rows[i].id)
            continue;
        assert_int_equal(strlen(message_rows[i].id), 32);
        assert_int_equal(strspn(message_rows[i].id, "0123456789abcdef"), 32);
        for (int j = MESSAGE_DEBUG + 1; j < i; j++)
            assert_string_not_equal(message_rows[i].id, message_rows[j].id);
    }
}

/* What $JOURNAL_STREAM would say of a descriptor. */
static void
set_stream(int fd)
{
    char text[64];
    struct stat st;

    assert_int_equal(fstat(fd, &st), 0);
    snprintf(text, sizeof(text), "%llu:%llu", (unsigned long long)st.st_dev,
             (unsigned long long)st.st_ino);
    setenv("JOURNAL_STREAM", text, 1);
}

/*
 * libsystemd drops what it can't send for want of a socket; the stream is there all the same. It gets an empty
 * line where it is not used, see log_init().
 */
static void
the_journal_is_used_where_its_socket_is(void **state)
{
    bool there = access("/run/systemd/journal/socket", W_OK) == 0;
    struct capture capture;
    struct log log;

    journal.n = 0;
    capture_begin(&capture);
    set_stream(STDERR_FILENO);
    log_init(&log, "weatherd-test");
    log_info(&log, "here");
    capture_end(&capture);
    unsetenv("JOURNAL_STREAM");
    assert_int_equal(log.journal, there);
    assert_int_equal(journal.n, there);
    assert_string_equal(capture.text, there ? "\n" : "weatherd-test: info: here\n");
}

/* A stderr that was redirected is not the journal, whatever the variable still says. */
static void
only_the_journals_own_stream_is_the_journal(void **state)
{
    static const char *const others[] = {"", "8:1", "x", "8", "8:", ":1", "0:0"};

    for (size_t i = 0; i < N_ELEMENTS(others); i++) {
        struct capture capture;
        struct log log;

        setenv("JOURNAL_STREAM", others[i], 1);
        capture_begin(&capture);
        log_init(&log, "weatherd-test");
        log_info(&log, "here");
        capture_end(&capture);
        assert_false(log.journal);
        assert_string_equal(capture.text, "weatherd-test: info: here\n");
    }
    unsetenv("JOURNAL_STREAM");
}

static void
levels_have_their_names(void **state)
{
    static const struct {
        const char *text;
        enum log_level level;
    } good[] = {
        {"err", LOG_LEVEL_ERR},   {"warning", LOG_LEVEL_WARNING}, {"notice", LOG_LEVEL_NOTICE},
        {"info", LOG_LEVEL_INFO}, {"debug", LOG_LEVEL_DEBUG},
    };
    static const char *const bad[] = {"", "error", "INFO", "warn", "debug ", " err", "7", "inf"};
    enum log_level level = LOG_LEVEL_NOTICE;

    for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
        assert_false(log_level_parse(bad[i], &level));
        assert_int_equal(level, LOG_LEVEL_NOTICE);
    }
    for (size_t i = 0; i < N_ELEMENTS(good); i++) {
        assert_true(log_level_parse(good[i].text, &level));
        assert_int_equal(level, good[i].level);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_has_program_and_level),
        cmocka_unit_test(what_is_below_the_level_is_not_written),
        cmocka_unit_test(a_line_stays_one_line),
        cmocka_unit_test(a_long_line_is_cut),
        cmocka_unit_test(a_line_of_a_partition_begins_with_it),
        cmocka_unit_test(only_the_journals_own_stream_is_the_journal),
        cmocka_unit_test(the_journal_is_used_where_its_socket_is),
        cmocka_unit_test(the_journal_gets_the_fields_that_are_known),
        cmocka_unit_test(an_entry_has_room_for_the_longest_of_all),
        cmocka_unit_test(without_the_journal_a_line_goes_to_stderr),
        cmocka_unit_test(a_repeated_line_tells_how_many_were_left_out),
        cmocka_unit_test(each_message_has_a_level_and_an_id_of_its_own),
        cmocka_unit_test(levels_have_their_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
