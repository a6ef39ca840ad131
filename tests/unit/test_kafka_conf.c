/* SPDX-License-Identifier: MIT */

/* librdkafka's properties: which are refused, under each name, and what is set in the end. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <librdkafka/rdkafka.h>

#include "common/kafka_conf.h"
#include "directory.h"

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

static const struct setting_row rows[] = {KAFKA_CONF_SETTING_ROWS};

static const struct kafka_property own[] = {
    {"bootstrap.servers", "localhost:9092", false},
    {"enable.auto.commit", "false", false},
    {"group.id", "weatherd", false},
    {"no.such.property", "1", true},
    {NULL, NULL, false},
};

/* The mistakes of one attempt, a line each. */
struct mistakes {
    char text[4096];
    unsigned n;
};

static void
on_mistake(void *userdata, const char *message)
{
    struct mistakes *mistakes = userdata;

    mistakes->n++;
    strncat(mistakes->text, message, sizeof(mistakes->text) - strlen(mistakes->text) - 2);
    strcat(mistakes->text, "\n");
}

/* Settings of "KEY=VALUE" lines, ended by NULL. */
static struct settings *
settings_of(const char *const *lines)
{
    struct settings *settings = settings_new(rows, N_ELEMENTS(rows));

    assert_non_null(settings);
    for (; *lines; lines++) {
        struct error error = ERROR_INIT;
        char text[512];

        snprintf(text, sizeof(text), "kafka.%s", *lines);
        if (settings_override(settings, text, &error) < 0)
            fail_msg("%s: %s", text, error.text);
    }
    return settings;
}

static int
make(rd_kafka_conf_t **confp, const struct kafka_property *properties, const char *const *lines,
     struct mistakes *mistakes)
{
    cleanup(settings_free) struct settings *settings = settings_of(lines);
    const struct kafka_conf_settings conf_settings = {
        .properties = properties,
        .settings = settings,
        .client_id = "weatherd-test",
    };
    const struct settings_reporter reporter = {on_mistake, mistakes};
    struct error error = ERROR_INIT;
    int result = kafka_conf_new(confp, &conf_settings, &reporter, &error), checked;
    unsigned n = mistakes->n;

    if (result < 0)
        fail_msg("%s", error.text);
    checked = kafka_conf_check(&conf_settings, &reporter);
    assert_int_equal(checked, result);
    assert_int_equal(mistakes->n, 2 * n);
    return result;
}

static int
make_of_one(const char *name, const char *value, struct mistakes *mistakes)
{
    rd_kafka_conf_t *conf = NULL;
    char line[256];
    const char *const lines[] = {line, NULL};
    int result;

    *mistakes = (struct mistakes){.n = 0};
    snprintf(line, sizeof(line), "%s=%s", name, value);
    result = make(&conf, own, lines, mistakes);
    if (conf)
        rd_kafka_conf_destroy(conf);
    assert_int_equal(conf != NULL, result == 0);
    return result;
}

static const struct {
    const char *name, *other, *own; /* own NULL: none is accepted */
} refused[] = {
    {"enable.auto.commit", "true", "false"},
    {"auto.commit.enable", "true", "false"},
    {"enable.auto.offset.store", "true", "false"},
    {"auto.offset.reset", "earliest", "error"},
    {"enable.partition.eof", "false", "true"},
    {"acks", "1", "all"},
    {"request.required.acks", "1", "all"},
    {"enable.idempotence", "false", "true"},
    {"enable.gapless.guarantee", "true", NULL},
    {"retries", "3", NULL},
    {"message.send.max.retries", "3", NULL},
    {"message.timeout.ms", "1000", "0"},
    {"delivery.timeout.ms", "1000", "0"},
    {"transactional.id", "x", NULL},
    {"partitioner", "consistent", "murmur2_random"},
    {"queuing.strategy", "lifo", "fifo"},
    {"delivery.report.only.error", "true", "false"},
    {"log.queue", "false", "true"},
    {"group.instance.id", "x", NULL},
    {"test.mock.num.brokers", "3", NULL},
    {"test.mock.broker.rtt", "3", NULL},
    {"plugin.library.paths", "monitoring-interceptor", NULL},
};

