/* SPDX-License-Identifier: MIT */

/* Settings: what is refused, then precedence, origins, and how they are read, compared and shown.
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
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/settings.h"
#include "common/values.h"

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

struct consumer {
    char *topic;
    char *partitions;
    uint64_t interval;
    bool commit;
    char *untouched;
};

struct topic {
    char *format;
    int64_t partitions;
};

static int
parse_list(const struct setting_row *row, const char *value, void *destination, struct error *error)
{
    struct partition_list list;
    int r = partition_list_parse(&list, value, error);

    if (r < 0)
        return r;
    partition_list_fini(&list);
    return setting_parse_string(row, value, destination, error);
}

#define CONSUMER(member) offsetof(struct consumer, member)

static const struct setting_row rows[] = {
    {"kafka", "bootstrap.servers", "localhost:9092", "HOST:PORT", "brokers", setting_parse_string,
     0, 0},
    {"kafka", "*password*", NULL, "PASSWORD", "secrets", setting_parse_string, 0, SETTING_SECRET},
    {"kafka", NULL, NULL, "VALUE", "any property", setting_parse_any, 0, 0},
    {"consumer", "topic", "temperatures", "TOPIC", "the topic", setting_parse_topic,
     CONSUMER(topic), 0},
    {"consumer", "partitions", NULL, "LIST", "the partitions", parse_list, CONSUMER(partitions), 0},
    {"consumer", "checkpoint_interval", "1s", "DURATION", "how often", setting_parse_duration,
     CONSUMER(interval), SETTING_RELOAD},
    {"consumer", "commit", "yes", "yes|no", "whether", setting_parse_boolean, CONSUMER(commit), 0},
    {"consumer", "pin", NULL, "DURATION", "a secret with a form", setting_parse_duration,
     CONSUMER(interval), SETTING_SECRET},
    {"topic", "format", NULL, "json", "the form", setting_parse_string,
     offsetof(struct topic, format), 0},
    {"topic", "partitions", "4", "1..100", "how many", setting_parse_integer,
     offsetof(struct topic, partitions), SETTING_RELOAD},
    {"topic", "config.*", NULL, "VALUE", "the topic's properties", setting_parse_any, 0, 0},
    {"log", "level", "info", "LEVEL", "how much", setting_parse_string, 0, 0},
};

/* A directory for files, the mistakes that were reported, and settings over the table above. */
struct fixture {
    char directory[32];
    char mistakes[8192];
    struct settings *settings;
    struct error error;
};

static void
note_mistake(void *userdata, const char *message)
{
    struct fixture *fixture = userdata;
    size_t length = strlen(fixture->directory);
    size_t used = strlen(fixture->mistakes);

    /* Paths are told without the directory. */
    assert_memory_equal(message, fixture->directory, length);
    snprintf(fixture->mistakes + used, sizeof(fixture->mistakes) - used, "%s\n",
             message + length + 1);
}

static int
set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    assert_non_null(fixture);
    strcpy(fixture->directory, "/tmp/test_settings.XXXXXX");
    assert_non_null(mkdtemp(fixture->directory));
    fixture->settings = settings_new(rows, N_ELEMENTS(rows));
    assert_non_null(fixture->settings);
    *state = fixture;
    return 0;
}

static const char *const files[] = {"a.ini",          "a.d/10.ini", "a.d/9.ini",    "a.d/B.ini",
                                    "a.d/a.ini",      "a.d/c.txt",  "a.d/.hid.ini", "b.conf",
                                    "b.conf.d/x.ini", "a.d/.ini",   "a.d",          "b.conf.d"};

static int
tear_down(void **state)
{
    struct fixture *fixture = *state;
    char path[128];

    settings_free(fixture->settings);
    for (size_t i = 0; i < N_ELEMENTS(files); i++) {
        snprintf(path, sizeof(path), "%s/%s", fixture->directory, files[i]);
        remove(path);
    }
    assert_int_equal(rmdir(fixture->directory), 0);
    free(fixture);
    return 0;
}

