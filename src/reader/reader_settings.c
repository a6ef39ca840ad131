/* SPDX-License-Identifier: MIT */

/* Settings of topics, and what no single key can say of them. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/values.h"
#include "reader/reader_settings.h"
#include "stream/sink.h"

#define TOPIC_SECTION "topic "

int
reader_parse_partitions(const struct setting_row *row, const char *value, void *destination,
                        struct error *error)
{
    struct partition_list list;
    int result = partition_list_parse(&list, value, error);

    if (result < 0)
        return result;
    partition_list_fini(&list);
    return setting_parse_string(row, value, destination, error);
}

int
reader_parse_path(const struct setting_row *row, const char *value, void *destination,
                  struct error *error)
{
    int result = report_path_check(value, error);

    return result < 0 ? result : setting_parse_string(row, value, destination, error);
}

int
reader_parse_path_or_none(const struct setting_row *row, const char *value, void *destination,
                          struct error *error)
{
    int result = report_path_check(value, error);

    return result < 0 ? result : setting_parse_text(row, value, destination, error);
}

int
reader_parse_schema_ids(const struct setting_row *row, const char *value, void *destination,
                        struct error *error)
{
    return framing_ids_parse(destination, value, error);
}

/* ---- reading ---- */

static void
free_topic(const struct reader_kind *kind, struct reader_topic *topic)
{
    if (!topic)
        return;
    if (kind->fini)
        kind->fini(topic);
    free(topic->name);
    free(topic->topic);
    free(topic->metrics_directory);
    free(topic->partitions);
    free(topic->directory);
    free(topic->station_field);
    free(topic->date_field);
    free(topic->degrees_field);
    free(topic->raining_field);
    free(topic->invalid_topic);
    free(topic);
}

/* The settings of a section; NULL when memory is out. */
static struct reader_topic *
read_topic(const struct reader_kind *kind, const struct settings *settings, const char *section,
           struct error *error)
{
    struct reader_topic *topic = calloc(1, kind->topic_size);
    struct report_paths paths;

    if (!topic)
        return NULL;
    if (kind->init)
        kind->init(topic);
    if (settings_read(settings, section, topic, error) < 0) {
        free_topic(kind, topic);
        return NULL;
    }
    paths = (struct report_paths){
        .station = topic->station_field,
        .date = topic->date_field,
        .degrees = topic->degrees_field,
        .raining = topic->raining_field,
    };
    report_fields_init(&topic->fields, &paths, topic->date_format);
    if (kind->derive)
        kind->derive(topic);
    return topic;
}

static int
add_topic(struct reader_settings *reader, const struct settings *settings, const char *section,
          struct error *error)
{
    struct reader_topic **topics =
        reallocarray(reader->topics, reader->n_topics + 1, sizeof(struct reader_topic *));
    struct reader_topic *topic;

    if (!topics)
        return -ENOMEM;
    reader->topics = topics;
    topic = read_topic(reader->kind, settings, section, error);
    if (!topic)
        return -ENOMEM;
    topics[reader->n_topics++] = topic;
    topic->name = strdup(section + strlen(TOPIC_SECTION));
    return topic->name ? 0 : -ENOMEM;
}

int
reader_settings_read(struct reader_settings *reader, const struct reader_kind *kind,
                     const struct settings *settings, struct error *error)
{
    const char *section;
    int result;

    *reader = (struct reader_settings){
        .kind = kind,
        .common = read_topic(kind, settings, kind->section, error),
    };
    result = reader->common ? 0 : -ENOMEM;
    for (size_t i = 0; result == 0 && (section = settings_each_section(settings, i)); i++)
        if (strncmp(section, TOPIC_SECTION, strlen(TOPIC_SECTION)) == 0)
            result = add_topic(reader, settings, section, error);
    if (result < 0)
        reader_settings_fini(reader);
    return result;
}

void
reader_settings_fini(struct reader_settings *reader)
{
    for (size_t i = 0; i < reader->n_topics; i++)
        free_topic(reader->kind, reader->topics[i]);
    free(reader->topics);
    free_topic(reader->kind, reader->common);
    *reader = (struct reader_settings){.kind = NULL};
}

const struct reader_topic *
reader_settings_topic(const struct reader_settings *reader, const char *name)
{
    for (size_t i = 0; i < reader->n_topics; i++)
        if (strcmp(reader->topics[i]->name, name) == 0)
            return reader->topics[i];
    return reader->common;
}

const struct report_fields *
reader_settings_fields(const struct reader_topic *topic)
{
    bool is_own = !topic->station_field && !topic->date_field && !topic->degrees_field &&
                  !topic->raining_field && topic->date_format == MOMENT_DATE;

    return is_own ? NULL : &topic->fields;
}

/* ---- checking ---- */

