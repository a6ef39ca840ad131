/* SPDX-License-Identifier: MIT */

/*
 * Outlooks as the state of the reader's partitions, and their predictions to a topic.
 *
 * After a crash records are read again and predictions made again, and they must be the ones that
 * were sent. So a prediction is only sent once the file on the disk names the model that makes it,
 * and a file's own model goes on predicting whatever was in the log when the process began: all
 * that the process before can have sent lies there. Only then a new model takes over.
 */

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "forecast/forecast.h"
#include "forecast/forecast_settings.h"
#include "forecast/outlook.h"
#include "forecast/outlook_json.h"
#include "reader/reader.h"

struct forecast_partition {
    struct outlook outlook; /* stands first: see outlook_json_ops */
    struct model *wanted;   /* of the settings */
    bool settled;           /* the file on the disk has the outlook's model */
    struct outbox_topic predictions;
    uint64_t made; /* predictions, since the start of the process */
};

/* ---- models ---- */

static const char *
model_of(const struct reader_settings *config, const char *topic)
{
    return forecast_topic_of(reader_settings_topic(config, topic))->model;
}

/* NULL, and logged, when it can't be used. */
static struct model *
load_model(const struct log *log, const char *path)
{
    struct model *model = NULL;
    struct error error = ERROR_INIT;

    if (path)
        model_load(path, &model, &error);
    else
        error_set(&error, 0,
                  "no model: name the file that rain_train exported by [forecast] model");
    if (!model)
        log_event(log, MESSAGE_MODEL_REFUSED, "%s", error.text);
    return model;
}

/*
 * Loads the models that the settings name, one a partition; a file that several have, once. False
 * when one can't be used: then there are none.
 */
static bool
load_models(const struct reader *reader, const struct reader_settings *config,
            struct model **models)
{
    for (size_t i = 0; i < reader->n_partitions; i++) {
        const char *path = model_of(config, reader->partitions[i].topic);
        const char *before = i > 0 ? model_of(config, reader->partitions[i - 1].topic) : NULL;

        models[i] = path && before && strcmp(path, before) == 0 ? model_hold(models[i - 1])
                                                                : load_model(reader->log, path);
        if (models[i])
            continue;
        while (i > 0)
            model_release(models[--i]);
        return false;
    }
    return true;
}

static void
want_model(struct forecast_partition *partition, struct model *model)
{
    if (model_is_same(partition->outlook.model, model)) {
        model_release(model);
        model = model_hold(partition->outlook.model);
    }
    model_release(partition->wanted);
    partition->wanted = model;
}

/* The models of these settings take over, or none does. */
static bool
accept_models(struct reader *reader, const struct reader_settings *config)
{
    struct model **models = calloc(reader->n_partitions, sizeof(struct model *));
    bool loaded = models && load_models(reader, config, models);

    for (size_t i = 0; loaded && i < reader->n_partitions; i++)
        want_model(reader->partitions[i].state, models[i]);
    free(models);
    return loaded;
}

/* It is time for another model: from this record on. */
static void
take_model(const struct reader *reader, struct reader_partition *base, int64_t offset)
{
    struct forecast_partition *partition = base->state;

    if (partition->outlook.model)
        log_event_at(reader->log, MESSAGE_MODEL_TAKEN, reader_at(base, offset),
                     "predicting by the model of %s from offset %lld on",
                     model_of(&reader->config, base->topic), (long long)offset);
    outlook_set_model(&partition->outlook, partition->wanted);
    partition->settled = false;
    stream_touch(&base->stream);
}

/* ---- what the reader asks for ---- */

static int
open_partition(struct reader *reader, struct reader_partition *base)
{
    const struct outlook_settings settings = {
        .number = base->number,
        .format = base->fixed->format,
        .schema = base->fixed->schema,
        .schema_ids = &base->fixed->schema_ids,
        .fields = reader_settings_fields(base->fixed),
    };
    struct forecast_partition *partition = calloc(1, sizeof(*partition));

    if (!partition)
        return -ENOMEM;
    outlook_init(&partition->outlook, &settings, 0, reader->seed);
    partition->predictions = (struct outbox_topic){
        .name = forecast_topic_of(base->fixed)->prediction_topic,
        .setting = "prediction_topic",
        .what = "a prediction",
        .waiting = MESSAGE_PREDICTION_TOPIC_WAITING,
        .refuses = MESSAGE_PREDICTION_TOPIC_REFUSES,
        .make = true,
    };
    base->state = partition;
    base->outcomes = partition->outlook.outcomes;
    return 0;
}

