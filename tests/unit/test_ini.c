/* SPDX-License-Identifier: MIT */

/*
 * INI files: what is a mistake, then what is read. A file's outcome is written
 * down as text, "LINE [SECTION]", "LINE SECTION.KEY=VALUE|" and "LINE! MESSAGE",
 * and compared with what was expected.
 */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "common/ini.h"

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

struct outcome {
    FILE *file;
    char *text;
    size_t size;
    int key_result;
    int section_result;
};

static int
note_section(void *userdata, unsigned line, const char *section, struct error *error)
{
    struct outcome *outcome = userdata;

    fprintf(outcome->file, "%u [%s]\n", line, section);
    return error_set(error, outcome->section_result, "not this section");
}

static int
note_key(void *userdata, unsigned line, const char *section, const char *key, const char *value,
         struct error *error)
{
    struct outcome *outcome = userdata;

    fprintf(outcome->file, "%u %s.%s=%s|\n", line, section, key, value);
    return error_set(error, outcome->key_result, "not this key");
}

static void
note_mistake(void *userdata, unsigned line, const char *message)
{
    struct outcome *outcome = userdata;

    assert_string_not_equal(message, "");
    fprintf(outcome->file, "%u! %s\n", line, message);
}

/* Reads the bytes and returns ini_read()'s result, the outcome left in outcome->text to be freed.
 */
static int
read_bytes(const char *bytes, size_t length, struct outcome *outcome)
{
    const struct ini_handler handler = {note_section, note_key, note_mistake, outcome};
    FILE *file = tmpfile();
    int r;

    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    rewind(file);
    outcome->file = open_memstream(&outcome->text, &outcome->size);
    assert_non_null(outcome->file);
    r = ini_read(file, &handler);
    fclose(outcome->file);
    fclose(file);
    return r;
}

/* expected: each line must begin with the line in it; so a message's first words are enough. */
static void
assert_outcome(const char *bytes, size_t length, const char *expected)
{
    struct outcome outcome = {.file = NULL};
    int r = read_bytes(bytes, length, &outcome);
    const char *have = outcome.text, *want = expected;

    while (*want) {
        size_t n = strcspn(want, "\n");

        if (strncmp(have, want, n) != 0)
            break;
        have += strcspn(have, "\n");
        have += *have == '\n';
        want += n;
        want += *want == '\n';
    }
    if (*want || *have)
        fail_msg("\"%s\"\ngave\n%s\nnot\n%s", bytes, outcome.text, expected);
    if (r != (strstr(expected, "! ") ? INI_E_MISTAKES : 0))
        fail_msg("\"%s\" returned %d", bytes, r);
    free(outcome.text);
}

struct file_case {
    const char *bytes;
    const char *expected;
};

static void
assert_outcomes(const struct file_case *cases, size_t n_cases)
{
    for (size_t i = 0; i < n_cases; i++)
        assert_outcome(cases[i].bytes, strlen(cases[i].bytes), cases[i].expected);
}