static void
promises_cannot_be_broken(void **state)
{
    struct mistakes mistakes;
    char expected[128];

    for (size_t i = 0; i < N_ELEMENTS(refused); i++) {
        if (make_of_one(refused[i].name, refused[i].other, &mistakes) != KAFKA_CONF_E_MISTAKES)
            fail_msg("%s = %s was accepted", refused[i].name, refused[i].other);
        snprintf(expected, sizeof(expected), "-o: [kafka] %s can't be set: ", refused[i].name);
        if (strncmp(mistakes.text, expected, strlen(expected)) != 0 ||
            !strstr(mistakes.text, "; remove the line\n"))
            fail_msg("%s: it says %s", refused[i].name, mistakes.text);
        if (refused[i].own && make_of_one(refused[i].name, refused[i].own, &mistakes) != 0)
            fail_msg("%s = %s, weatherd's own: %s", refused[i].name, refused[i].own, mistakes.text);
    }
}

/* Every alias that this librdkafka has of a property that is refused is refused as well. */
static void
no_alias_is_forgotten(void **state)
{
    char *text, *line, *rest;
    size_t length;
    unsigned n = 0;
    FILE *file = open_memstream(&text, &length);

    assert_non_null(file);
    rd_kafka_conf_properties_show(file);
    fclose(file);
    for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        const char *alias = strstr(line, "Alias for `");
        char name[100], original[100];

        if (!alias || sscanf(line, "%99s", name) != 1 ||
            sscanf(alias, "Alias for `%99[^`]", original) != 1)
            continue;
        for (size_t i = 0; i < N_ELEMENTS(refused); i++) {
            struct mistakes mistakes;

            if (strcmp(original, refused[i].name) != 0)
                continue;
            n++;
            if (make_of_one(name, refused[i].other, &mistakes) != KAFKA_CONF_E_MISTAKES ||
                !strstr(mistakes.text, "can't be set"))
                fail_msg("%s, an alias of %s, was accepted", name, original);
        }
    }
    free(text);
    assert_true(n >= 4); /* acks, retries, delivery.timeout.ms, auto.commit.enable */
}

/* What a program itself sets is accepted from the user too. */
static void
the_programs_own_value_is_accepted(void **state)
{
    static const struct kafka_property producers[] = {
        {"message.send.max.retries", "2147483647", false},
        {"acks", "all", false},
        {NULL, NULL, false},
    };
    static const char *const lines[] = {"message.send.max.retries=2147483647", "acks=all", NULL};
    struct mistakes mistakes = {.n = 0};
    rd_kafka_conf_t *conf = NULL;

    if (make(&conf, producers, lines, &mistakes) != 0)
        fail_msg("%s", mistakes.text);
    rd_kafka_conf_destroy(conf);
}

static void
a_near_miss_is_suggested(void **state)
{
    static const struct {
        const char *name, *suggestion; /* NULL: none is near, or what is near is refused */
    } cases[] = {
        {"bootstrap.server", "bootstrap.servers"},
        {"Client.Id", "client.id"},
        {"sasl.pasword", "sasl.password"},
        {"sasl.passwords", "sasl.password"},
        {"fetch.wait.maxms", "fetch.wait.max.ms"},
        {"metadata.broker.lits", "metadata.broker.list"},
        {"enable.auto.comit", NULL},
        {"nonsense", NULL},
        {"x", NULL},
    };

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct mistakes mistakes;
        char expected[256];

        assert_int_equal(make_of_one(cases[i].name, "hunter2", &mistakes), KAFKA_CONF_E_MISTAKES);
        snprintf(expected, sizeof(expected),
                 "-o: [kafka] %s: No such configuration property: \"%s\"%s%s%s\n", cases[i].name,
                 cases[i].name, cases[i].suggestion ? "; did you mean \"" : "",
                 cases[i].suggestion ? cases[i].suggestion : "", cases[i].suggestion ? "\"?" : "");
        assert_memory_equal(mistakes.text, expected, strlen(expected));
        assert_null(strstr(mistakes.text, "hunter2"));
    }
}

