/* SPDX-License-Identifier: MIT */

/* From a record's bytes to its station's last two days, and to what they say of the next. */

#include <errno.h>
#include <math.h>
#include <string.h>

#include "common/json_writer.h"
#include "forecast/outlook.h"

void
outlook_init(struct outlook *outlook, const struct outlook_settings *settings, int64_t max_stations,
             uint64_t seed)
{
    *outlook = (struct outlook){
        .number = settings->number,
        .max_stations = max_stations,
        .reader = {.format = settings->format,
                   .schema = settings->schema,
                   .schema_ids = settings->schema_ids,
                   .json = {.fields = settings->fields}},
    };
    stations_init(&outlook->stations, sizeof(struct outlook_station), seed);
}

void
outlook_fini(struct outlook *outlook)
{
    report_reader_fini(&outlook->reader);
    stations_fini(&outlook->stations);
    model_release(outlook->model);
}

void
outlook_set_model(struct outlook *outlook, struct model *model)
{
    model_hold(model);
    model_release(outlook->model);
    outlook->model = model;
}

/* Keeps what the log says of an invalid record; report is NULL when it is none. */
static enum outlook_outcome
refuse(struct outlook *outlook, enum outlook_fault fault, const struct report *report)
{
    report_copy_station(report, outlook->station);
    outlook->fault = fault;
    return OUTLOOK_INVALID;
}

static struct outlook_day
day_of(const struct report *report)
{
    return (struct outlook_day){
        .date = report->date,
        .degrees = report->degrees + 0.0, /* no -0, which JSON would not keep */
        .raining = report->rain == REPORT_RAINING,
        .predicted = -1,
    };
}

static void
score(struct outlook_score *score, int predicted, bool observed)
{
    int64_t *counters[2][2] = {
        {&score->correct_negatives, &score->misses},
        {&score->false_alarms, &score->hits},
    };

    if (*counters[predicted][observed] < OUTLOOK_SCORE_MAX)
        ++*counters[predicted][observed];
}

/* Of the day after the last one, when both days before it are known and there is such a day. */
static void
predict(const struct outlook *outlook, struct outlook_station *station,
        struct outlook_prediction *prediction)
{
    const struct outlook_day *last = &station->days[1], *before = &station->days[0];
    double values[MODEL_N_FEATURES];

    if (!outlook->model || station->n_days < 2 || before->date + 1 != last->date ||
        last->date == DATE_MAX)
        return;
    values[MODEL_MONTH] = date_to_civil(last->date + 1).month;
    values[MODEL_SUB1_DEGREES] = last->degrees;
    values[MODEL_SUB1_RAINING] = last->raining;
    values[MODEL_SUB2_DEGREES] = before->degrees;
    values[MODEL_SUB2_RAINING] = before->raining;
    station->raining = model_predict(outlook->model, values, &station->probability);
    station->has_prediction = true;
    *prediction = (struct outlook_prediction){
        .made = true,
        .station = station->id.text,
        .station_length = station->id.length,
        .date = last->date + 1,
        .raining = station->raining,
        .probability = station->probability,
    };
}

static enum outlook_outcome
add_station(struct outlook *outlook, const struct report *report, struct error *error)
{
    struct outlook_station *station;

    /* An id is looked at once: what is in the table has been found good. */
    if (stations_check_id(report, error) < 0)
        return refuse(outlook, OUTLOOK_IMPOSSIBLE, report);
    if (report->rain == REPORT_RAIN_UNKNOWN)
        return OUTLOOK_INCOMPLETE;
    if (stations_check_room(&outlook->stations, outlook->max_stations, report, error) < 0)
        return refuse(outlook, OUTLOOK_FULL, report);
    station = stations_add(&outlook->stations, report->station, report->station_length);
    if (!station)
        return OUTLOOK_NO_MEMORY;
    station->days[station->n_days++] = day_of(report);
    return OUTLOOK_COUNTED;
}