/* The name must be one of files, so that it is removed. */
static void
write_file(const struct fixture *fixture, const char *name, const char *text)
{
    char path[128];
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", fixture->directory, name);
    if (strchr(name, '/')) {
        *strrchr(path, '/') = '\0';
        mkdir(path, 0700);
        snprintf(path, sizeof(path), "%s/%s", fixture->directory, name);
    }
    file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static int
load(struct fixture *fixture, const char *name, bool required)
{
    const struct settings_reporter reporter = {note_mistake, fixture};
    char path[128];

    snprintf(path, sizeof(path), "%s/%s", fixture->directory, name);
    fixture->mistakes[0] = '\0';
    fixture->error = (struct error)ERROR_INIT;
    return settings_load(fixture->settings, path, required, &reporter, &fixture->error);
}

static void
assert_value(const struct fixture *fixture, const char *section, const char *key,
             const char *expected, const char *expected_origin)
{
    size_t length = strlen(fixture->directory);
    struct setting_value value;
    const char *origin;

    if (!settings_get(fixture->settings, section, key, &value)) {
        if (expected)
            fail_msg("[%s] %s is not set", section, key);
        return;
    }
    if (!expected)
        fail_msg("[%s] %s is \"%s\"", section, key, value.value);
    origin = value.origin;
    if (strncmp(origin, fixture->directory, length) == 0)
        origin += length + 1;
    assert_string_equal(value.section, section);
    assert_string_equal(value.key, key);
    assert_string_equal(value.value, expected);
    assert_string_equal(origin, expected_origin);
}

static void
mistakes_are_told_with_file_and_line(void **state)
{
    static const struct {
        const char *text;
        const char *mistakes;
    } cases[] = {
        {"[consumer]\npartition = 0\n",
         "a.ini:2: unknown key \"partition\" in [consumer]; did you mean \"partitions\"?\n"},
        {"[consumer]\nzebra = 0\n", "a.ini:2: unknown key \"zebra\" in [consumer]\n"},
        {"[consumer]\nPartitions = 0\n",
         "a.ini:2: unknown key \"Partitions\" in [consumer]; did you mean \"partitions\"?\n"},
        {"[topic a]\nconfig. retention = 0\nconfix.a = 0\n",
         "a.ini:3: unknown key \"confix.a\" in [topic a]\n"},
        {"[consmer]\npartition = 0\nx = 1\n",
         "a.ini:1: unknown section [consmer]; did you mean [consumer]?\n"},
        {"[zebra]\n", "a.ini:1: unknown section [zebra]\n"},
        {"[topic]\nformat = json\n",
         "a.ini:1: unknown section [topic]; did you mean [topic NAME]?\n"},
        {"[topics a]\n", "a.ini:1: unknown section [topics a]; did you mean [topic a]?\n"},
        {"[consumer a]\n", "a.ini:1: unknown section [consumer a]; did you mean [consumer]?\n"},
        {"[topic ..]\n", "a.ini:1: [topic ..]: \"..\" is no name for a topic: letters, digits, "
                         "\".\", \"_\" and \"-\" make one\n"},
        {"[consumer]\ncommit = maybe\n",
         "a.ini:2: \"commit\" in [consumer]: \"maybe\" is neither yes nor no\n"},
        {"[consumer]\ncheckpoint_interval = 9000h\n",
         "a.ini:2: \"checkpoint_interval\" in [consumer]: \"9000h\" is out of range: at most a "
         "year, 8760h\n"},
        {"[topic a]\npartitions = 101\n", "a.ini:2: \"partitions\" in [topic a]: \"101\" is out of "
                                          "range: it must be from 1 to 100\n"},
        {"[consumer]\npartitions =\n", "a.ini:2: \"partitions\" in [consumer]: \"\" is not a list "
                                       "of partitions, such as 2 or 0,2 or 0-3\n"},
        {"[log]\nlevel =\n", "a.ini:2: \"level\" in [log]: the value must not be empty; leave the "
                             "key out instead\n"},
        {"[consumer]\npin = hunter2\n", "a.ini:2: \"pin\" in [consumer]: the value (not shown, it "
                                        "is a secret) must be DURATION\n"},
        {"[log]\nlevel = a\nlevel = b\n[consumer]\ncommit = 1\nx\n",
         "a.ini:3: \"level\" in [log]: stands twice, first in line 2\n"
         "a.ini:5: \"commit\" in [consumer]: \"1\" is neither yes nor no\n"
         "a.ini:6: neither KEY = VALUE nor [SECTION] nor a comment\n"},
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        write_file(fixture, "a.ini", cases[i].text);
        assert_int_equal(load(fixture, "a.ini", true), SETTINGS_E_MISTAKES);
        assert_string_equal(fixture->mistakes, cases[i].mistakes);
    }
    assert_value(fixture, "consumer", "commit", "yes", "default");
}

static void
files_that_can_not_be_read_are_errors(void **state)
{
    struct fixture *fixture = *state;
    char expected[128];

    assert_int_equal(load(fixture, "a.ini", true), -ENOENT);
    snprintf(expected, sizeof(expected),
             "%s/a.ini: No such file or directory; create it, or leave -c out", fixture->directory);
    assert_string_equal(fixture->error.text, expected);
    assert_int_equal(load(fixture, "a.ini", false), 0);

    assert_int_equal(load(fixture, "", true), -EISDIR);
    assert_non_null(strstr(fixture->error.text, "Is a directory"));

    /* A file where the directory should be, then a directory where a file should be. */
    write_file(fixture, "a.d", "");
    assert_int_equal(load(fixture, "a.ini", false), -ENOTDIR);
    assert_non_null(strstr(fixture->error.text, "a.d: Not a directory"));
}

static void
a_file_in_the_directory_must_be_readable(void **state)
{
    struct fixture *fixture = *state;
    char path[128];

    write_file(fixture, "a.d/9.ini", "[log]\nlevel = nine\nzebra = 1\n");
    snprintf(path, sizeof(path), "%s/a.d/10.ini", fixture->directory);
    assert_int_equal(symlink("missing", path), 0);
    assert_int_equal(load(fixture, "a.ini", false), -ENOENT);
    assert_non_null(strstr(fixture->error.text, "/a.d/10.ini: No such file or directory"));
}

static void
bad_overrides_are_refused(void **state)
{
    static const struct {
        const char *assignment;
        const char *message;
    } cases[] = {
        {"", "-o : it must be SECTION.KEY=VALUE"},
        {"consumer", "-o consumer: it must be SECTION.KEY=VALUE"},
        {"consumer.topic", "-o consumer.topic: it must be SECTION.KEY=VALUE"},
        {"consumer=topic.x", "-o consumer: it must be SECTION.KEY=VALUE"},
        {"=", "-o : it must be"},
        {".=", "-o .: unknown section []"},
        {"consumer.=1", "-o consumer.: unknown key \"\" in [consumer]"},
        {"kafka.=1", "-o kafka.: unknown key \"\" in [kafka]"},
        {"consumer.partition=1", "-o consumer.partition: unknown key \"partition\" in [consumer]; "
                                 "did you mean \"partitions\"?"},
        {"consumer.a.topic=1", "-o consumer.a.topic: unknown key \"a.topic\" in [consumer]"},
        {"kafak.bootstrap.servers=a",
         "-o kafak.bootstrap.servers: unknown section [kafak]; did you mean [kafka]?"},
        {"kafak.sasl.password=hunter2", "-o kafak.sasl.password: unknown section [kafak]; did"},
        {"topic.format=json",
         "-o topic.format: unknown section [topic]; did you mean [topic NAME]?"},
        {"topic a.b.formt=json",
         "-o topic a.b.formt: unknown key \"formt\" in [topic a.b]; did you "
         "mean \"format\"?"},
        {"topic a/b.format=json", "-o topic a/b.format: [topic a/b]: \"a/b\" is no name"},
        {"topic .format=json", "-o topic .format: "},
        {"consumer.commit=maybe", "-o consumer.commit: \"commit\" in [consumer]: \"maybe\" is"},
        {"consumer.pin=hunter2", "-o consumer.pin: \"pin\" in [consumer]: the value (not shown"},
        {"kafka.a=b\nc", "-o kafka.a: the value has a control character"},
        {"kafka.a=b ;c", "-o kafka.a: a \";\" after a blank"},
        {"kafka.a\nb=c", "-o kafka.a?b: the value has a control character"},
    };
    struct fixture *fixture = *state;
    char longest[5000];

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct error error = ERROR_INIT;
        int r = settings_override(fixture->settings, cases[i].assignment, &error);

        if (r != -EINVAL)
            fail_msg("\"%s\" gave %d", cases[i].assignment, r);
        if (strncmp(error.text, cases[i].message, strlen(cases[i].message)) != 0)
            fail_msg("\"%s\": %s", cases[i].assignment, error.text);
        assert_null(strstr(error.text, "hunter2"));
    }
    snprintf(longest, sizeof(longest), "kafka.a=%4200d", 1);
    assert_int_equal(settings_override(fixture->settings, longest, NULL), -EINVAL);
    assert_null(settings_each_section(fixture->settings, 0));
    assert_false(
        settings_each(fixture->settings, "kafka", 0, &(struct setting_value){.key = NULL}));
}