/* librdkafka takes any text, and to port 99999 it goes by way of 34463. */
static void
servers_have_a_form(void **state)
{
    static const char *const good[] = {
        "a",       "a:1",          "a:65535",        "a:9092,b:9092", "a:1, b ,\tc:3",
        "SSL://a", "SSL://a:9093", "192.0.2.1:9092", "[::1]:9092",    "[::1]",
    };
    static const char *const bad[] = {
        "",    ",",     "a,",      "a,,b", ":9092",  "a:",
        "a:x", "a:0",   "a:65536", "a:-1", "a:+1",   "a:99999",
        "a b", "a b:1", "a:1 b:1", " , a", "SSL://", "a:18446744073709551617",
    };

    for (size_t i = 0; i < N_ELEMENTS(good); i++) {
        struct error error = ERROR_INIT;

        if (kafka_conf_parse_servers(&rows[0], good[i], NULL, &error) != 0)
            fail_msg("\"%s\" is refused: %s", good[i], error.text);
    }
    for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
        struct error error = ERROR_INIT;
        char expected[64];

        if (kafka_conf_parse_servers(&rows[0], bad[i], NULL, &error) != -EINVAL)
            fail_msg("\"%s\" is taken", bad[i]);
        snprintf(expected, sizeof(expected), "\"%s\" is not a list of brokers, ", bad[i]);
        assert_memory_equal(error.text, expected, strlen(expected));
    }
}

static void
mistakes_are_all_reported(void **state)
{
    static const char *const lines[] = {"bootstrap.server=a",     "acks=1",
                                        "fetch.wait.max.ms=x",    "client.id=y",
                                        "security.protocol=none", NULL};
    struct mistakes mistakes = {.n = 0};
    rd_kafka_conf_t *conf = NULL;

    assert_int_equal(make(&conf, own, lines, &mistakes), KAFKA_CONF_E_MISTAKES);
    assert_null(conf);
    assert_int_equal(mistakes.n, 2 * 4);
    assert_non_null(strstr(mistakes.text, "-o: [kafka] bootstrap.server: "));
    assert_non_null(strstr(mistakes.text, "-o: [kafka] acks can't be set: "));
    assert_non_null(strstr(mistakes.text, "-o: [kafka] fetch.wait.max.ms: "));
    assert_non_null(strstr(mistakes.text, "-o: [kafka] security.protocol: "));
}

static void
assert_property(rd_kafka_conf_t *conf, const char *name, const char *expected)
{
    char value[256];
    size_t size = sizeof(value);

    assert_int_equal(rd_kafka_conf_get(conf, name, value, &size), RD_KAFKA_CONF_OK);
    if (strcmp(value, expected) != 0)
        fail_msg("%s is %s, not %s", name, value, expected);
}

static void
properties_are_set(void **state)
{
    static const char *const none[] = {NULL};
    static const char *const some[] = {"bootstrap.servers=a:1,b:2",
                                       "group.id=mine",
                                       "client.id=me",
                                       "fetch.wait.max.ms=7",
                                       "enable.auto.commit=false",
                                       NULL};
    struct mistakes mistakes = {.n = 0};
    rd_kafka_conf_t *conf = NULL;

    assert_int_equal(make(&conf, own, none, &mistakes), 0);
    assert_property(conf, "bootstrap.servers", "localhost:9092");
    assert_property(conf, "group.id", "weatherd");
    assert_property(conf, "client.id", "weatherd-test");
    assert_property(conf, "enable.auto.commit", "false");
    rd_kafka_conf_destroy(conf);

    assert_int_equal(make(&conf, own, some, &mistakes), 0);
    assert_property(conf, "bootstrap.servers", "a:1,b:2");
    assert_property(conf, "group.id", "mine");
    assert_property(conf, "client.id", "me");
    assert_property(conf, "fetch.wait.max.ms", "7");
    assert_property(conf, "enable.auto.commit", "false");
    rd_kafka_conf_destroy(conf);
}

/* The value of a secret may be in a file; it is in no message. */
static void
secrets_are_read_from_files(void **state)
{
    cleanup(directory_remove) struct directory directory = directory_make();
    char good[128], missing[128];
    const char *const lines[] = {good, NULL}, *const bad[] = {missing, NULL};
    struct mistakes mistakes = {.n = 0};
    rd_kafka_conf_t *conf = NULL;

    directory_write(&directory, "password", "hidden\n");
    snprintf(good, sizeof(good), "sasl.password=@%s/password", directory.path);
    if (make(&conf, own, lines, &mistakes) != 0)
        fail_msg("%s", mistakes.text);
    assert_property(conf, "sasl.password", "hidden");
    rd_kafka_conf_destroy(conf);

    conf = NULL;
    snprintf(missing, sizeof(missing), "sasl.password=@%s/missing", directory.path);
    assert_int_equal(make(&conf, own, bad, &mistakes), KAFKA_CONF_E_MISTAKES);
    assert_null(conf);
    assert_non_null(strstr(mistakes.text, "-o: [kafka] sasl.password: "));
    assert_non_null(strstr(mistakes.text, "/missing"));
}