static void
bad_lines_are_mistakes(void **state)
{
    static const struct file_case cases[] = {
        {"word\n", "1! neither KEY = VALUE"},
        {"[a]\nword", "1 [a]\n2! neither KEY = VALUE"},
        {"key = 1\n", "1! \"key\" stands before the first [section]"},
        {"[a\nk=1\n[b]\n", "1! the name of a section ends\n3 [b]\n"},
        {"[]\nk=1\n", "1! the name of a section has"},
        {"[ \t]\n", "1! the name of a section has"},
        {"[a] b\n", "1! nothing may follow [a]\n1 [a]"},
        {"[a] # b\n", "1! nothing may follow [a]\n1 [a]"},
        {"[a]]\n", "1! nothing may follow [a]\n1 [a]"},
        {"[a][b]\n", "1! nothing may follow [a]\n1 [a]"},
        {"[a]\n= 1\n", "1 [a]\n2! a key has from 1"},
        {"[a]\n=\n", "1 [a]\n2! a key has from 1"},
        {"[a]\nk\x01=1\n", "1 [a]\n2! a control character"},
        {"[a\x7f]\nk=1\n", "1! a control character"},
        {"[a]\nk=1\r2\n", "1 [a]\n2! a control character"},
        {"[a]\nk=1\r\r\n", "1 [a]\n2! a control character"},
        {"[a]\nk=\x1b[31m\n", "1 [a]\n2! a control character"},
        {"[a]\nk=gr\xfcn\n", "1 [a]\n2! a control character"},
        {"[a]\nk\f=1\n", "1 [a]\n2! a control character"},
        {"[a]\n[b]\n[a]\n[a]\n", "1 [a]\n2 [b]\n3! [a] stands twice, first in line 1;\n3 [a]\n4! "
                                 "[a] stands twice, first in line 1;\n4 [a]"},
        {"[a]\nk=1\nj=2\nk=3\n",
         "1 [a]\n2 a.k=1|\n3 a.j=2|\n4! \"k\" in [a]: stands twice, first in line 2"},
        {"[topic  x]\n[topic\tx]\n",
         "1 [topic x]\n2! [topic x] stands twice, first in line 1;\n2 [topic x]"},
    };

    assert_outcomes(cases, N_ELEMENTS(cases));
    assert_outcome("[a]\nk=1\0\nj=2\n", 13, "1 [a]\n2! a NUL byte\n3 a.j=2|");
    assert_outcome("# \0\n", 4, "1! a NUL byte");
    assert_outcome("\0", 1, "1! a NUL byte");
}

/* Each of these inih 55, left alone, takes for something else without a word. */
static void
what_inih_misreads_is_a_mistake(void **state)
{
    static const struct file_case cases[] = {
        /* A comment's beginning within a value: inih cuts the value. */
        {"[a]\nk = one ;two\n", "1 [a]\n2! \"k\" in [a]: a \";\" after a blank"},
        {"[a]\nk = one\t;two\n", "1 [a]\n2! \"k\" in [a]: a \";\" after a blank"},
        {"[a]\nk = ;two\n", "1 [a]\n2! \"k\" in [a]: a \";\" after a blank"},
        {"[a]\nk =;two\n", "1 [a]\n2! \"k\" in [a]: a \";\" after a blank"},
        {"[a]\nk ;l = 2\n", "1 [a]\n2! neither KEY"},
        /* A colon: inih takes it for "=". */
        {"[a]\nkey: x\n", "1 [a]\n2! only \"=\""},
        {"[a]\nkey:x\n", "1 [a]\n2! only \"=\""},
        {"[a]\nkey : x = y\n", "1 [a]\n2! only \"=\""},
        {"[a]\n:\n", "1 [a]\n2! a key has from 1"},
        /* A byte order mark in the middle, where files were joined: inih, asked line by line, would
           skip it. */
        {"[a]\n\xef\xbb\xbfk = 1\n", "1 [a]\n2! only \"=\""},
        {"[a]\n\xef\xbb\xbf[b]\n", "1 [a]\n2! neither KEY"},
        {"[a]\n\xef\xbb\xbf# comment\n", "1 [a]\n2! neither KEY"},
        {"\xef\xbb\xbf\xef\xbb\xbf[a]\n", "1! neither KEY"},
        /* Text behind a section: inih ignores it. */
        {"[a] k = 1\n", "1! nothing may follow [a]\n1 [a]"},
    };

    assert_outcomes(cases, N_ELEMENTS(cases));
}