static void
the_last_one_wins_and_tells_its_origin(void **state)
{
    struct fixture *fixture = *state;

    assert_value(fixture, "consumer", "topic", "temperatures", "default");
    assert_value(fixture, "consumer", "partitions", NULL, NULL);
    assert_value(fixture, "kafka", "bootstrap.servers", "localhost:9092", "default");
    assert_value(fixture, "kafka", "client.id", NULL, NULL);
    assert_value(fixture, "zebra", "topic", NULL, NULL);
    assert_value(fixture, "topic a", "partitions", "4", "default");
    assert_value(fixture, "topic", "partitions", NULL, NULL);

    write_file(fixture, "a.ini",
               "[consumer]\ntopic = main\ncommit = no\npartitions = 0\n[log]\nlevel = main\n"
               "[kafka]\nclient.id = main\n");
    /* By bytes: 10 before 9, capitals before small letters. */
    write_file(fixture, "a.d/10.ini", "[consumer]\ntopic = ten\npartitions = 1\n");
    write_file(fixture, "a.d/9.ini", "\n[consumer]\ntopic = nine\n");
    write_file(fixture, "a.d/B.ini", "[log]\nlevel = bee\n");
    write_file(fixture, "a.d/c.txt", "text\n");
    write_file(fixture, "a.d/.hid.ini", "hidden\n");
    write_file(fixture, "a.d/.ini", "hidden\n");
    write_file(fixture, "a.d/a.ini", "[log]\nlevel = a\n");
    assert_int_equal(load(fixture, "a.ini", true), 0);
    assert_value(fixture, "consumer", "topic", "nine", "a.d/9.ini:3");
    assert_value(fixture, "consumer", "partitions", "1", "a.d/10.ini:3");
    assert_value(fixture, "consumer", "commit", "no", "a.ini:3");
    assert_value(fixture, "log", "level", "a", "a.d/a.ini:2");
    assert_value(fixture, "kafka", "client.id", "main", "a.ini:8");

    assert_int_equal(settings_override(fixture->settings, "consumer.topic=first", NULL), 0);
    assert_int_equal(settings_override(fixture->settings, " consumer.topic = second ", NULL), 0);
    assert_value(fixture, "consumer", "topic", "second", "-o");
}

