/* SPDX-License-Identifier: MIT */

/* The lines of the log, read back through a pipe on stderr, and the sampler. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/log.h"

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))
#define SECOND            UINT64_C(1000000)

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
        for (int each = LOG_LEVEL_ERR; each <= LOG_LEVEL_DEBUG; each++)
            log_write(&log, (enum log_level)each, "line");
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
    log_info(&log, "\xc2\x9b\xff");
    capture_end(&capture);
    assert_string_equal(capture.text, "weatherd-test: info: Zürich ?[31m"
                                      "????????????????????????????????a~\n"
                                      "weatherd-test: info: a?weatherd-test: err: b??\n"
                                      "weatherd-test: info: ???\n");
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

static void
the_sampler_passes_one_an_interval(void **state)
{
    const uint64_t start = 5 * SECOND, interval = SAMPLER_INTERVAL * SECOND;
    struct sampler sampler = {0};
    uint64_t suppressed = 4711;

    assert_true(sampler_pass(&sampler, start, &suppressed));
    assert_int_equal(suppressed, 0);
    suppressed = 4711;
    for (uint64_t i = 1; i < 1000; i++)
        assert_false(sampler_pass(&sampler, start + i, &suppressed));
    assert_false(sampler_pass(&sampler, start + interval - 1, &suppressed));
    assert_int_equal(suppressed, 4711);
    assert_true(sampler_pass(&sampler, start + interval, &suppressed));
    assert_int_equal(suppressed, 1000);
    /* The interval begins with the line that passed, and the count begins anew. */
    assert_false(sampler_pass(&sampler, start + 2 * interval - 1, &suppressed));
    assert_true(sampler_pass(&sampler, start + 100 * interval, &suppressed));
    assert_int_equal(suppressed, 1);
    assert_true(sampler_pass(&sampler, start + 101 * interval, &suppressed));
    assert_int_equal(suppressed, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_has_program_and_level),
        cmocka_unit_test(what_is_below_the_level_is_not_written),
        cmocka_unit_test(a_line_stays_one_line),
        cmocka_unit_test(a_long_line_is_cut),
        cmocka_unit_test(only_the_journals_own_stream_is_the_journal),
        cmocka_unit_test(levels_have_their_names),
        cmocka_unit_test(the_sampler_passes_one_an_interval),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