static void
what_inih_misreads_is_read_rightly(void **state)
{
    static const struct file_case cases[] = {
        /* An indented line: inih takes it for another value of the key above. */
        {"[a]\nk = 1\n  j = 2\n\tl = 3\n", "1 [a]\n2 a.k=1|\n3 a.j=2|\n4 a.l=3|"},
        {"[a]\nk = 1\n  [b]\n  j = 2\n", "1 [a]\n2 a.k=1|\n3 [b]\n4 b.j=2|"},
        {"[a]\nk = 1\n  word\n", "1 [a]\n2 a.k=1|\n3! neither KEY"},
        {"[a]\nk = 1\n  # comment\n  ; comment\n", "1 [a]\n2 a.k=1|"},
        {"  [a]\n", "1 [a]"},
        /* Blanks within a section's brackets: inih keeps them. */
        {"[ a ]\nk=1", "1 [a]\n2 a.k=1|"},
        {"[topic \t b]\nk=1", "1 [topic b]\n2 topic b.k=1|"},
    };
    char bytes[2048], expected[2048], run[451] = "";

    assert_outcomes(cases, N_ELEMENTS(cases));
    /* Lengths around inih's 49 bytes of a section and 199 of a line. */
    for (int n = 1; n <= 450; n++) {
        memset(run, 'x', (size_t)n);
        run[n - 1] = 'z';
        snprintf(bytes, sizeof(bytes), "[a]\nk = %s\nj = 2\n", run);
        snprintf(expected, sizeof(expected), "1 [a]\n2 a.k=%s|\n3 a.j=2|\n", run);
        assert_outcome(bytes, strlen(bytes), expected);

        snprintf(bytes, sizeof(bytes), "[%s]\nk = 1\n", run);
        snprintf(expected, sizeof(expected),
                 n <= INI_SECTION_MAX ? "1 [%s]\n2 %s.k=1|\n" : "1! the name of a section has", run,
                 run);
        assert_outcome(bytes, strlen(bytes), expected);

        snprintf(bytes, sizeof(bytes), "[a]\n%s = 1\n%s word\n# %s = 1\n", run, run, run);
        if (n <= INI_KEY_MAX)
            snprintf(expected, sizeof(expected), "1 [a]\n2 a.%s=1|\n3! neither KEY", run);
        else
            snprintf(expected, sizeof(expected), "1 [a]\n2! a key has from 1\n3! neither KEY");
        assert_outcome(bytes, strlen(bytes), expected);

        snprintf(bytes, sizeof(bytes), "[a]\nk%*s= %*s1%*s\n", n, "", n, "", n, "");
        assert_outcome(bytes, strlen(bytes), "1 [a]\n2 a.k=1|\n");
    }
}

static void
good_files_are_read(void **state)
{
    static const struct file_case cases[] = {
        {"", ""},
        {"\n\n \t\n\r\n", ""},
        {"# a\n; b\n#\n;\n#=\n#[\n", ""},
        {"# gr\xfcn \x01\n", ""},
        {"[a]", "1 [a]\n"},
        {"[a]\nk=", "1 [a]\n2 a.k=|\n"},
        {"[a]\n k \t = \t v w \t \n", "1 [a]\n2 a.k=v w|\n"},
        {"[a]\r\nk = v\r\n\r\n[b]\r\n", "1 [a]\n2 a.k=v|\n4 [b]\n"},
        {"\xef\xbb\xbf[a]\nk=v\n", "1 [a]\n2 a.k=v|\n"},
        {"\xef\xbb\xbf# comment\n[a]\nk=v\n", "2 [a]\n3 a.k=v|\n"},
        {"[a]\nk = a=b=c\n", "1 [a]\n2 a.k=a=b=c|\n"},
        {"[a]\nk = = \n", "1 [a]\n2 a.k==|\n"},
        {"[a]\nk = a:b, c: d\n", "1 [a]\n2 a.k=a:b, c: d|\n"},
        {"[a]\nk = v # w\n", "1 [a]\n2 a.k=v # w|\n"},
        {"[a]\nk = #\n", "1 [a]\n2 a.k=#|\n"},
        {"[a]\nk = v;w\n", "1 [a]\n2 a.k=v;w|\n"},
        {"[a]\nk = \"quoted\"\n", "1 [a]\n2 a.k=\"quoted\"|\n"},
        {"[a]\nk = 'v\n", "1 [a]\n2 a.k='v|\n"},
        {"[a]\nk = [b]\n", "1 [a]\n2 a.k=[b]|\n"},
        {"[a]\nk = v\\\nj = w\n", "1 [a]\n2 a.k=v\\|\n3 a.j=w|\n"},
        {"[a]\nk = gr\xc3\xbcn\ttee\n", "1 [a]\n2 a.k=gr\xc3\xbcn\ttee|\n"},
        {"[a]\nbootstrap.servers = h:9092,i:9092\n",
         "1 [a]\n2 a.bootstrap.servers=h:9092,i:9092|\n"},
        {"[a]\nk=1\n[b]\nk=2\n", "1 [a]\n2 a.k=1|\n3 [b]\n4 b.k=2|\n"},
        {"[a]\nK=1\nk=2\n[A]\n", "1 [a]\n2 a.K=1|\n3 a.k=2|\n4 [A]\n"},
    };

    assert_outcomes(cases, N_ELEMENTS(cases));
}