static void
every_file_is_read_for_its_mistakes(void **state)
{
    struct fixture *fixture = *state;

    write_file(fixture, "a.ini", "[log]\nx = 1\n");
    write_file(fixture, "a.d/10.ini", "[log]\nx = 1\n");
    write_file(fixture, "a.d/9.ini", "[log]\nlevel = fine\n");
    write_file(fixture, "a.d/B.ini", "[log]\nx = 1\n");
    assert_int_equal(load(fixture, "a.ini", true), SETTINGS_E_MISTAKES);
    assert_string_equal(fixture->mistakes, "a.ini:2: unknown key \"x\" in [log]\n"
                                           "a.d/10.ini:2: unknown key \"x\" in [log]\n"
                                           "a.d/B.ini:2: unknown key \"x\" in [log]\n");
    write_file(fixture, "a.ini", "");
    write_file(fixture, "a.d/B.ini", "");
    assert_int_equal(load(fixture, "a.ini", true), SETTINGS_E_MISTAKES);
    write_file(fixture, "a.ini", "[log]\nx = 1\n");
    write_file(fixture, "a.d/10.ini", "");
    assert_int_equal(load(fixture, "a.ini", true), SETTINGS_E_MISTAKES);
}

/* Another suffix is kept, and a missing file does not keep its directory from being read. */
static void
the_directory_is_named_after_the_file(void **state)
{
    struct fixture *fixture = *state;

    write_file(fixture, "b.conf.d/x.ini", "[log]\nlevel = x\n");
    assert_int_equal(load(fixture, "b.conf", false), 0);
    assert_value(fixture, "log", "level", "x", "b.conf.d/x.ini:2");
}

static void
overrides_find_their_key(void **state)
{
    static const struct {
        const char *assignment, *section, *key, *value;
    } cases[] = {
        {"kafka.bootstrap.servers=a:1,b:2", "kafka", "bootstrap.servers", "a:1,b:2"},
        {"kafka.client.id=a=b.c", "kafka", "client.id", "a=b.c"},
        {"kafka.log=", "kafka", "log", ""},
        {"topic a.b.format=json", "topic a.b", "format", "json"},
        {"topic a.b.partitions=6", "topic a.b", "partitions", "6"},
        {"topic a.config.format=json", "topic a.config", "format", "json"},
        {"topic a.b.config.retention.ms=1", "topic a.b", "config.retention.ms", "1"},
        {"topic a.config.config.x=1", "topic a.config", "config.x", "1"},
        {"consumer.topic=a.b", "consumer", "topic", "a.b"},
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct error error = ERROR_INIT;

        if (settings_override(fixture->settings, cases[i].assignment, &error) != 0)
            fail_msg("%s", error.text);
        assert_value(fixture, cases[i].section, cases[i].key, cases[i].value, "-o");
    }
}

