/* SPDX-License-Identifier: MIT */

/* Members may come in any order on the way in; what could not have been written is refused. */

#include <errno.h>
#include <math.h>
#include <string.h>

#include "common/json_fields.h"
#include "common/json_writer.h"
#include "forecast/outlook_json.h"

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

/* ---- reading ---- */

/* A share is for who reads the file; it must be what the counts give. */
static int
check_share(const char *name, double share, double computed, struct error *error)
{
    if (isnan(share)) /* it is not there */
        return 0;
    if (isnan(computed))
        return error_set(error, JSON_E_BAD, "\"%s\" is %g, but nothing has been scored", name,
                         share);
    if (fabs(share - computed) > 1e-9)
        return error_set(error, JSON_E_BAD, "\"%s\" is %.15g, must be %.15g by the counts", name,
                         share, computed);
    return 0;
}

struct score_text {
    struct outlook_score score;
    double accuracy, base_rate;
};

static int
load_score(struct json_object *object, struct outlook_score *score, struct error *error)
{
#define COUNTER(member)                                                                            \
    {                                                                                              \
#member, JSON_INTEGER, offsetof(struct score_text, score.member), false, 0,                \
            OUTLOOK_SCORE_MAX                                                                      \
    }
    static const struct json_field fields[] = {
        COUNTER(hits),
        COUNTER(false_alarms),
        COUNTER(misses),
        COUNTER(correct_negatives),
        {"accuracy", JSON_SHARE, offsetof(struct score_text, accuracy), true, 0, 0},
        {"base_rate", JSON_SHARE, offsetof(struct score_text, base_rate), true, 0, 0},
    };
    struct score_text text = {.accuracy = NAN, .base_rate = NAN};

    if (json_load_fields(object, fields, N_ELEMENTS(fields), &text, NULL, error) != 0 ||
        check_share("accuracy", text.accuracy, outlook_accuracy(&text.score), error) != 0 ||
        check_share("base_rate", text.base_rate, outlook_base_rate(&text.score), error) != 0)
        return error_prefix(error, JSON_E_BAD, "\"score\" ");
    *score = text.score;
    return 0;
}

static int
load_day(void *userdata, size_t index, struct json_object *value, struct error *error)
{
    static const struct json_field fields[] = {
        {"date", JSON_DATE, offsetof(struct outlook_day, date), false, 0, 0},
        {"degrees", JSON_NUMBER, offsetof(struct outlook_day, degrees), false, 0, 0},
        {"raining", JSON_BOOLEAN, offsetof(struct outlook_day, raining), false, 0, 0},
        {"predicted", JSON_INTEGER, offsetof(struct outlook_day, predicted), true, 0, 1},
    };
    struct outlook_station *station = userdata;

    station->days[index].predicted = -1;
    return json_load_fields(value, fields, N_ELEMENTS(fields), &station->days[index], NULL,
                            error) == 0
               ? 0
               : error_prefix(error, JSON_E_BAD, "days[%zu]: ", index);
}

static int
load_days(struct json_object *array, struct outlook_station *station, struct error *error)
{
    if (json_count_elements(array, "days", N_ELEMENTS(station->days), &station->n_days, error) !=
            0 ||
        json_each_element(array, load_day, station, error) != 0)
        return JSON_E_BAD;
    if (station->n_days == 2 && station->days[0].date >= station->days[1].date)
        return error_set(error, JSON_E_BAD, "days[1]: \"date\" is not after that of days[0]");
    if (station->n_days == 1 && station->days[0].predicted >= 0)
        return error_set(error, JSON_E_BAD,
                         "days[0]: \"predicted\" stands there although no day before it is known");
    if (station->n_days == 2 && station->days[1].predicted >= 0 &&
        station->days[0].date + 1 != station->days[1].date)
        return error_set(error, JSON_E_BAD,
                         "days[1]: \"predicted\" stands there although days[0] is not the day "
                         "before");
    return 0;
}