/* Settings of a file with these lines in [kafka]. */
static struct settings *
settings_of_file(const struct directory *directory, const char *lines)
{
    struct mistakes mistakes = {.n = 0};
    const struct settings_reporter reporter = {on_mistake, &mistakes};
    struct settings *settings = settings_new(rows, N_ELEMENTS(rows));
    struct error error = ERROR_INIT;
    cleanup(free) char *text = NULL;
    char path[128];

    assert_non_null(settings);
    assert_true(asprintf(&text, "[kafka]\n%s\n", lines) > 0);
    directory_write(directory, "test.ini", text);
    snprintf(path, sizeof(path), "%s/test.ini", directory->path);
    if (settings_load(settings, path, true, &reporter, &error) != 0)
        fail_msg("%s%s", mistakes.text, error.text);
    return settings;
}

static void
assert_password_arrives(const struct settings *settings, const char *expected)
{
    struct mistakes mistakes = {.n = 0};
    const struct settings_reporter reporter = {on_mistake, &mistakes};
    const struct kafka_conf_settings conf_settings = {
        .properties = own, .settings = settings, .client_id = "x"};
    cleanup(free) char *printed = NULL;
    struct error error = ERROR_INIT;
    rd_kafka_conf_t *conf = NULL;
    size_t length;
    FILE *file;

    if (kafka_conf_new(&conf, &conf_settings, &reporter, &error) != 0)
        fail_msg("%s%s", error.text, mistakes.text);
    assert_property(conf, "sasl.password", expected);
    rd_kafka_conf_destroy(conf);

    file = open_memstream(&printed, &length);
    assert_non_null(file);
    settings_print(settings, file);
    fclose(file);
    if (strlen(expected) > 1 && strstr(printed, expected)) /* an @ alone is anywhere */
        fail_msg("--print-config shows %s:\n%s", expected, printed);
    assert_non_null(strstr(printed, "\nsasl.password = "));
}

/* Whatever the grammar of a file makes of other values, a password arrives whole. */
static void
a_password_arrives_whole(void **state)
{
    static const struct {
        const char *password;
        const char *in_file; /* NULL: as it is; "": it can only stand in a file of its own */
    } cases[] = {
        {"hidden1", NULL},
        {"#hidden", NULL},
        {"a#b c#d #e", NULL},
        {"a=b=c==", NULL},
        {"=hidden", NULL},
        {"a;b;c;", NULL},
        {"\"quoted\"", NULL},
        {"'single'", NULL},
        {"half\"", NULL},
        {"a  b   c", NULL},
        {"tab\tinside", NULL},
        {"back\\slash\\n%s%n$HOME`x`", NULL},
        {"Zürich 東京 😀", NULL},
        {"[section]", NULL},
        {"@hidden", "@@hidden"},
        {"@@hidden", "@@@hidden"},
        {"@/etc/passwd", "@@/etc/passwd"},
        {"@", "@@"},
        {"p#1=2;3\"4'5 6@7ä", NULL},
        {"one ;two", ""},
        {"; begins with it", ""},
        {"blanks behind \t", ""}, /* those before are lost: librdkafka itself drops them */
        {"two\nlines", ""},
        {"carriage return\r", ""},
        {"latin1 \xe4", ""},
        {"bell \x07", ""},
    };

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        cleanup(directory_remove) struct directory directory = directory_make();
        const char *in_file = cases[i].in_file ? cases[i].in_file : cases[i].password;
        cleanup(settings_free) struct settings *named = NULL;
        cleanup(free) char *line = NULL, *secret = NULL;

        assert_true(asprintf(&secret, "%s\n", cases[i].password) > 0);
        directory_write(&directory, "secret", secret);
        assert_true(asprintf(&line, "sasl.password = @%s/secret", directory.path) > 0);
        named = settings_of_file(&directory, line);
        assert_password_arrives(named, cases[i].password);
        if (*in_file) {
            cleanup(settings_free) struct settings *settings = NULL;
            cleanup(free) char *own_line = NULL;

            assert_true(asprintf(&own_line, "sasl.password = %s", in_file) > 0);
            settings = settings_of_file(&directory, own_line);
            assert_password_arrives(settings, cases[i].password);
        }
    }
}