static void
a_secret_on_the_command_line_is_warned_about(void **state)
{
    struct fixture *fixture = *state;
    struct error error = ERROR_INIT;

    assert_int_equal(settings_override(fixture->settings, "kafka.sasl.password=hunter2", &error),
                     SETTINGS_E_SECRET_SEEN);
    assert_non_null(strstr(error.text, "-o kafka.sasl.password: "));
    assert_null(strstr(error.text, "hunter2"));
    assert_value(fixture, "kafka", "sasl.password", "hunter2", "-o");
    assert_int_equal(settings_override(fixture->settings, "kafka.sasl.password=@@x", NULL),
                     SETTINGS_E_SECRET_SEEN);
    assert_int_equal(settings_override(fixture->settings, "kafka.sasl.password=@x", NULL), 0);
    assert_int_equal(settings_override(fixture->settings, "kafka.sasl.username=x", NULL), 0);
}

static void
values_and_sections_come_in_order_of_first_appearance(void **state)
{
    static const char *const keys[] = {"z", "a", "m"};
    static const char *const values[] = {"4", "2", "3"};
    static const char *const sections[] = {"kafka", "topic b", "topic a", "log"};
    struct fixture *fixture = *state;
    struct setting_value value;

    write_file(fixture, "a.ini", "[kafka]\nz = 1\na = 2\n[topic b]\n[topic a]\nformat = x\n");
    write_file(fixture, "a.d/9.ini", "[topic a]\nformat = y\n[kafka]\nm = 3\nz = 4\n");
    assert_int_equal(load(fixture, "a.ini", true), 0);
    assert_int_equal(settings_override(fixture->settings, "log.level=x", NULL), 0);
    for (size_t i = 0; i < N_ELEMENTS(keys); i++) {
        assert_true(settings_each(fixture->settings, "kafka", i, &value));
        assert_string_equal(value.key, keys[i]);
        assert_string_equal(value.value, values[i]);
    }
    assert_false(settings_each(fixture->settings, "kafka", N_ELEMENTS(keys), &value));
    for (size_t i = 0; i < N_ELEMENTS(sections); i++)
        assert_string_equal(settings_each_section(fixture->settings, i), sections[i]);
    assert_null(settings_each_section(fixture->settings, N_ELEMENTS(sections)));
}

static void
a_struct_is_filled(void **state)
{
    struct fixture *fixture = *state;
    char *own = (char *)"own";
    struct consumer consumer = {.untouched = own};
    struct topic topic = {.format = NULL};

    assert_int_equal(settings_read(fixture->settings, "consumer", &consumer, NULL), 0);
    assert_string_equal(consumer.topic, "temperatures");
    assert_null(consumer.partitions);
    assert_int_equal(consumer.interval, 1000000);
    assert_true(consumer.commit);

    write_file(fixture, "a.ini",
               "[consumer]\ntopic = x\npartitions = 0-3\ncheckpoint_interval = 5min\ncommit = no\n"
               "[topic x]\nformat = json\nconfig.a = b\n[topic y]\npartitions = 6\n");
    assert_int_equal(load(fixture, "a.ini", true), 0);
    /* Once more over the same struct: the strings before are freed, which the sanitizer watches. */
    assert_int_equal(settings_read(fixture->settings, "consumer", &consumer, NULL), 0);
    assert_string_equal(consumer.topic, "x");
    assert_string_equal(consumer.partitions, "0-3");
    assert_int_equal(consumer.interval, 300000000);
    assert_false(consumer.commit);
    assert_ptr_equal(consumer.untouched, own);
    free(consumer.topic);
    free(consumer.partitions);

    assert_int_equal(settings_read(fixture->settings, "topic y", &topic, NULL), 0);
    assert_null(topic.format);
    assert_int_equal(topic.partitions, 6);
    assert_int_equal(settings_read(fixture->settings, "topic x", &topic, NULL), 0);
    assert_string_equal(topic.format, "json");
    assert_int_equal(topic.partitions, 4);
    free(topic.format);
}

#define PRINTED_MAX 8192

static void
print(const struct settings *settings, char text[PRINTED_MAX])
{
    FILE *file = tmpfile();
    size_t length;

    assert_non_null(file);
    settings_print(settings, file);
    rewind(file);
    length = fread(text, 1, PRINTED_MAX - 1, file);
    text[length] = '\0';
    fclose(file);
}

