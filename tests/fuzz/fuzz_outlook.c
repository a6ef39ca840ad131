/* SPDX-License-Identifier: MIT */

/*
 * Any bytes as partition-7.json of weatherd-forecast, and its lines as records. What is loaded keeps
 * the rules of the file and is the same when it is written and loaded again, also after further days
 * of its stations. Whatever a record is, what comes of it is the same after a restart, and a
 * prediction is of the day after its station's last, and pending. What is refused is refused with a
 * reason.
 */

#include <math.h>

#include "forecast/outlook_json.h"
#include "fuzz.h"

static const struct outlook_settings settings = {.number = 7};

static const char as_yesterday[] =
    "{\"version\": 1, \"predicts\": \"raining\", \"features\": [{\"name\": \"sub1raining\", "
    "\"type\": \"int\"}], \"trained\": {\"from\": \"2012-01-03\", \"to\": \"2015-01-01\", "
    "\"rows\": "
    "1095, \"raining\": 478}, \"tested\": {\"from\": \"2015-01-02\", \"to\": \"2015-12-31\", "
    "\"rows\": 364, \"raining\": 144, \"accuracy\": 0.7, \"never_rains\": 0.6, \"as_yesterday\": "
    "0.7}, \"nodes\": [{\"feature\": 0, \"threshold\": 0.5, \"below\": 1, \"above\": 2}, "
    "{\"raining\": 0, \"counts\": [3, 1]}, {\"raining\": 1, \"counts\": [1, 3]}]}";

static struct model *
make_model(void)
{
    struct json_object *root = NULL;
    struct error error = ERROR_INIT;
    struct model *model = NULL;

    must(json_read(as_yesterday, strlen(as_yesterday), &root, &error) == 0 &&
             model_read(root, &model, &error) == 0,
         "%s", error.text);
    json_release(root);
    return model;
}

/* outlook_fini() it in either case. */
static int
load(struct outlook *outlook, const char *text, size_t size, int64_t *offsetp, struct error *error)
{
    outlook_init(outlook, &settings, 1000, 1);
    return outlook_json_ops.load(outlook, text, size, offsetp, error);
}

static char *
write_out(struct outlook *outlook, int64_t offset)
{
    static struct fuzz_text text;
    struct json_writer writer;

    text.length = 0;
    json_writer_init(&writer, fuzz_append, &text);
    outlook_json_ops.write(outlook, offset, &writer);
    must(json_writer_finish(&writer) == 0, "it could not be written");
    return strndup(text.bytes, text.length);
}

/* What the program wrote is loaded, and is the same text when it is written; outlook_fini() it. */
static void
come_back(struct outlook *loaded, const char *text)
{
    struct error error = ERROR_INIT;
    int64_t offset = -1;
    int result = load(loaded, text, strlen(text), &offset, &error);
    cleanup(free) char *again = NULL;

    must(result == 0, "%s\n%s", error.text, text);
    again = write_out(loaded, offset);
    must(strcmp(text, again) == 0, "%s\n%s", text, again);
}

static void
check_station(const struct outlook *outlook, const struct outlook_station *station)
{
    const struct outlook_day *days = station->days;

    must(station->id.length >= 1 && station->id.length <= REPORT_STATION_MAX &&
             value_is_text(station->id.text, station->id.length) &&
             !stations_is_reserved(station->id.text, station->id.length) &&
             stations_find(&outlook->stations, station->id.text, station->id.length) == station,
         "\"%s\"", station->id.text);
    must(station->n_days >= 1 && station->n_days <= 2, "%zu", station->n_days);
    for (size_t i = 0; i < station->n_days; i++)
        must(isfinite(days[i].degrees) && days[i].date >= DATE_MIN && days[i].date <= DATE_MAX &&
                 (i == 0 || days[i].date > days[i - 1].date),
             "%g, %d", days[i].degrees, (int)days[i].date);
    must(!station->has_prediction ||
             (station->n_days == 2 && days[0].date + 1 == days[1].date && days[1].date < DATE_MAX &&
              station->probability >= 0 && station->probability <= 1 &&
              (station->raining ? station->probability >= 0.5 : station->probability <= 0.5)),
         "%d, %g", station->raining, station->probability);
}