static void
opened(struct reader_partition *base)
{
    struct forecast_partition *partition = base->state;

    partition->settled = partition->outlook.model;
}

static void
follow(struct reader_partition *base)
{
    struct forecast_partition *partition = base->state;

    partition->outlook.max_stations = base->rules->max_stations;
}

static void
blame(const struct outlook *outlook, struct reader_fault *fault)
{
    fault->station = outlook->station;
    fault->undecodable = outlook->fault == OUTLOOK_UNDECODABLE;
    fault->message =
        outlook->fault == OUTLOOK_FULL ? MESSAGE_STATIONS_FULL : MESSAGE_RECORD_INVALID;
}

static bool
send_prediction(struct reader *reader, struct reader_partition *base, int64_t offset,
                const struct outlook_prediction *prediction)
{
    struct forecast_partition *partition = base->state;
    char text[OUTLOOK_SIZE_MAX];
    struct sink_message message = {
        .key = prediction->station,
        .key_length = prediction->station_length,
        .payload = text,
        .payload_length = outlook_format(prediction, text),
    };

    if (!partition->settled) {
        base->flow = FLOW_HELD; /* until the file has been replaced */
        return false;
    }
    return reader_send(reader, base, offset, &partition->predictions, &message,
                       "leads to a prediction");
}

static enum reader_verdict
apply(struct reader *reader, struct reader_partition *base, const struct source_record *record,
      struct reader_fault *fault)
{
    struct forecast_partition *partition = base->state;
    struct outlook *outlook = &partition->outlook;
    struct outlook_prediction prediction;
    enum outlook_outcome outcome;

    if (__builtin_expect(partition->wanted != outlook->model, 0) &&
        (!outlook->model || record->offset >= base->until))
        take_model(reader, base, record->offset);
    outcome = outlook_apply(outlook, record->payload, record->payload_length, &prediction,
                            &fault->reason);
    if (outcome == OUTLOOK_INVALID) {
        blame(outlook, fault);
        return READER_INVALID;
    }
    if (outcome == OUTLOOK_NO_MEMORY)
        return READER_NO_MEMORY;
    if (!prediction.made)
        return READER_PASS;
    if (!send_prediction(reader, base, record->offset, &prediction)) {
        outlook_undo(outlook);
        return READER_AGAIN;
    }
    partition->made++;
    return READER_PASS;
}

static void
describe(const struct reader_partition *base, char *text, size_t size)
{
    const struct forecast_partition *partition = base->state;

    snprintf(text, size, "%zu stations", partition->outlook.stations.n_stations);
}

static int
start(struct reader *reader)
{
    for (size_t i = 0; i < reader->n_partitions; i++) {
        struct forecast_partition *partition = reader->partitions[i].state;
        int exit_code = reader_add_outbox_topic(reader, &partition->predictions);

        if (exit_code != EX_OK)
            return exit_code;
    }
    return EX_OK;
}

static void
saved(struct reader *reader, uint64_t started)
{
    for (size_t i = 0; i < reader->n_partitions; i++) {
        struct forecast_partition *partition = reader->partitions[i].state;

        partition->settled |= partition->outlook.model && !reader->partitions[i].stream.dirty;
    }
}

/* ---- for those who watch ---- */

static const struct outlook *
outlook_of(const struct reader_partition *base)
{
    return &((const struct forecast_partition *)base->state)->outlook;
}

static size_t
count_stations(const struct reader_partition *base)
{
    return outlook_of(base)->stations.n_stations;
}

static double
get_made(const struct reader *reader, const struct reader_partition *base)
{
    return (double)((const struct forecast_partition *)base->state)->made;
}

static double
get_accuracy(const struct reader *reader, const struct reader_partition *base)
{
    return outlook_accuracy(&outlook_of(base)->score);
}