static void
printed_settings_hide_secrets_and_show_origins(void **state)
{
    static const char expected[] = "[kafka]\n"
                                   "# a.ini:2\nbootstrap.servers = a:1\n"
                                   "# -o\nsasl.password = ********\n"
                                   "# -o\nssl.key.password = @file\n"
                                   "# a.ini:3\nclient.id = c;d\n\n"
                                   "[consumer]\n"
                                   "# default\ntopic = temperatures\n"
                                   "# not set\n#partitions = LIST\n"
                                   "# default\ncheckpoint_interval = 1s\n"
                                   "# -o\ncommit = no\n"
                                   "# not set\n#pin = DURATION\n\n"
                                   "[log]\n"
                                   "# default\nlevel = info\n\n"
                                   "[topic b]\n"
                                   "# not set\n#format = json\n"
                                   "# default\npartitions = 4\n"
                                   "# a.ini:5\nconfig.x = y\n\n";
    struct fixture *fixture = *state;
    char text[PRINTED_MAX], *path;

    write_file(fixture, "a.ini",
               "[kafka]\nbootstrap.servers = a:1\nclient.id = c;d\n[topic b]\nconfig.x = y\n");
    assert_int_equal(load(fixture, "a.ini", true), 0);
    settings_override(fixture->settings, "kafka.sasl.password=hunter2", NULL);
    settings_override(fixture->settings, "kafka.ssl.key.password=@file", NULL);
    settings_override(fixture->settings, "consumer.commit=no", NULL);
    print(fixture->settings, text);
    while ((path = strstr(text, fixture->directory))) {
        const char *rest = path + strlen(fixture->directory) + 1;

        memmove(path, rest, strlen(rest) + 1);
    }
    assert_string_equal(text, expected);
}

/* Values drawn at random, given by -o, printed and loaded again, are the same values. */
static void
printed_settings_can_be_read_back(void **state)
{
    static const char letters[] = "ab01=.:#;[]\"'\\ \t-";
    struct fixture *fixture = *state;
    int n_compared = 0;

    for (int i = 0; i < 300; i++) {
        struct settings *other = settings_new(rows, N_ELEMENTS(rows)), *again;
        struct setting_value value, read;
        char text[PRINTED_MAX];

        for (int n = 0; n < 5; n++) {
            char assignment[64];
            int length = snprintf(assignment, sizeof(assignment),
                                  "%s.key%d=", n < 3 ? "kafka" : "topic a.b.config", n);

            for (int j = (int)(random() % 12); j > 0; j--)
                assignment[length++] = letters[(size_t)random() % (sizeof(letters) - 1)];
            assignment[length] = '\0';
            settings_override(other, assignment, NULL);
        }
        print(other, text);
        write_file(fixture, "a.ini", text);
        again = fixture->settings;
        fixture->settings = settings_new(rows, N_ELEMENTS(rows));
        settings_free(again);
        if (load(fixture, "a.ini", true) != 0)
            fail_msg("%s\n%s", text, fixture->mistakes);
        for (size_t s = 0; s < 2; s++)
            for (size_t n = 0; settings_each(other, s ? "topic a.b" : "kafka", n, &value); n++) {
                assert_true(settings_get(fixture->settings, value.section, value.key, &read));
                assert_string_equal(read.value, value.value);
                n_compared++;
            }
        settings_free(other);
    }
    assert_true(n_compared > 300); /* most of the 1,500 were acceptable */
}

struct changes {
    char text[1024];
};

static void
note_change(void *userdata, const struct setting_row *row, const char *section, const char *key,
            const char *value)
{
    struct changes *changes = userdata;
    size_t used = strlen(changes->text);

    assert_non_null(row);
    snprintf(changes->text + used, sizeof(changes->text) - used, "%s.%s=%s%s\n", section, key,
             value ? value : "(gone)", row->flags & SETTING_RELOAD ? " at once" : "");
}

static void
changes_are_found(void **state)
{
    static const struct {
        const char *before[4], *after[4];
        const char *changes;
    } cases[] = {
        {{NULL}, {NULL}, ""},
        {{"log.level=a"}, {"log.level=a"}, ""},
        {{"log.level=a"}, {"log.level=b"}, "log.level=b\n"},
        {{"log.level=a"}, {NULL}, "log.level=info\n"},
        {{NULL}, {"log.level=a"}, "log.level=a\n"},
        /* To say what is the default changes nothing. */
        {{NULL}, {"log.level=info"}, ""},
        {{"log.level=info"}, {NULL}, ""},
        {{"kafka.a=1"}, {NULL}, "kafka.a=(gone)\n"},
        {{NULL}, {"kafka.a=1"}, "kafka.a=1\n"},
        {{"kafka.a=1", "kafka.b=2"}, {"kafka.b=2", "kafka.a=1"}, ""},
        {{"kafka.a=1", "kafka.b=2"},
         {"kafka.b=3", "kafka.c=1"},
         "kafka.b=3\nkafka.c=1\nkafka.a=(gone)\n"},
        {{"kafka.sasl.password=a"}, {"kafka.sasl.password=b"}, "kafka.sasl.password=********\n"},
        {{"kafka.sasl.password=a"}, {NULL}, "kafka.sasl.password=(gone)\n"},
        {{"topic x.partitions=5"},
         {"topic y.partitions=5"},
         "topic y.partitions=5 at once\ntopic x.partitions=4 at once\n"},
        {{"consumer.checkpoint_interval=2s"},
         {"consumer.checkpoint_interval=3s"},
         "consumer.checkpoint_interval=3s at once\n"},
    };

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct settings *before = settings_new(rows, N_ELEMENTS(rows));
        struct settings *after = settings_new(rows, N_ELEMENTS(rows));
        struct changes changes = {.text = ""};

        for (size_t j = 0; cases[i].before[j]; j++)
            assert_true(settings_override(before, cases[i].before[j], NULL) >= 0);
        for (size_t j = 0; cases[i].after[j]; j++)
            assert_true(settings_override(after, cases[i].after[j], NULL) >= 0);
        settings_compare(before, after, note_change, &changes);
        assert_string_equal(changes.text, cases[i].changes);
        settings_free(before);
        settings_free(after);
    }
    settings_free(NULL);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

