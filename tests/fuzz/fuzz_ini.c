/* SPDX-License-Identifier: MIT */

/*
 * Any bytes as an INI file of either daemon, through all that --check-config does but for making a
 * client of librdkafka's, which could run commands and read files that the bytes name: each mistake
 * is told with the file and one of its lines; what has none is printed as --print-config does, and
 * the print is read without a mistake and printed the same. And as a value of -o.
 */

#include <errno.h>
#include <librdkafka/rdkafka.h>

#include "consumer/consumer_settings.h"
#include "fuzz.h"
#include "producer/producer_settings.h"

/* Linked in place of librdkafka's (--wrap): the client that is made to see whether it can be. */
rd_kafka_t *__wrap_rd_kafka_new(rd_kafka_type_t type, rd_kafka_conf_t *conf, char *text, size_t n);
void __wrap_rd_kafka_destroy_flags(rd_kafka_t *client, int flags);

rd_kafka_t *
__wrap_rd_kafka_new(rd_kafka_type_t type, rd_kafka_conf_t *conf, char *text, size_t n)
{
    rd_kafka_conf_destroy(conf);
    return (rd_kafka_t *)(void *)text;
}

void
__wrap_rd_kafka_destroy_flags(rd_kafka_t *client, int flags)
{
}

struct complaints {
    struct fuzz_file file;
    unsigned n;
};

static void
take_mistake(void *userdata, const char *message)
{
    struct complaints *complaints = userdata;

    fuzz_must_name_line(&complaints->file, message);
    complaints->n++;
}

/* What --print-config says, without the lines that say where a value is from; NULL when mistaken. */
static char *
check_config(const struct daemon_program *program, const char *data, size_t size)
{
    cleanup(settings_free) struct settings *settings = settings_new(program->rows, program->n_rows);
    struct complaints complaints = {.file = fuzz_file(data, size)};
    const struct settings_reporter reporter = {take_mistake, &complaints};
    struct error error = ERROR_INIT;
    char *text = NULL, *to;
    FILE *print;
    int result = settings_load(settings, complaints.file.path, true, &reporter, &error);

    must(result == (complaints.n ? SETTINGS_E_MISTAKES : 0), "%d: %s", result, error.text);
    result = program->check(settings, result == 0, &reporter);
    must(result == 0 || complaints.n > 0, "exit code %d without a word", result);
    if (complaints.n > 0)
        return NULL;
    print = open_memstream(&text, &size);
    settings_print(settings, print);
    fclose(print);
    to = text;
    for (char *line = text, *rest; (rest = strchr(line, '\n')); line = rest + 1)
        if (*line != '#')
            to = (char *)memmove(to, line, (size_t)(rest + 1 - line)) + (rest + 1 - line);
    *to = '\0';
    return text;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct daemon_program *const programs[] = {&consumer_program, &producer_program};
    cleanup(free) char *assignment = strndup((const char *)data, size);

    for (size_t i = 0; i < 2; i++) {
        cleanup(free) char *text = check_config(programs[i], (const char *)data, size);
        cleanup(free) char *again = text ? check_config(programs[i], text, strlen(text)) : NULL;
        cleanup(settings_free) struct settings *settings =
            settings_new(programs[i]->rows, programs[i]->n_rows);
        struct error error = ERROR_INIT;
        int result = settings_override(settings, assignment, &error);

        must(!text || (again && strcmp(text, again) == 0), "%s\n%s", text, again);
        must(result == 0 || result == -EINVAL || result == SETTINGS_E_SECRET_SEEN, "%d", result);
    }
    return 0;
}