static void
lines_have_a_limit(void **state)
{
    static const char *const ends[] = {"\n", "\r\n", ""};
    char bytes[2 * INI_LINE_MAX], expected[2 * INI_LINE_MAX];

    for (int excess = -2; excess <= 3; excess++)
        for (size_t i = 0; i < N_ELEMENTS(ends); i++) {
            char value[INI_LINE_MAX + 2] = "";

            memset(value, 'v', (size_t)(INI_LINE_MAX - 2 + excess));
            snprintf(bytes, sizeof(bytes), "[a]\nk=%s%s%s", value, ends[i], *ends[i] ? "j=1" : "");
            if (excess <= 0)
                snprintf(expected, sizeof(expected), "1 [a]\n2 a.k=%s|\n%s", value,
                         *ends[i] ? "3 a.j=1|" : "");
            else
                snprintf(expected, sizeof(expected), "1 [a]\n2! the line is too long\n%s",
                         *ends[i] ? "3 a.j=1|" : "");
            assert_outcome(bytes, strlen(bytes), expected);
        }
    memset(bytes, '#', INI_LINE_MAX + 1);
    assert_outcome(bytes, INI_LINE_MAX, "");
    assert_outcome(bytes, INI_LINE_MAX + 1, "1! the line is too long");
    /* The keys of a section that was too long don't fall to the one before. */
    memset(bytes, ' ', sizeof(bytes));
    memcpy(bytes, "[a]\n[", 5);
    memcpy(bytes + INI_LINE_MAX + 20, "b]\nk=1\n", 7);
    assert_outcome(bytes, INI_LINE_MAX + 27, "1 [a]\n2! the line is too long");
}

static void
refusals_of_the_handler_are_mistakes(void **state)
{
    static const char bytes[] = "[a]\nk=1\nword\n[b]\nj=2\n";
    struct outcome outcome = {.key_result = -EINVAL};

    assert_int_equal(read_bytes(bytes, strlen(bytes), &outcome), INI_E_MISTAKES);
    assert_string_equal(outcome.text, "1 [a]\n2 a.k=1|\n2! not this key\n"
                                      "3! neither KEY = VALUE nor [SECTION] nor a comment\n"
                                      "4 [b]\n5 b.j=2|\n5! not this key\n");
    free(outcome.text);

    outcome = (struct outcome){.section_result = -EINVAL};
    assert_int_equal(read_bytes(bytes, strlen(bytes), &outcome), INI_E_MISTAKES);
    assert_string_equal(outcome.text, "1 [a]\n1! not this section\n"
                                      "3! neither KEY = VALUE nor [SECTION] nor a comment\n"
                                      "4 [b]\n4! not this section\n");
    free(outcome.text);

    outcome = (struct outcome){.section_result = -ENOMEM};
    assert_int_equal(read_bytes(bytes, strlen(bytes), &outcome), -ENOMEM);
    assert_string_equal(outcome.text, "1 [a]\n");
    free(outcome.text);

    outcome = (struct outcome){.key_result = -ENOMEM};
    assert_int_equal(read_bytes(bytes, strlen(bytes), &outcome), -ENOMEM);
    assert_string_equal(outcome.text, "1 [a]\n2 a.k=1|\n");
    free(outcome.text);
}

