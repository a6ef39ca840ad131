/* SPDX-License-Identifier: MIT */

/*
 * What can be set in forecast.ini. The sample file and the manual are compared with this table by a
 * test.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "forecast/forecast.h"
#include "forecast/forecast_settings.h"
#include "record/report_protobuf.h"

#define TOPIC(member) offsetof(struct forecast_topic, member)

static const struct setting_row rows[] = {
    KAFKA_CONF_SETTING_ROWS,
    SETTING_LOG_LEVEL_ROW,
    READER_SETTING_ROWS("forecast"),
    {"forecast", "degrees_field", NULL, "PATH",
     "where JSON records have the degrees; without it degrees", reader_parse_path,
     READER_FIELD(degrees_field), READER_FIXED},
    {"forecast", "raining_field", NULL, "PATH",
     "where JSON records say whether it rained; without it raining", reader_parse_path,
     READER_FIELD(raining_field), READER_FIXED},
    {"forecast", "model", NULL, "FILE",
     "the tree that predicts, as rain_train exports it; it must be given", setting_parse_string,
     TOPIC(model), READER_POLICY},
    {"forecast", "prediction_topic", "predictions", "TOPIC",
     "the topic that gets each prediction, with the station's id as the key; made when it is "
     "missing",
     setting_parse_topic, TOPIC(prediction_topic), READER_FIXED},
    READER_CHECKPOINT_ROW("forecast"),
    READER_INVALID_ROWS("forecast"),
    READER_LAST_ROWS("forecast"),
};

/* A group of its own: the consumer's offsets are the consumer's. */
static const struct kafka_property properties[] = {READER_KAFKA_PROPERTIES("weatherd-forecast")};

static void
fini(struct reader_topic *reader)
{
    struct forecast_topic *topic = (struct forecast_topic *)reader;

    free(topic->model);
    free(topic->prediction_topic);
}

/* Predictions are no reports. */
static int
check_topic(const struct reader_topic *reader, const char *name, const char **keyp,
            struct error *error)
{
    const char *predictions = forecast_topic_of(reader)->prediction_topic;

    *keyp = "prediction_topic";
    if (strcmp(predictions, name) == 0)
        return error_set(error, -EINVAL,
                         "prediction_topic is %s, the topic that is read; name another one", name);
    if (reader->invalid_topic && strcmp(predictions, reader->invalid_topic) == 0)
        return error_set(error, -EINVAL,
                         "prediction_topic is %s, the invalid_topic; name another one",
                         predictions);
    return 0;
}

static int
check(const struct settings *settings, bool complete, const struct settings_reporter *reporter)
{
    return reader_settings_check(&forecast_kind, settings, complete, reporter);
}

const struct daemon_program forecast_program = {
    .name = "weatherd-forecast",
    .synopsis = "[[TOPIC:]PARTITIONS]...",
    .purpose = "Predict from the reports of partitions whether it rains the day after.",
    .config_file = WEATHERD_CONFIG_DIRECTORY "/forecast.ini",
    .rows = rows,
    .n_rows = sizeof(rows) / sizeof(rows[0]),
    .option = {"until-end", 0, NULL, "stop at the end that there is at the start"},
    .check = check,
    .check_files = forecast_check_files,
    .protobuf_version = report_protobuf_library_version,
};

const struct reader_kind forecast_kind = {
    .program = &forecast_program,
    .section = "forecast",
    .properties = properties,
    .topic_size = sizeof(struct forecast_topic),
    .fini = fini,
    .check = check_topic,
};