struct reading {
    int layout;
    char *directory;
    int64_t most;
};

#define READING(member) offsetof(struct reading, member)

static const struct setting_row rows_per_topic[] = {
    {"consumer", "layout", "flat", "flat|tagged|monthly", "the shape", setting_parse_choice,
     READING(layout), SETTING_PER_TOPIC | SETTING_INHERITED},
    {"consumer", "directory", NULL, "DIRECTORY", "where", setting_parse_string, READING(directory),
     SETTING_PER_TOPIC},
    {"consumer", "most", "7", "1..", "how many", setting_parse_integer, READING(most), 0},
};

static void
a_topic_takes_over_what_it_does_not_say(void **state)
{
    struct settings *settings = settings_new(rows_per_topic, N_ELEMENTS(rows_per_topic));
    struct reading all = {.layout = -1}, one = {.layout = -1};
    struct setting_value value;
    char printed[600];
    FILE *file;

    assert_non_null(settings);
    assert_int_equal(settings_override(settings, "consumer.layout=tagged", NULL), 0);
    assert_int_equal(settings_override(settings, "consumer.directory=/all", NULL), 0);
    assert_int_equal(settings_override(settings, "topic a.b.layout=monthly", NULL), 0);
    assert_int_equal(settings_override(settings, "topic other.directory=/other", NULL), 0);
    assert_int_equal(settings_override(settings, "topic other.most=1", NULL), -EINVAL);

    assert_int_equal(settings_read(settings, "consumer", &all, NULL), 0);
    assert_int_equal(all.layout, 1);
    assert_string_equal(all.directory, "/all");
    assert_int_equal(all.most, 7);
    assert_int_equal(settings_read(settings, "topic a.b", &one, NULL), 0);
    assert_int_equal(one.layout, 2);
    assert_null(one.directory);
    assert_int_equal(one.most, 0);
    assert_int_equal(settings_read(settings, "topic other", &one, NULL), 0);
    assert_int_equal(one.layout, 1);
    assert_string_equal(one.directory, "/other");
    assert_true(settings_get(settings, "topic other", "layout", &value));
    assert_string_equal(value.value, "tagged");
    assert_string_equal(value.origin, "-o");

    file = fmemopen(printed, sizeof(printed), "w");
    assert_non_null(file);
    settings_print(settings, file);
    fclose(file);
    assert_string_equal(printed, "[consumer]\n# -o\nlayout = tagged\n# -o\ndirectory = /all\n"
                                 "# default\nmost = 7\n\n[topic a.b]\n# -o\nlayout = monthly\n\n"
                                 "[topic other]\n# -o\ndirectory = /other\n\n");
    free(all.directory);
    free(one.directory);
    settings_free(settings);
}

static void
choices_and_limits_are_the_form(void **state)
{
    static const struct {
        const char *assignment, *message;
    } cases[] = {
        {"consumer.layout=", "-o consumer.layout: \"layout\" in [consumer]: \"\" must be flat, "
                             "tagged or monthly"},
        {"consumer.layout=fla", "-o consumer.layout: \"layout\" in [consumer]: \"fla\" must be "
                                "flat, tagged or monthly"},
        {"consumer.layout=flat|tagged", "-o consumer.layout: \"layout\" in [consumer]: "
                                        "\"flat|tagged\" must be flat, tagged or monthly"},
        {"consumer.most=0", "-o consumer.most: \"most\" in [consumer]: "},
        {"consumer.most=9223372036854775808", "-o consumer.most: \"most\" in [consumer]: "},
    };
    struct settings *settings = settings_new(rows_per_topic, N_ELEMENTS(rows_per_topic));

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct error error = ERROR_INIT;

        assert_int_equal(settings_override(settings, cases[i].assignment, &error), -EINVAL);
        assert_memory_equal(error.text, cases[i].message, strlen(cases[i].message));
    }
    assert_int_equal(settings_override(settings, "consumer.most=9223372036854775807", NULL), 0);
    settings_free(settings);
}