/* Only the line feed at its end is not the secret's, and only one. */
static void
a_secret_of_a_file_is_all_of_it(void **state)
{
    static const struct {
        const char *content, *password;
    } cases[] = {{"hidden", "hidden"}, {"hidden\n", "hidden"}, {"hidden\n\n", "hidden\n"}};

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        cleanup(directory_remove) struct directory directory = directory_make();
        cleanup(settings_free) struct settings *settings = NULL;

        directory_write(&directory, "secret", cases[i].content);
        setenv("CREDENTIALS_DIRECTORY", directory.path, 1);
        settings = settings_of_file(&directory, "sasl.password = @secret");
        assert_password_arrives(settings, cases[i].password);
        unsetenv("CREDENTIALS_DIRECTORY");
    }
}

/* As it was, and with one thing changed. */
static void
credentials_are_what_a_new_client_is_made_for(void **state)
{
    static const char base[] = "sasl.username = me\n"
                               "sasl.password = @secret\n"
                               "ssl.ca.location = %s/ca.pem\n"
                               "ssl.key.pem = key\n"
                               "client.id = a\n";
    static const struct {
        const char *file, *content; /* written between the two; NULL: none */
        const char *from, *to;      /* in the settings */
        bool differs;
    } cases[] = {
        {NULL, NULL, "", "", false},
        {"secret", "first\n", "", "", false},
        {"secret", "first", "", "", false}, /* its line feed is not the secret's */
        {"secret", "second\n", "", "", true},
        {"secret", "", "", "", true},
        {"secret", "first\n\n", "", "", true},
        {"ca.pem", "one\n", "", "", false},
        {"ca.pem", "two\n", "", "", true},
        {"ca.pem", "one\nmore\n", "", "", true},
        {"ca.pem", "", "", "", true},
        {"ca.pem", NULL, "", "", true}, /* gone */
        {"other", "whatever\n", "", "", false},
        {NULL, NULL, "sasl.username = me", "sasl.username = you", true},
        {NULL, NULL, "sasl.username = me\n", "", true},
        {NULL, NULL, "@secret", "first", true},
        {NULL, NULL, "ssl.key.pem = key", "ssl.key.pem = yek", true},
        {NULL, NULL, "client.id", "sasl.mechanism", true},
        {NULL, NULL, "client.id = a", "client.id = b", false},
        {NULL, NULL, "client.id = a", "bootstrap.servers = b:1", false},
        {NULL, NULL, "client.id = a", "security.protocol = ssl", false},
    };

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        cleanup(directory_remove) struct directory directory = directory_make();
        cleanup(settings_free) struct settings *before = NULL, *after = NULL;
        cleanup(free) char *was = NULL, *is = NULL, *text = NULL, *changed = NULL;
        const char *found;

        directory_write(&directory, "secret", "first\n");
        directory_write(&directory, "ca.pem", "one\n");
        setenv("CREDENTIALS_DIRECTORY", directory.path, 1);
        assert_true(asprintf(&text, base, directory.path) > 0);
        before = settings_of_file(&directory, text);
        was = kafka_conf_credentials(before);
        assert_non_null(was);

        if (cases[i].file && cases[i].content)
            directory_write(&directory, cases[i].file, cases[i].content);
        else if (cases[i].file)
            unlinkat(directory.fd, cases[i].file, 0);
        found = strstr(text, cases[i].from);
        assert_non_null(found);
        assert_true(asprintf(&changed, "%.*s%s%s", (int)(found - text), text, cases[i].to,
                             found + strlen(cases[i].from)) > 0);
        after = settings_of_file(&directory, changed);
        is = kafka_conf_credentials(after);
        assert_non_null(is);
        if ((strcmp(was, is) != 0) != cases[i].differs)
            fail_msg("case %zu: %s\n---\n%s", i, was, is);
        unsetenv("CREDENTIALS_DIRECTORY");
    }
}

/* A certificate in DER has zero bytes: what is behind them counts. */
static void
a_zero_byte_ends_no_credential(void **state)
{
    cleanup(directory_remove) struct directory directory = directory_make();
    cleanup(settings_free) struct settings *settings = NULL;
    cleanup(free) char *line = NULL, *was = NULL, *is = NULL;

    assert_true(asprintf(&line, "ssl.keystore.location = %s/key.p12", directory.path) > 0);
    settings = settings_of_file(&directory, line);
    directory_write_bytes(&directory, "key.p12", "a\0b\0c", 5);
    was = kafka_conf_credentials(settings);
    directory_write_bytes(&directory, "key.p12", "a\0b\0d", 5);
    is = kafka_conf_credentials(settings);
    assert_non_null(was);
    assert_non_null(is);
    assert_string_not_equal(was, is);
}