static double
get_base_rate(const struct reader *reader, const struct reader_partition *base)
{
    return outlook_base_rate(&outlook_of(base)->score);
}

static void
show_score(struct reader *reader)
{
    static const struct metric verified = {
        "weatherd_forecast_verified_total", "counter",
        "Predictions whose day has come, by how they turned out, in all the time of the file."};

    metrics_family(reader->metrics, &verified);
    for (size_t i = 0; i < reader->n_partitions; i++) {
        const struct reader_partition *base = &reader->partitions[i];
        const struct outlook_score *score = &outlook_of(base)->score;

        reader_show_value(reader, base, "result", "hit", (double)score->hits);
        reader_show_value(reader, base, "result", "false_alarm", (double)score->false_alarms);
        reader_show_value(reader, base, "result", "miss", (double)score->misses);
        reader_show_value(reader, base, "result", "correct_negative",
                          (double)score->correct_negatives);
    }
}

static void
show(struct reader *reader)
{
    static const struct reader_metric families[] = {
        {{"weatherd_forecast_predictions_total", "counter",
          "Predictions that were made since the start, those made again included."},
         get_made},
        {{"weatherd_forecast_accuracy", "gauge", "The share of the predictions that were right."},
         get_accuracy},
        {{"weatherd_forecast_base_rate", "gauge", "The share of their days on which it rained."},
         get_base_rate},
    };

    for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
        reader_show_family(reader, &families[i]);
    show_score(reader);
}

/* ---- from outside ---- */

static bool
check_model(struct daemon *daemon, const char *path)
{
    cleanup(model_release) struct model *model = load_model(&daemon->log, path);

    return model;
}

/* That a topic has none is only known to be wrong where it is to be read. */
static bool
check_models(struct daemon *daemon, const struct reader_settings *config)
{
    const char *common = forecast_topic_of(config->common)->model;
    bool good = !common || check_model(daemon, common);
    struct assignment assignment;
    struct error error = ERROR_INIT;

    for (size_t i = 0; i < config->n_topics; i++) {
        const char *path = forecast_topic_of(config->topics[i])->model;

        if (path && (!common || strcmp(path, common) != 0))
            good &= check_model(daemon, path);
    }
    if (assignment_parse(&assignment, daemon->arguments, daemon->n_arguments, config, &error) != 0)
        return good;
    for (size_t i = 0; i < assignment.n_topics && good; i++)
        if (!model_of(config, assignment.topics[i].name))
            good = check_model(daemon, NULL);
    assignment_fini(&assignment);
    return good;
}

int
forecast_check_files(struct daemon *daemon, const struct settings *settings)
{
    struct reader_settings config;
    struct error error = ERROR_INIT;
    bool good;

    if (reader_settings_read(&config, &forecast_kind, settings, &error) < 0)
        return EX_SOFTWARE;
    good = check_models(daemon, &config);
    reader_settings_fini(&config);
    return good ? EX_OK : EX_CONFIG;
}

int
forecast_run(struct daemon *daemon, struct settings *settings)
{
    static const char *const outcomes[OUTLOOK_N_OUTCOMES] = {
        [OUTLOOK_COUNTED] = "counted", [OUTLOOK_DUPLICATE] = "duplicate",
        [OUTLOOK_LATE] = "late",       [OUTLOOK_INCOMPLETE] = "incomplete",
        [OUTLOOK_INVALID] = "invalid",
    };
    static const struct reader_ops ops = {
        .kind = &forecast_kind,
        .state = &outlook_json_ops,
        .sink = {"prediction_topic", MESSAGE_PREDICTION_TOPIC_REFUSES,
                 MESSAGE_PREDICTION_TOPIC_WAITING},
        .outcomes = outcomes,
        .n_outcomes = OUTLOOK_N_OUTCOMES,
        .open = open_partition,
        .opened = opened,
        .follow = follow,
        .apply = apply,
        .describe = describe,
        .count_stations = count_stations,
        .start = start,
        .accept = accept_models,
        .saved = saved,
        .show = show,
        .program = "weatherd-forecast",
    };
    static struct reader reader;

    return reader_run(&reader, &ops, daemon, settings);
}