struct prediction_text {
    int32_t date;
    int64_t prediction;
    double probability;
};

static int
check_prediction(const struct prediction_text *text, const struct outlook_station *station,
                 struct error *error)
{
    const struct outlook_day *days = station->days;

    if (station->n_days < 2 || days[0].date + 1 != days[1].date)
        return error_set(error, JSON_E_BAD,
                         "stands there although two days in a row are not known");
    if (text->date != days[1].date + 1)
        return error_set(error, JSON_E_BAD, "\"date\" is not of the day after days[1]");
    if (text->prediction ? text->probability < 0.5 : text->probability > 0.5)
        return error_set(error, JSON_E_BAD, "\"prediction\" is %d, but \"probability\" is %g",
                         (int)text->prediction, text->probability);
    return 0;
}

static int
load_prediction(struct json_object *object, struct outlook_station *station, struct error *error)
{
    static const struct json_field fields[] = {
        {"date", JSON_DATE, offsetof(struct prediction_text, date), false, 0, 0},
        {"prediction", JSON_INTEGER, offsetof(struct prediction_text, prediction), false, 0, 1},
        {"probability", JSON_SHARE, offsetof(struct prediction_text, probability), false, 0, 0},
    };
    struct prediction_text text;

    if (json_load_fields(object, fields, N_ELEMENTS(fields), &text, NULL, error) != 0 ||
        check_prediction(&text, station, error) != 0)
        return error_prefix(error, JSON_E_BAD, "\"prediction\" ");
    station->has_prediction = true;
    station->raining = (int)text.prediction;
    station->probability = text.probability;
    return 0;
}

struct station_text {
    struct json_object *days, *prediction;
};

static int
load_station(struct outlook *outlook, const char *id, struct json_object *value,
             struct error *error)
{
    static const struct json_field fields[] = {
        {"days", JSON_VALUE, offsetof(struct station_text, days), false, 0, 0},
        {"prediction", JSON_VALUE, offsetof(struct station_text, prediction), true, 0, 0},
    };
    const struct report named = {.station = id, .station_length = strlen(id)};
    struct station_text text = {.prediction = NULL};
    struct outlook_station loaded, *station;

    if (stations_check_id(&named, error) < 0 ||
        json_load_fields(value, fields, N_ELEMENTS(fields), &text, NULL, error) != 0 ||
        load_days(text.days, &loaded, error) != 0)
        return JSON_E_BAD;
    loaded.has_prediction = false;
    if (text.prediction && load_prediction(text.prediction, &loaded, error) != 0)
        return JSON_E_BAD;
    station = stations_add(&outlook->stations, id, named.station_length);
    if (!station)
        return -ENOMEM;
    loaded.id = station->id;
    *station = loaded;
    return 0;
}

static int
take_station(void *userdata, const char *key, struct json_object *value, struct error *error)
{
    int result = load_station(userdata, key, value, error);

    return result == JSON_E_BAD ? error_prefix(error, result, "station \"%.255s\": ", key) : result;
}

struct document {
    int64_t offset, partition;
    struct json_object *score, *model, *stations;
};

static int
load_model(struct outlook *outlook, struct json_object *object, struct error *error)
{
    struct model *model;
    int result = model_read(object, &model, error);

    if (result == JSON_E_BAD)
        return error_prefix(error, result, "\"model\": ");
    if (result != 0)
        return result;
    model_release(outlook->model);
    outlook->model = model;
    return 0;
}