/* The next day of a station, or one after a gap. */
static void
go_on(struct outlook *outlook, struct outlook_station *station, const struct report *report)
{
    const struct outlook_day last = station->days[station->n_days - 1];
    struct outlook_day day = day_of(report);

    if (station->has_prediction && day.date == last.date + 1) {
        score(&outlook->score, station->raining, day.raining);
        day.predicted = station->raining;
    }
    station->has_prediction = false;
    station->days[0] = last;
    station->days[1] = day;
    station->n_days = 2;
}

static enum outlook_outcome
add_report(struct outlook *outlook, const struct report *report,
           struct outlook_prediction *prediction, struct error *error)
{
    struct outlook_station *station =
        stations_find(&outlook->stations, report->station, report->station_length);
    struct outlook_day last;

    if (!station)
        return add_station(outlook, report, error);
    if (report->rain == REPORT_RAIN_UNKNOWN)
        return OUTLOOK_INCOMPLETE;
    last = station->days[station->n_days - 1];
    if (report->date == last.date || report->date == station->days[0].date)
        return OUTLOOK_DUPLICATE;
    if (report->date < last.date - 1)
        return OUTLOOK_LATE;
    outlook->undo = (struct outlook_undo){
        .station = (size_t)(station - outlook_stations(outlook)),
        .before = *station,
        .score = outlook->score,
    };
    if (report->date > last.date) {
        go_on(outlook, station, report);
    } else { /* the day before, which was not known */
        station->days[0] = day_of(report);
        station->days[1] = last;
        station->n_days = 2;
    }
    predict(outlook, station, prediction);
    return OUTLOOK_COUNTED;
}

enum outlook_outcome
outlook_apply(struct outlook *outlook, const void *payload, size_t length,
              struct outlook_prediction *prediction, struct error *error)
{
    enum outlook_outcome outcome = OUTLOOK_NO_MEMORY;
    struct report report;
    int result = report_reader_read(&outlook->reader, payload, length, &report, error);

    prediction->made = false;
    if (result == 0)
        outcome = add_report(outlook, &report, prediction, error);
    else if (result != -ENOMEM)
        outcome = refuse(outlook, OUTLOOK_UNDECODABLE, NULL);
    if (outcome < OUTLOOK_N_OUTCOMES)
        outlook->outcomes[outcome]++;
    report_reader_release(&outlook->reader);
    return outcome;
}

void
outlook_undo(struct outlook *outlook)
{
    outlook_stations(outlook)[outlook->undo.station] = outlook->undo.before;
    outlook->score = outlook->undo.score;
    outlook->outcomes[OUTLOOK_COUNTED]--;
}

int64_t
outlook_scored(const struct outlook_score *score)
{
    return score->hits + score->false_alarms + score->misses + score->correct_negatives;
}

static double
share(int64_t part, const struct outlook_score *score)
{
    int64_t all = outlook_scored(score);

    return all > 0 ? (double)part / (double)all : NAN;
}

double
outlook_accuracy(const struct outlook_score *score)
{
    return share(score->hits + score->correct_negatives, score);
}

double
outlook_base_rate(const struct outlook_score *score)
{
    return share(score->hits + score->misses, score);
}

/* Of an id's 255 bytes each may be escaped; the rest has less than 130. */
size_t
outlook_format(const struct outlook_prediction *prediction, char buffer[OUTLOOK_SIZE_MAX])
{
    struct json_writer writer;

    _Static_assert(2 * REPORT_STATION_MAX + 130 <= OUTLOOK_SIZE_MAX, "there is room for any");
    json_writer_init_line(&writer);
    json_writer_begin(&writer, NULL, '{');
    json_writer_text(&writer, "station", prediction->station);
    json_writer_moment(&writer, "date", moment_of_date(prediction->date));
    json_writer_integer(&writer, "prediction", prediction->raining);
    json_writer_number(&writer, "probability", prediction->probability);
    json_writer_end(&writer, '}');
    return json_writer_take_line(&writer, buffer);
}