static void
check_prediction(const struct outlook *outlook, const struct outlook_prediction *prediction)
{
    const struct outlook_station *station =
        stations_find(&outlook->stations, prediction->station, prediction->station_length);
    char value[OUTLOOK_SIZE_MAX];

    must(station && station->has_prediction && station->days[1].date + 1 == prediction->date &&
             station->raining == prediction->raining &&
             station->probability == prediction->probability,
         "%.*s", (int)outlook_format(prediction, value), value);
    must(value_is_utf8(value, outlook_format(prediction, value)), "%s", prediction->station);
}

/* The next day of each station, which is scored where it was predicted. */
static void
go_on(struct outlook *outlook)
{
    for (size_t i = 0; i < outlook->stations.n_stations; i++) {
        const struct outlook_station *station = &outlook_stations(outlook)[i];
        const struct outlook_day *last = &station->days[station->n_days - 1];
        bool is_new = last->date < DATE_MAX;
        const struct report report = {
            .station = station->id.text,
            .station_length = station->id.length,
            .date = last->date + is_new,
            .degrees = last->degrees,
            .rain = i % 2 ? REPORT_DRY : REPORT_RAINING,
        };
        uint8_t bytes[REPORT_SIZE_MAX];
        size_t length = report_write(REPORT_FORMAT_PROTOBUF, REPORT_SCHEMA_REPORT, &report, bytes);
        struct outlook_prediction prediction;
        struct error error = ERROR_INIT;
        enum outlook_outcome outcome = outlook_apply(outlook, bytes, length, &prediction, &error);

        must(outcome == (is_new ? OUTLOOK_COUNTED : OUTLOOK_DUPLICATE), "%d %s", outcome,
             error.text);
        if (prediction.made)
            check_prediction(outlook, &prediction);
    }
}

static bool
check_document(const char *data, size_t size)
{
    struct error error = ERROR_INIT;
    struct outlook outlook, loaded;
    int64_t offset = -1;
    bool good = load(&outlook, data, size, &offset, &error) == 0;

    if (good) {
        cleanup(free) char *text = write_out(&outlook, offset), *later = NULL;

        must(offset >= 0 && offset < INT64_MAX, "%lld", (long long)offset);
        for (size_t i = 0; i < outlook.stations.n_stations; i++)
            check_station(&outlook, &outlook_stations(&outlook)[i]);
        come_back(&loaded, text);
        outlook_fini(&loaded);
        go_on(&outlook);
        later = write_out(&outlook, offset);
        come_back(&loaded, later);
        outlook_fini(&loaded);
    } else {
        must_explain(&error);
        must(offset == -1, "the offset of a bad file was taken");
    }
    outlook_fini(&outlook);
    return good;
}

/* One record to two outlooks that are the same, and are so afterwards. */
static void
check_record(struct outlook *one, struct outlook *other, const char *record, size_t length)
{
    cleanup(free) char *before = write_out(one, 1), *after = NULL, *others = NULL;
    struct outlook_prediction prediction, again;
    struct error error = ERROR_INIT, ignored;
    enum outlook_outcome outcome = outlook_apply(one, record, length, &prediction, &error);

    must(outlook_apply(other, record, length, &again, &ignored) == outcome &&
             again.made == prediction.made,
         "%d", outcome);
    after = write_out(one, 1);
    others = write_out(other, 1);
    must(strcmp(after, others) == 0, "%s\n%s", after, others);
    must(outcome == OUTLOOK_COUNTED || (strcmp(before, after) == 0 && !prediction.made),
         "%d changes %s", outcome, before);
    if (outcome == OUTLOOK_INVALID)
        must_explain(&error);
    if (prediction.made)
        check_prediction(one, &prediction);
}

/* The other one is written and loaded again in between. */
static void
check_records(const char *data, size_t size)
{
    struct model *model = make_model();
    struct outlook one, other;

    outlook_init(&one, &settings, 5, 1);
    outlook_set_model(&one, model);
    outlook_init(&other, &settings, 5, 2);
    outlook_set_model(&other, model);
    model_release(model);
    for (int n = 1; size > 0 && n < 30; n++) {
        const char *end = memchr(data, '\n', size);
        size_t length = end ? (size_t)(end - data) : size;

        if (n % 8 == 4) {
            cleanup(free) char *text = write_out(&other, 1);

            outlook_fini(&other);
            come_back(&other, text);
            other.max_stations = 5;
        }
        check_record(&one, &other, data, length);
        length += end != NULL;
        data += length;
        size -= length;
    }
    outlook_fini(&one);
    outlook_fini(&other);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!check_document((const char *)data, size))
        check_records((const char *)data, size);
    return 0;
}