static int
load_document(void *state, const char *text, size_t length, int64_t *offsetp, struct error *error)
{
    static const struct json_field fields[] = {
        {"offset", JSON_INTEGER, offsetof(struct document, offset), false, 0, INT64_MAX - 1},
        {"partition", JSON_INTEGER, offsetof(struct document, partition), false, 0, INT32_MAX},
        {"score", JSON_VALUE, offsetof(struct document, score), false, 0, 0},
        {"model", JSON_VALUE, offsetof(struct document, model), true, 0, 0},
        {"stations", JSON_VALUE, offsetof(struct document, stations), false, 0, 0},
    };
    cleanup(json_release) struct json_object *root = NULL;
    struct outlook *outlook = state;
    struct document document = {.model = NULL};
    int result = json_read(text, length, &root, error);

    if (result == 0)
        result = json_load_fields(root, fields, N_ELEMENTS(fields), &document, NULL, error);
    if (result == 0 && document.partition != outlook->number)
        result = error_set(error, JSON_E_BAD, "\"partition\" is %lld, must be %d",
                           (long long)document.partition, (int)outlook->number);
    if (result == 0)
        result = load_score(document.score, &outlook->score, error);
    if (result == 0 && document.model)
        result = load_model(outlook, document.model, error);
    if (result == 0 && !json_is_object(document.stations))
        result = error_set(error, JSON_E_BAD, "\"stations\" is not an object");
    if (result == 0)
        result = json_each_member(document.stations, take_station, outlook, error);
    if (result == 0)
        *offsetp = document.offset;
    return result;
}

/* ---- writing ---- */

void
outlook_json_write_days(struct json_writer *writer, const struct outlook_station *station)
{
    json_writer_begin(writer, "days", '[');
    for (size_t i = 0; i < station->n_days; i++) {
        const struct outlook_day *day = &station->days[i];

        json_writer_begin_line(writer, NULL, '{');
        json_writer_moment(writer, "date", moment_of_date(day->date));
        json_writer_number(writer, "degrees", day->degrees);
        json_writer_word(writer, "raining", day->raining ? "true" : "false");
        if (day->predicted >= 0)
            json_writer_integer(writer, "predicted", day->predicted);
        json_writer_end(writer, '}');
    }
    json_writer_end(writer, ']');
    if (station->has_prediction) {
        json_writer_begin_line(writer, "prediction", '{');
        json_writer_moment(writer, "date", moment_of_date(station->days[1].date + 1));
        json_writer_integer(writer, "prediction", station->raining);
        json_writer_number(writer, "probability", station->probability);
        json_writer_end(writer, '}');
    }
}

static void
write_station(struct json_writer *writer, const struct outlook_station *station)
{
    json_writer_begin(writer, station->id.text, '{');
    outlook_json_write_days(writer, station);
    json_writer_end(writer, '}');
}

void
outlook_json_write_score(struct json_writer *writer, const struct outlook_score *score)
{
    json_writer_begin_line(writer, "score", '{');
    json_writer_integer(writer, "hits", score->hits);
    json_writer_integer(writer, "false_alarms", score->false_alarms);
    json_writer_integer(writer, "misses", score->misses);
    json_writer_integer(writer, "correct_negatives", score->correct_negatives);
    if (outlook_scored(score) > 0) {
        json_writer_number(writer, "accuracy", outlook_accuracy(score));
        json_writer_number(writer, "base_rate", outlook_base_rate(score));
    }
    json_writer_end(writer, '}');
}

static void
write_document(void *state, int64_t offset, struct json_writer *writer)
{
    const struct outlook *outlook = state;

    json_writer_begin(writer, NULL, '{');
    json_writer_integer(writer, "offset", offset);
    json_writer_integer(writer, "partition", outlook->number);
    outlook_json_write_score(writer, &outlook->score);
    if (outlook->model)
        model_write(outlook->model, "model", writer);
    json_writer_begin(writer, "stations", '{');
    for (size_t i = 0; i < outlook->stations.n_stations; i++)
        write_station(writer, &outlook_stations(outlook)[i]);
    json_writer_end(writer, '}');
    json_writer_end(writer, '}');
}

const struct stream_state_ops outlook_json_ops = {
    .load = load_document,
    .write = write_document,
};