/* A property of ours that the library does not take is an error, unless it may be missing. */
static void
a_bad_property_of_ours_is_found(void **state)
{
    static const struct kafka_property bad[][2] = {
        {{"no.such.property", "1", false}, {NULL, NULL, false}},
        {{"fetch.wait.max.ms", "x", true}, {NULL, NULL, false}},
    };
    static const char *const none[] = {NULL};

    for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
        cleanup(settings_free) struct settings *settings = settings_of(none);
        struct mistakes mistakes = {.n = 0};
        const struct kafka_conf_settings conf_settings = {
            .properties = bad[i], .settings = settings, .client_id = "x"};
        const struct settings_reporter reporter = {on_mistake, &mistakes};
        struct error error = ERROR_INIT;
        rd_kafka_conf_t *conf = NULL;

        assert_true(kafka_conf_new(&conf, &conf_settings, &reporter, &error) < 0);
        assert_null(conf);
        assert_non_null(strstr(error.text, bad[i][0].name));
        assert_int_equal(kafka_conf_check(&conf_settings, &reporter), KAFKA_CONF_E_MISTAKES);
        assert_int_equal(mistakes.n, 1);
    }
}

/* Each line for itself is good; that the file is no certificate shows only when a client is made. */
static void
what_no_client_can_be_made_of_is_found(void **state)
{
    static const char *const lines[] = {"security.protocol=ssl", "ssl.ca.location=/dev/null", NULL};
    cleanup(settings_free) struct settings *settings = settings_of(lines);

    for (int is_producer = 0; is_producer <= 1; is_producer++) {
        struct mistakes mistakes = {.n = 0};
        const struct kafka_conf_settings conf_settings = {
            .properties = own, .settings = settings, .client_id = "x", .is_producer = is_producer};
        const struct settings_reporter reporter = {on_mistake, &mistakes};

        assert_int_equal(kafka_conf_check(&conf_settings, &reporter), KAFKA_CONF_E_MISTAKES);
        assert_int_equal(mistakes.n, 1);
        assert_non_null(strstr(mistakes.text, "ssl.ca.location"));
    }
}

static void
unwise_settings_are_warned_about(void **state)
{
    static const struct {
        const char *lines[3];
        const char *message;
    } cases[] = {
        {{NULL}, ""},
        {{"enable.ssl.certificate.verification=true"}, ""},
        {{"ssl.endpoint.identification.algorithm=https"}, ""},
        {{"enable.ssl.certificate.verification=false"},
         "-o: [kafka] enable.ssl.certificate.verification = false: anybody on the way to the "
         "broker "
         "can read and change the records; remove the line"},
        {{"ssl.endpoint.identification.algorithm=none"},
         "-o: [kafka] ssl.endpoint.identification.algorithm = none: anybody on the way to the "
         "broker can read and change the records; remove the line"},
    };

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        cleanup(settings_free) struct settings *settings = settings_of(cases[i].lines);
        struct error warning;

        strcpy(warning.text, "from before");
        kafka_conf_warn(settings, &warning);
        assert_string_equal(warning.text, cases[i].message);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(promises_cannot_be_broken),
        cmocka_unit_test(no_alias_is_forgotten),
        cmocka_unit_test(a_near_miss_is_suggested),
        cmocka_unit_test(servers_have_a_form),
        cmocka_unit_test(mistakes_are_all_reported),
        cmocka_unit_test(a_bad_property_of_ours_is_found),
        cmocka_unit_test(properties_are_set),
        cmocka_unit_test(secrets_are_read_from_files),
        cmocka_unit_test(a_password_arrives_whole),
        cmocka_unit_test(a_secret_of_a_file_is_all_of_it),
        cmocka_unit_test(credentials_are_what_a_new_client_is_made_for),
        cmocka_unit_test(a_zero_byte_ends_no_credential),
        cmocka_unit_test(the_programs_own_value_is_accepted),
        cmocka_unit_test(what_no_client_can_be_made_of_is_found),
        cmocka_unit_test(unwise_settings_are_warned_about),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