/* Which keys a reload takes over, by the row that is theirs. */
static void
a_reload_takes_over_what_its_row_says(void **state)
{
    static const struct {
        const char *section, *key;
        bool reloaded, secret;
    } cases[] = {
        {"consumer", "checkpoint_interval", true, false},
        {"consumer", "topic", false, false},
        {"consumer", "pin", false, true},
        {"consumer", "none", false, false},
        {"consumer", "", false, false},
        {"none", "checkpoint_interval", false, false},
        {"topic a.b", "partitions", true, false},
        {"topic a.b", "format", false, false},
        {"topic a.b", "checkpoint_interval", false, false}, /* not a key per topic */
        {"topic", "partitions", false, false},
        {"kafka", "sasl.password", false, true},
        {"kafka", "anything", false, false},
    };
    const struct fixture *fixture = *state;

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        if (settings_is_reloaded(fixture->settings, cases[i].section, cases[i].key) !=
            cases[i].reloaded)
            fail_msg("[%s] %s: reloaded is not %d", cases[i].section, cases[i].key,
                     cases[i].reloaded);
        if (settings_is_secret(fixture->settings, cases[i].section, cases[i].key) !=
            cases[i].secret)
            fail_msg("[%s] %s: secret is not %d", cases[i].section, cases[i].key, cases[i].secret);
    }
}

/* 249 bytes with "topic " before them are within what a section may have, and 250 are told. */
static void
the_longest_topic_has_a_section(void **state)
{
    struct fixture *fixture = *state;
    char name[251], text[300], expected[1200];

    memset(name, 'x', 250);
    name[250] = '\0';
    snprintf(text, sizeof(text), "[topic %.249s]\npartitions = 7\n", name);
    write_file(fixture, "a.ini", text);
    assert_int_equal(load(fixture, "a.ini", true), 0);
    snprintf(text, sizeof(text), "topic %.249s", name);
    assert_value(fixture, text, "partitions", "7", "a.ini:2");
    snprintf(text, sizeof(text), "topic %.249s.partitions=8", name);
    assert_int_equal(settings_override(fixture->settings, text, &fixture->error), 0);
    snprintf(text, sizeof(text), "topic %.249s", name);
    assert_value(fixture, text, "partitions", "8", "-o");
    assert_string_equal(settings_each_section(fixture->settings, 0), text);
    assert_null(settings_each_section(fixture->settings, 1));

    snprintf(text, sizeof(text), "[topic %s]\npartitions = 7\n", name);
    write_file(fixture, "a.ini", text);
    assert_int_equal(load(fixture, "a.ini", true), SETTINGS_E_MISTAKES);
    snprintf(
        expected, sizeof(expected),
        "a.ini:1: [topic %s]: \"%.200s\" is too long for a topic: 250 characters, at most 249\n",
        name, name);
    assert_string_equal(fixture->mistakes, expected);
    snprintf(text, sizeof(text), "topic %s.partitions=8", name);
    assert_int_equal(settings_override(fixture->settings, text, &fixture->error), -EINVAL);
    assert_non_null(strstr(fixture->error.text, "250 characters, at most 249"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(mistakes_are_told_with_file_and_line),
        TEST(files_that_can_not_be_read_are_errors),
        TEST(a_file_in_the_directory_must_be_readable),
        TEST(bad_overrides_are_refused),
        TEST(the_last_one_wins_and_tells_its_origin),
        TEST(every_file_is_read_for_its_mistakes),
        TEST(the_directory_is_named_after_the_file),
        TEST(overrides_find_their_key),
        TEST(a_secret_on_the_command_line_is_warned_about),
        TEST(values_and_sections_come_in_order_of_first_appearance),
        TEST(a_struct_is_filled),
        TEST(printed_settings_hide_secrets_and_show_origins),
        TEST(printed_settings_can_be_read_back),
        cmocka_unit_test(changes_are_found),
        cmocka_unit_test(a_topic_takes_over_what_it_does_not_say),
        cmocka_unit_test(choices_and_limits_are_the_form),
        TEST(a_reload_takes_over_what_its_row_says),
        TEST(the_longest_topic_has_a_section),
    };
    const char *given = getenv("SEED");
    unsigned seed = given ? (unsigned)strtoul(given, NULL, 10) : (unsigned)time(NULL);

    print_message("seed %u (SEED=%u repeats it)\n", seed, seed);
    srandom(seed);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