static void
failing_reads_are_errors(void **state)
{
    struct outcome outcome = {.file = NULL};
    const struct ini_handler handler = {NULL, note_key, note_mistake, &outcome};
    FILE *file = fopen("/", "r");

    assert_non_null(file);
    assert_int_equal(ini_read(file, &handler), -EISDIR);
    fclose(file);
}

static void
values_from_elsewhere_are_checked(void **state)
{
    static const char *const bad[] = {"a\nb", "a\rb", "\x01", "\xff", ";", ";a", "a ;b", "a\t;"};
    static const char *const good[] = {"", "a", "a;b", "a\tb", "#", "gr\xc3\xbcn", "a; b"};
    char longest[INI_LINE_MAX + 2] = "";

    for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
        struct error error = ERROR_INIT;

        if (ini_check_value(bad[i], &error) != -EINVAL)
            fail_msg("\"%s\" was accepted", bad[i]);
        assert_string_not_equal(error.text, "");
    }
    for (size_t i = 0; i < N_ELEMENTS(good); i++)
        if (ini_check_value(good[i], NULL) != 0)
            fail_msg("\"%s\" was refused", good[i]);
    memset(longest, 'x', INI_LINE_MAX + 1);
    assert_int_equal(ini_check_value(longest, NULL), -EINVAL);
    longest[INI_LINE_MAX] = '\0';
    assert_int_equal(ini_check_value(longest, NULL), 0);
}

/* Sections, keys and values drawn at random, with blanks and comments between, come back. */
static void
random_files_come_back(void **state)
{
    static const char letters[] = "abcXYZ019._-:#;[]=,\"'\\ \t\xc3\xbc";
    static const char *const blanks[] = {"", " ", "\t", "  \t "};

    for (int i = 0; i < 3000; i++) {
        char bytes[8192] = "", expected[8192] = "";
        unsigned line = 0;

        for (int n = 0; n < 12; n++) {
            const char *before = blanks[random() % 4], *between = blanks[random() % 4];
            size_t used = strlen(bytes), expecting = strlen(expected);
            char value[600];
            size_t length = (size_t)random() % (random() % 8 ? 30 : 590), end = 0;

            line++;
            if (n % 4 == 0) {
                snprintf(bytes + used, sizeof(bytes) - used, "%s[%ss %d%s]%s\n", before, between, n,
                         between, before);
                snprintf(expected + expecting, sizeof(expected) - expecting, "%u [s %d]\n", line,
                         n);
                continue;
            }
            while (end < length) {
                char c = letters[(size_t)random() % (sizeof(letters) - 3)];

                if (c == ';' && (end == 0 || strchr(" \t", value[end - 1])))
                    continue;
                if ((c == ' ' || c == '\t') && (end == 0 || end == length - 1))
                    continue;
                value[end++] = c;
            }
            value[end] = '\0';
            snprintf(bytes + used, sizeof(bytes) - used, "%skey-%d%s=%s%s%s\n", before, n, between,
                     before, value, between);
            snprintf(expected + expecting, sizeof(expected) - expecting, "%u s %d.key-%d=%s|\n",
                     line, n / 4 * 4, n, value);
        }
        assert_outcome(bytes, strlen(bytes), expected);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_lines_are_mistakes),
        cmocka_unit_test(what_inih_misreads_is_a_mistake),
        cmocka_unit_test(what_inih_misreads_is_read_rightly),
        cmocka_unit_test(good_files_are_read),
        cmocka_unit_test(lines_have_a_limit),
        cmocka_unit_test(refusals_of_the_handler_are_mistakes),
        cmocka_unit_test(failing_reads_are_errors),
        cmocka_unit_test(values_from_elsewhere_are_checked),
        cmocka_unit_test(random_files_come_back),
    };
    const char *given = getenv("SEED");
    unsigned seed = given ? (unsigned)strtoul(given, NULL, 10) : (unsigned)time(NULL);

    print_message("seed %u (SEED=%u repeats it)\n", seed, seed);
    srandom(seed);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