static int
check_fields(const struct reader_topic *topic, struct error *error)
{
    if (topic->schema_ids.n_ids > 0 && topic->format != REPORT_FORMAT_AUTO)
        return error_set(error, -EINVAL,
                         "format = %s reads no framing, which schema_ids is for; set format = auto",
                         topic->format == REPORT_FORMAT_JSON ? "json" : "protobuf");
    if (topic->format == REPORT_FORMAT_PROTOBUF && reader_settings_fields(topic))
        return error_set(error, -EINVAL,
                         "format = protobuf leaves nothing for the fields of JSON records "
                         "(station_field, date_field, degrees_field, raining_field, date_format); "
                         "set format = json");
    return 0;
}

/* Each invalid record of the invalid_topic would be sent to it again, for ever. */
int
reader_settings_check_topic(const struct reader_settings *reader, const char *name,
                            const char **keyp, struct error *error)
{
    const struct reader_topic *topic = reader_settings_topic(reader, name);

    *keyp = "invalid_topic";
    if (topic->invalid_topic && strcmp(topic->invalid_topic, name) == 0)
        return error_set(error, -EINVAL,
                         "invalid_topic is %s, the topic that is read; name another one", name);
    *keyp = "format";
    if (check_fields(topic, error) < 0)
        return -EINVAL;
    return reader->kind->check ? reader->kind->check(topic, name, keyp, error) : 0;
}

static int
check_directory(const struct reader_settings *reader, const struct reader_topic *topic,
                struct error *error)
{
    const struct reader_topic *common = reader->common;

    if (!topic->name || !topic->directory)
        return 0;
    if (strcmp(topic->name, common->topic) != 0 && common->directory &&
        strcmp(topic->directory, common->directory) == 0)
        return error_set(error, -EINVAL,
                         "[topic %s] directory is that of [%s], %s; each topic "
                         "needs one of its own",
                         topic->name, reader->kind->section, topic->directory);
    for (size_t i = 0; reader->topics[i] != topic; i++)
        if (reader->topics[i]->directory &&
            strcmp(topic->directory, reader->topics[i]->directory) == 0)
            return error_set(
                error, -EINVAL,
                "[topic %s] directory is that of [topic %s], %s; each topic needs one of "
                "its own",
                topic->name, reader->topics[i]->name, topic->directory);
    return 0;
}

static int
check_topic(const struct reader_settings *reader, const struct reader_topic *topic,
            const struct settings *settings, struct error *error)
{
    const char *name = topic->name ? topic->name : reader->common->topic;
    cleanup(free) char *section = NULL;
    const char *key;

    if (asprintf(&section, TOPIC_SECTION "%s", name) < 0) {
        section = NULL;
        return error_set(error, -ENOMEM, "out of memory");
    }
    if (reader_settings_check_topic(reader, name, &key, error) < 0)
        return settings_blame(settings, section, key, error);
    if (check_directory(reader, topic, error) < 0)
        return settings_blame(settings, section, "directory", error);
    return 0;
}

static int
check_topics(const struct reader_settings *reader, const struct settings *settings,
             struct error *error)
{
    int result = check_topic(reader, reader->common, settings, error);

    for (size_t i = 0; i < reader->n_topics && result == 0; i++)
        result = check_topic(reader, reader->topics[i], settings, error);
    return result;
}

static struct kafka_conf_settings
kafka_conf_settings(const struct reader_kind *kind, const struct settings *settings,
                    const struct kafka_property *properties)
{
    return (struct kafka_conf_settings){
        .properties = properties,
        .settings = settings,
        .client_id = kind->program->name,
    };
}

int
reader_settings_check(const struct reader_kind *kind, const struct settings *settings,
                      bool complete, const struct settings_reporter *reporter)
{
    const struct kafka_conf_settings conf_settings =
        kafka_conf_settings(kind, settings, kind->properties);
    struct reader_settings reader;
    struct error error = ERROR_INIT;
    int exit_code = kafka_conf_check(&conf_settings, reporter) == 0 ? EX_OK : EX_CONFIG;
    int result;

    if (!complete)
        return exit_code;
    result = reader_settings_read(&reader, kind, settings, &error);
    if (result == 0) {
        result = check_topics(&reader, settings, &error);
        reader_settings_fini(&reader);
    }
    if (result < 0)
        reporter->mistake(reporter->userdata, error.text);
    return result < 0 ? EX_CONFIG : exit_code;
}

/* ---- clients ---- */

int
reader_settings_kafka(struct rd_kafka_conf_s **confp, const struct reader_kind *kind,
                      const struct settings *settings, const struct settings_reporter *reporter,
                      struct error *error)
{
    const struct kafka_conf_settings conf_settings =
        kafka_conf_settings(kind, settings, kind->properties);

    return kafka_conf_new(confp, &conf_settings, reporter, error);
}

int
reader_settings_kafka_sink(struct rd_kafka_conf_s **confp, const struct reader_kind *kind,
                           const struct settings *settings,
                           const struct settings_reporter *reporter, struct error *error)
{
    const struct kafka_conf_settings conf_settings =
        kafka_conf_settings(kind, settings, sink_kafka_properties);

    return kafka_conf_new(confp, &conf_settings, reporter, error);
}
