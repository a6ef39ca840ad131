/* SPDX-License-Identifier: MIT */

/* From reports to predictions: the rules, the score, the document and what it refuses. */

#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/date.h"
#include "forecast/outlook_json.h"
#include "models.h"

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))
#define DAY               15340 /* 2012-01-01 */
#define UNTOUCHED         4711

static const struct outlook_settings settings = {.number = 2};

static enum outlook_outcome
apply_bytes(struct outlook *outlook, const void *bytes, size_t length,
            struct outlook_prediction *prediction, struct error *error)
{
    /* Exactly as long as it is, and gone afterwards: nothing of it may be kept. */
    void *copy = malloc(length ? length : 1);
    enum outlook_outcome outcome;

    assert_non_null(copy);
    memcpy(copy, bytes, length);
    prediction->made = true;
    outcome = outlook_apply(outlook, copy, length, prediction, error);
    memset(copy, '#', length);
    free(copy);
    return outcome;
}

static enum outlook_outcome
apply(struct outlook *outlook, const char *station, int day, double degrees, enum report_rain rain,
      struct outlook_prediction *prediction)
{
    const struct report report = {
        .station = station,
        .station_length = strlen(station),
        .date = DAY + day,
        .degrees = degrees,
        .rain = rain,
    };
    struct error error = ERROR_INIT;
    uint8_t buffer[REPORT_PROTOBUF_MAX];
    enum outlook_outcome outcome =
        apply_bytes(outlook, buffer, report_protobuf_write(&report, buffer), prediction, &error);

    assert_int_equal(error.text[0] != '\0', outcome == OUTLOOK_INVALID);
    return outcome;
}

static int
append(void *userdata, const void *data, size_t length)
{
    return fwrite(data, 1, length, userdata) == length ? 0 : -1;
}

static char *
write_out(struct outlook *outlook, int64_t offset)
{
    struct json_writer writer;
    size_t length;
    char *text;
    FILE *file = open_memstream(&text, &length);

    json_writer_init(&writer, append, file);
    outlook_json_ops.write(outlook, offset, &writer);
    assert_int_equal(json_writer_finish(&writer), 0);
    fclose(file);
    return text;
}

static int
load(struct outlook *outlook, const char *text, int64_t *offsetp, struct error *error)
{
    outlook_init(outlook, &settings, 100, 1);
    return outlook_json_ops.load(outlook, text, strlen(text), offsetp, error);
}

/* With a model that says: as yesterday. */
static void
init(struct outlook *outlook)
{
    struct model *model = make_model(MODEL_AS_YESTERDAY);

    outlook_init(outlook, &settings, 100, 1);
    outlook_set_model(outlook, model);
    model_release(model);
}

enum { NONE = -1 };

/* A station's reports in their order, and what is to come of each. */
struct step {
    int day;
    enum report_rain rain;
    enum outlook_outcome outcome;
    int predicts; /* the day after the latest: NONE, 0, 1 */
};

struct course {
    const char *name;
    struct step steps[8]; /* up to one of day 0 */
    struct outlook_score score;
};

#define DRY   REPORT_DRY
#define RAIN  REPORT_RAINING
#define UNSET REPORT_RAIN_UNKNOWN

static const struct course courses[] = {
    {"day by day",
     {{1, DRY, OUTLOOK_COUNTED, NONE},
      {2, DRY, OUTLOOK_COUNTED, 0},
      {3, RAIN, OUTLOOK_COUNTED, 1},
      {4, RAIN, OUTLOOK_COUNTED, 1},
      {5, DRY, OUTLOOK_COUNTED, 0},
      {6, DRY, OUTLOOK_COUNTED, 0}},
     {.hits = 1, .false_alarms = 1, .misses = 1, .correct_negatives = 1}},
    {"the first report of a date counts",
     {{1, DRY, OUTLOOK_COUNTED, NONE},
      {1, RAIN, OUTLOOK_DUPLICATE, NONE},
      {2, RAIN, OUTLOOK_COUNTED, 1},
      {2, DRY, OUTLOOK_DUPLICATE, NONE},
      {1, RAIN, OUTLOOK_DUPLICATE, NONE},
      {3, RAIN, OUTLOOK_COUNTED, 1},
      {3, DRY, OUTLOOK_DUPLICATE, NONE}},
     {.hits = 1}},
    {"a gap, from which it begins anew",
     {{1, DRY, OUTLOOK_COUNTED, NONE},
      {2, DRY, OUTLOOK_COUNTED, 0},
      {4, RAIN, OUTLOOK_COUNTED, NONE},
      {5, RAIN, OUTLOOK_COUNTED, 1},
      {6, DRY, OUTLOOK_COUNTED, 0}},
     {.false_alarms = 1}},
    {"a gap that is filled",
     {{1, DRY, OUTLOOK_COUNTED, NONE},
      {3, RAIN, OUTLOOK_COUNTED, NONE},
      {2, DRY, OUTLOOK_COUNTED, 1},
      {2, RAIN, OUTLOOK_DUPLICATE, NONE},
      {1, DRY, OUTLOOK_LATE, NONE},
      {4, RAIN, OUTLOOK_COUNTED, 1}},
     {.hits = 1}},
    {"the second report is of the day before",
     {{2, RAIN, OUTLOOK_COUNTED, NONE},
      {1, DRY, OUTLOOK_COUNTED, 1},
      {1, DRY, OUTLOOK_DUPLICATE, NONE},
      {3, DRY, OUTLOOK_COUNTED, 0}},
     {.false_alarms = 1}},
    {"what comes too late",
     {{5, RAIN, OUTLOOK_COUNTED, NONE},
      {3, DRY, OUTLOOK_LATE, NONE},
      {6, RAIN, OUTLOOK_COUNTED, 1},
      {4, DRY, OUTLOOK_LATE, NONE},
      {3, DRY, OUTLOOK_LATE, NONE},
      {7, DRY, OUTLOOK_COUNTED, 0}},
     {.false_alarms = 1}},
    {"an overtaken prediction is not scored",
     {{1, RAIN, OUTLOOK_COUNTED, NONE},
      {2, RAIN, OUTLOOK_COUNTED, 1},
      {4, RAIN, OUTLOOK_COUNTED, NONE},
      {3, RAIN, OUTLOOK_COUNTED, 1},
      {5, RAIN, OUTLOOK_COUNTED, 1}},
     {.hits = 1}},
    {"what does not say whether it rained is passed over",
     {{1, UNSET, OUTLOOK_INCOMPLETE, NONE},
      {1, DRY, OUTLOOK_COUNTED, NONE},
      {2, UNSET, OUTLOOK_INCOMPLETE, NONE},
      {2, RAIN, OUTLOOK_COUNTED, 1},
      {3, UNSET, OUTLOOK_INCOMPLETE, NONE},
      {3, RAIN, OUTLOOK_COUNTED, 1},
      {1, UNSET, OUTLOOK_INCOMPLETE, NONE}},
     {.hits = 1}},
};

static void
check_step(const struct course *course, const struct step *step, int latest,
           enum outlook_outcome outcome, const struct outlook_prediction *prediction)
{
    if (outcome != step->outcome)
        fail_msg("%s: day %d comes to %d", course->name, step->day, outcome);
    if (prediction->made != (step->predicts != NONE))
        fail_msg("%s: day %d: %spredicted", course->name, step->day,
                 prediction->made ? "" : "not ");
    if (!prediction->made)
        return;
    assert_string_equal(prediction->station, "A");
    assert_int_equal(prediction->station_length, 1);
    if (prediction->raining != step->predicts || prediction->date != DAY + latest + 1)
        fail_msg("%s: day %d: %d on day %d", course->name, step->day, prediction->raining,
                 prediction->date - DAY);
    assert_true(prediction->probability == (step->predicts ? 0.75 : 0.25));
}

/* Written and loaded again after each report: what comes of the next is the same. */
static void
reports_come_to_predictions(void **state)
{
    for (size_t i = 0; i < N_ELEMENTS(courses); i++) {
        const struct course *course = &courses[i];
        struct outlook outlook;
        int latest = 0;

        init(&outlook);
        for (const struct step *step = course->steps; step->day; step++) {
            cleanup(free) char *text = write_out(&outlook, 5), *again = NULL;
            struct error error = ERROR_INIT;
            struct outlook_prediction prediction;
            struct outlook loaded;
            int64_t offset;

            if (load(&loaded, text, &offset, &error) != 0)
                fail_msg("%s: %s\n%s", course->name, error.text, text);
            again = write_out(&loaded, offset);
            assert_string_equal(text, again);
            outlook_fini(&outlook);
            outlook = loaded;

            if (step->outcome == OUTLOOK_COUNTED && step->day > latest)
                latest = step->day;
            check_step(course, step, latest,
                       apply(&outlook, "A", step->day, 1.5, step->rain, &prediction), &prediction);
            assert_int_equal(outlook.outcomes[step->outcome], 1);
            if (step->outcome != OUTLOOK_COUNTED) {
                cleanup(free) char *after = write_out(&outlook, 5);

                assert_string_equal(text, after);
            }
        }
        if (memcmp(&outlook.score, &course->score, sizeof(outlook.score)) != 0)
            fail_msg("%s: the score is %" PRId64 ", %" PRId64 ", %" PRId64 ", %" PRId64,
                     course->name, outlook.score.hits, outlook.score.false_alarms,
                     outlook.score.misses, outlook.score.correct_negatives);
        outlook_fini(&outlook);
    }
}

/* What a tree can ask of a day comes from the two before it, and the month from the day itself. */
static void
a_model_is_asked_with_the_days_in_their_places(void **state)
{
    static const struct {
        const char *text;
        int predicts
            [3]; /* after the last of January, rainy and warm, and the first of February, ... */
    } cases[] = {
        {"{\"feature\": 0, \"threshold\": 1, \"below\": 1, \"above\": 2}", {1, 1, 1}},
        {"{\"feature\": 1, \"threshold\": 50, \"below\": 1, \"above\": 2}", {0, 1, 0}},
        {"{\"feature\": 2, \"threshold\": 0.5, \"below\": 1, \"above\": 2}", {1, 0, 0}},
        {"{\"feature\": 3, \"threshold\": 50, \"below\": 1, \"above\": 2}", {1, 0, 1}},
        {"{\"feature\": 4, \"threshold\": 0.5, \"below\": 1, \"above\": 2}", {0, 1, 0}},
    };
    static const struct {
        int day;
        double degrees;
        enum report_rain rain;
    } days[] = {{29, 60, DRY}, {30, 40, RAIN}, {31, 60, DRY}, {32, 40, DRY}};

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct outlook_prediction prediction;
        struct outlook outlook;
        struct model *model;
        char text[2048];

        snprintf(text, sizeof(text), "%s%s, %s, %s]}",
                 "{" MODEL_HEAD "\"features\": [" MODEL_FEATURES "], " MODEL_PARTS ", \"nodes\": [",
                 cases[i].text, MODEL_DRY, MODEL_RAIN);
        model = make_model(text);
        outlook_init(&outlook, &settings, 100, 1);
        outlook_set_model(&outlook, model);
        model_release(model);
        for (size_t j = 0; j < N_ELEMENTS(days); j++) {
            assert_int_equal(
                apply(&outlook, "A", days[j].day, days[j].degrees, days[j].rain, &prediction),
                OUTLOOK_COUNTED);
            assert_int_equal(prediction.made, j > 0);
            if (j > 0 && prediction.raining != cases[i].predicts[j - 1])
                fail_msg("%s: %d after day %d", cases[i].text, prediction.raining, days[j].day);
        }
        outlook_fini(&outlook);
    }
}

static void
stations_have_their_own_days(void **state)
{
    struct outlook_prediction prediction;
    struct outlook outlook;

    init(&outlook);
    apply(&outlook, "A", 1, 1, DRY, &prediction);
    apply(&outlook, "B", 2, 1, DRY, &prediction);
    assert_false(prediction.made);
    apply(&outlook, "A", 2, 1, RAIN, &prediction);
    assert_true(prediction.made);
    assert_string_equal(prediction.station, "A");
    assert_int_equal(prediction.raining, 1);
    apply(&outlook, "B", 3, 1, DRY, &prediction);
    assert_string_equal(prediction.station, "B");
    assert_int_equal(prediction.raining, 0);
    assert_int_equal(outlook.stations.n_stations, 2);
    outlook_fini(&outlook);
}

static void
without_a_model_days_are_kept(void **state)
{
    struct outlook_prediction prediction;
    struct outlook outlook;
    struct model *model = make_model(MODEL_AS_YESTERDAY);

    outlook_init(&outlook, &settings, 100, 1);
    for (int day = 1; day <= 3; day++) {
        assert_int_equal(apply(&outlook, "A", day, 1, RAIN, &prediction), OUTLOOK_COUNTED);
        assert_false(prediction.made);
    }
    outlook_set_model(&outlook, model);
    assert_int_equal(apply(&outlook, "A", 3, 1, RAIN, &prediction), OUTLOOK_DUPLICATE);
    assert_false(prediction.made);
    apply(&outlook, "A", 4, 1, RAIN, &prediction);
    assert_true(prediction.made);
    assert_int_equal(outlook.score.hits, 0);
    /* A prediction that was made is scored, whatever the model is now. */
    outlook_set_model(&outlook, NULL);
    apply(&outlook, "A", 5, 1, RAIN, &prediction);
    assert_false(prediction.made);
    assert_int_equal(outlook.score.hits, 1);
    apply(&outlook, "A", 6, 1, RAIN, &prediction);
    assert_int_equal(outlook.score.hits, 1);
    /* The same model again is not let go of in between. */
    outlook_set_model(&outlook, model);
    model_release(model);
    outlook_set_model(&outlook, outlook.model);
    apply(&outlook, "A", 7, 1, RAIN, &prediction);
    assert_true(prediction.made);
    outlook_fini(&outlook);
}

static void
days_keep_what_was_predicted_of_them(void **state)
{
    static const struct {
        int day;
        enum report_rain rain;
        int predicted[2]; /* of the two days afterwards */
    } steps[] = {
        {1, DRY, {-1, -1}}, {2, RAIN, {-1, -1}}, {3, DRY, {-1, 1}},  {4, DRY, {1, 0}},
        {6, RAIN, {0, -1}}, {5, RAIN, {-1, -1}}, {7, RAIN, {-1, 1}}, {8, DRY, {1, 1}},
    };
    struct outlook outlook;

    init(&outlook);
    for (size_t i = 0; i < N_ELEMENTS(steps); i++) {
        cleanup(free) char *before = write_out(&outlook, 5), *taken_back = NULL;
        struct outlook_prediction prediction;
        const struct outlook_day *days;

        apply(&outlook, "A", steps[i].day, 1, steps[i].rain, &prediction);
        if (i > 0) { /* a record that added a station has led to no prediction */
            outlook_undo(&outlook);
            taken_back = write_out(&outlook, 5);
            assert_string_equal(before, taken_back);
            apply(&outlook, "A", steps[i].day, 1, steps[i].rain, &prediction);
        }
        days = outlook_stations(&outlook)->days;
        for (int j = 0; i > 0 && j < 2; j++)
            if (days[j].predicted != steps[i].predicted[j])
                fail_msg("day %d: days[%d].predicted is %" PRId64, steps[i].day, j,
                         days[j].predicted);
    }
    assert_int_equal(outlook_scored(&outlook.score), 4);
    outlook_fini(&outlook);
}

/* After the last day that there is comes none. */
static void
the_end_of_the_calendar(void **state)
{
    struct outlook_prediction prediction;
    struct outlook outlook;

    init(&outlook);
    apply(&outlook, "A", DATE_MAX - 2 - DAY, 1, RAIN, &prediction);
    apply(&outlook, "A", DATE_MAX - 1 - DAY, 1, RAIN, &prediction);
    assert_true(prediction.made);
    assert_int_equal(prediction.date, DATE_MAX);
    assert_int_equal(apply(&outlook, "A", DATE_MAX - DAY, 1, RAIN, &prediction), OUTLOOK_COUNTED);
    assert_false(prediction.made);
    assert_int_equal(outlook.score.hits, 1);

    assert_int_equal(apply(&outlook, "B", DATE_MIN - DAY, 1, RAIN, &prediction), OUTLOOK_COUNTED);
    apply(&outlook, "B", DATE_MIN + 1 - DAY, 1, RAIN, &prediction);
    assert_true(prediction.made);
    outlook_fini(&outlook);
}

#define X64  "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X256 X64 X64 X64 X64

static void
invalid_records_change_nothing(void **state)
{
    static const struct {
        const char *bytes, *message;
        enum outlook_fault fault;
        const char *station;
    } records[] = {
        {"", "it is empty", OUTLOOK_UNDECODABLE, ""},
        {"x", "it is not a protobuf Report", OUTLOOK_UNDECODABLE, ""},
        {"{\"date\":\"2012-01-01T12:00:00Z\",\"station\":\"A\",\"degrees\":1,\"raining\":1}",
         "\"date\" is \"2012-01-01T12:00:00Z\", must be a date that exists, as YYYY-MM-DD",
         OUTLOOK_UNDECODABLE, ""},
        {"{\"date\":\"2012-01-01\",\"degrees\":1,\"raining\":1}",
         "the station's id is empty, must have 1 to 255 bytes", OUTLOOK_IMPOSSIBLE, ""},
        {"{\"date\":\"2012-01-01\",\"station\":\"offset\",\"degrees\":1,\"raining\":1}",
         "a station can't be called \"offset\", which is a key of the file itself",
         OUTLOOK_IMPOSSIBLE, "offset"},
        {"{\"date\":\"2012-01-01\",\"station\":\"partition\",\"degrees\":1}",
         "a station can't be called \"partition\", which is a key of the file itself",
         OUTLOOK_IMPOSSIBLE, "partition"},
        {"{\"date\":\"2012-01-01\",\"station\":\"C\",\"degrees\":1,\"raining\":1}",
         "a new station, \"C\", beside 2 others; raise max_stations", OUTLOOK_FULL, "C"},
    };
    struct outlook_prediction prediction;
    struct outlook outlook;
    cleanup(free) char *before = NULL;

    init(&outlook);
    outlook.max_stations = 2;
    apply(&outlook, "A", 1, 1, DRY, &prediction);
    apply(&outlook, "B", 1, 1, DRY, &prediction);
    before = write_out(&outlook, 5);
    for (size_t i = 0; i < N_ELEMENTS(records); i++) {
        cleanup(free) char *after = NULL;
        struct error error = ERROR_INIT;

        if (apply_bytes(&outlook, records[i].bytes, strlen(records[i].bytes), &prediction,
                        &error) != OUTLOOK_INVALID)
            fail_msg("%s is taken", records[i].bytes);
        assert_string_equal(error.text, records[i].message);
        assert_false(prediction.made);
        assert_int_equal(outlook.fault, records[i].fault);
        assert_string_equal(outlook.station, records[i].station);
        assert_int_equal(outlook.outcomes[OUTLOOK_INVALID], i + 1);
        after = write_out(&outlook, 5);
        assert_string_equal(before, after);
    }
    assert_int_equal(apply(&outlook, "B", 2, 1, DRY, &prediction), OUTLOOK_COUNTED);
    /* One that says nothing of use needs no room. */
    assert_int_equal(apply(&outlook, "C", 2, 1, UNSET, &prediction), OUTLOOK_INCOMPLETE);
    outlook.max_stations = 3;
    assert_int_equal(apply(&outlook, "C", 2, 1, DRY, &prediction), OUTLOOK_COUNTED);
    outlook_fini(&outlook);
}

static void
predictions_are_records(void **state)
{
    char buffer[OUTLOOK_SIZE_MAX + 1], longest[REPORT_STATION_MAX + 1];
    struct outlook_prediction prediction = {
        .station = "A", .date = DAY + 2, .raining = 1, .probability = 0.75};

    buffer[outlook_format(&prediction, buffer)] = '\0';
    assert_string_equal(
        buffer,
        "{\"station\":\"A\",\"date\":\"2012-01-03\",\"prediction\":1,\"probability\":0.75}");
    prediction.station = "a \"b\" \\ 東京";
    prediction.raining = 0;
    prediction.probability = 1.0 / 3;
    buffer[outlook_format(&prediction, buffer)] = '\0';
    assert_string_equal(buffer, "{\"station\":\"a \\\"b\\\" \\\\ 東京\",\"date\":\"2012-01-03\","
                                "\"prediction\":0,\"probability\":0.3333333333333333}");
    memset(longest, '"', REPORT_STATION_MAX);
    longest[REPORT_STATION_MAX] = '\0';
    prediction.station = longest;
    prediction.date = DATE_MAX;
    prediction.probability = 0.00012345678901234567;
    buffer[OUTLOOK_SIZE_MAX] = '#';
    assert_in_range(outlook_format(&prediction, buffer), 570, OUTLOOK_SIZE_MAX);
    assert_int_equal(buffer[OUTLOOK_SIZE_MAX], '#');
}

/* ---- the document ---- */

#define SCORE                                                                                      \
    "\"score\": {\"hits\": 0, \"false_alarms\": 0, \"misses\": 0, \"correct_negatives\": 0}"
#define HEAD "{\"offset\": 5, \"partition\": 2, " SCORE ", "
#define SCORED(members)                                                                            \
    "{\"offset\": 5, \"partition\": 2, \"score\": {\"hits\": 1, \"false_alarms\": 2, \"misses\": " \
    "0, "                                                                                          \
    "\"correct_negatives\": " members "}, \"stations\": {}}"
#define DAY1                "{\"date\": \"2012-01-01\", \"degrees\": 1.5, \"raining\": true}"
#define DAY2                "{\"date\": \"2012-01-02\", \"degrees\": 2.5, \"raining\": false}"
#define DAY3                "{\"date\": \"2012-01-03\", \"degrees\": 2.5, \"raining\": false}"
#define FILE_OF(members)    HEAD "\"stations\": {\"A\": {" members "}}}"
#define DAYS(days)          FILE_OF("\"days\": [" days "]")
#define PREDICTION(members) FILE_OF("\"days\": [" DAY1 ", " DAY2 "], \"prediction\": {" members "}")

static void
bad_files_are_refused(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"[]", "is not an object"},
        {"{}", "lacks \"offset\""},
        {"{\"offset\": -1}", "\"offset\" is -1, must be at least 0"},
        {"{\"offset\": 9223372036854775807}",
         "\"offset\" is 9223372036854775807, must be at most 9223372036854775806"},
        {"{\"offset\": 5, " SCORE ", \"stations\": {}}", "lacks \"partition\""},
        {"{\"offset\": 5, \"partition\": 3, " SCORE ", \"stations\": {}}",
         "\"partition\" is 3, must be 2"},
        {"{\"offset\": 5, \"partition\": 2, \"stations\": {}}", "lacks \"score\""},
        {HEAD "\"model\": null}", "\"model\" is null"},
        {HEAD "\"stations\": []}", "\"stations\" is not an object"},
        {HEAD "\"A\": {}}", "has an unknown key \"A\""},
        {"{\"offset\": 5, \"partition\": 2, \"score\": [], \"stations\": {}}",
         "\"score\" is not an object"},
        {"{\"offset\": 5, \"partition\": 2, \"score\": {\"hits\": 1}, \"stations\": {}}",
         "\"score\" lacks \"false_alarms\""},
        {"{\"offset\": 5, \"partition\": 2, \"score\": {\"hits\": -1}, \"stations\": {}}",
         "\"score\" \"hits\" is -1, must be at least 0"},
        {SCORED("1, \"accuracy\": 0.75"),
         "\"score\" \"accuracy\" is 0.75, must be 0.5 by the counts"},
        {SCORED("1, \"base_rate\": 0.500001"),
         "\"score\" \"base_rate\" is 0.500001, must be 0.25 by the counts"},
        {SCORED("1, \"accuracy\": 1.5"), "\"score\" \"accuracy\" is 1.5, must be from 0 to 1"},
        {"{\"offset\": 5, \"partition\": 2, \"score\": {\"hits\": 0, \"false_alarms\": 0, "
         "\"misses\": 0, \"correct_negatives\": 0, \"accuracy\": 0}, \"stations\": {}}",
         "\"score\" \"accuracy\" is 0, but nothing has been scored"},
        {HEAD "\"model\": {\"version\": 2}, \"stations\": {}}",
         "\"model\": \"version\" is 2, must be at most 1"},
        {HEAD "\"model\": " MODEL_OF(MODEL_DRY ", " MODEL_DRY) ", \"stations\": {}}",
         "\"model\": nodes[1]: no node leads to it"},
        {HEAD "\"stations\": {\"A\": 5}}", "station \"A\": is not an object"},
        {HEAD "\"stations\": {\"\": {\"days\": [" DAY1 "]}}}",
         "station \"\": the station's id is empty, must have 1 to 255 bytes"},
        {HEAD "\"stations\": {\"offset\": {\"days\": [" DAY1 "]}}}",
         "station \"offset\": a station can't be called \"offset\", which is a key of the file "
         "itself"},
        {FILE_OF(""), "station \"A\": lacks \"days\""},
        {FILE_OF("\"days\": [" DAY1 "], \"count\": 1"),
         "station \"A\": has an unknown key \"count\""},
        {FILE_OF("\"days\": {}"), "station \"A\": \"days\" is not an array"},
        {DAYS(""), "station \"A\": \"days\" is empty"},
        {DAYS(DAY1 ", " DAY2 ", " DAY3), "station \"A\": \"days\" has more than 2 elements"},
        {DAYS("5"), "station \"A\": days[0]: is not an object"},
        {DAYS(DAY1 ", {\"date\": \"2012-01-02\", \"degrees\": 2.5}"),
         "station \"A\": days[1]: lacks \"raining\""},
        {DAYS("{\"date\": \"2012-02-30\", \"degrees\": 2.5, \"raining\": true}"),
         "station \"A\": days[0]: \"date\" is \"2012-02-30\", must be a date that exists, as "
         "YYYY-MM-DD"},
        {DAYS("{\"date\": \"2012-02-20\", \"degrees\": 1e999, \"raining\": true}"),
         "station \"A\": days[0]: \"degrees\" is 1e999, must be a finite number"},
        {DAYS("{\"date\": \"2012-02-20\", \"degrees\": 1, \"raining\": 1}"),
         "station \"A\": days[0]: \"raining\" is neither true nor false"},
        {DAYS("{\"date\": \"2012-02-20\", \"degrees\": 1, \"raining\": true, \"snowing\": true}"),
         "station \"A\": days[0]: has an unknown key \"snowing\""},
        {DAYS("{\"date\": \"2012-02-20\", \"degrees\": 1, \"raining\": true, \"predicted\": 2}"),
         "station \"A\": days[0]: \"predicted\" is 2, must be at most 1"},
        {DAYS("{\"date\": \"2012-02-20\", \"degrees\": 1, \"raining\": true, \"predicted\": 0}"),
         "station \"A\": days[0]: \"predicted\" stands there although no day before it is known"},
        {DAYS(DAY1
              ", {\"date\": \"2012-01-03\", \"degrees\": 1, \"raining\": true, \"predicted\": 0}"),
         "station \"A\": days[1]: \"predicted\" stands there although days[0] is not the day "
         "before"},
        {DAYS(DAY2 ", " DAY1), "station \"A\": days[1]: \"date\" is not after that of days[0]"},
        {DAYS(DAY2 ", " DAY2), "station \"A\": days[1]: \"date\" is not after that of days[0]"},
        {PREDICTION("\"date\": \"2012-01-03\", \"prediction\": 1"),
         "station \"A\": \"prediction\" lacks \"probability\""},
        {PREDICTION("\"date\": \"2012-01-03\", \"prediction\": 2, \"probability\": 1"),
         "station \"A\": \"prediction\" \"prediction\" is 2, must be at most 1"},
        {PREDICTION("\"date\": \"2012-01-03\", \"prediction\": 1, \"probability\": 1.5"),
         "station \"A\": \"prediction\" \"probability\" is 1.5, must be from 0 to 1"},
        {PREDICTION("\"date\": \"2012-01-03\", \"prediction\": 1, \"probability\": 0.25"),
         "station \"A\": \"prediction\" \"prediction\" is 1, but \"probability\" is 0.25"},
        {PREDICTION("\"date\": \"2012-01-03\", \"prediction\": 0, \"probability\": 0.75"),
         "station \"A\": \"prediction\" \"prediction\" is 0, but \"probability\" is 0.75"},
        {PREDICTION("\"date\": \"2012-01-04\", \"prediction\": 0, \"probability\": 0.25"),
         "station \"A\": \"prediction\" \"date\" is not of the day after days[1]"},
        {PREDICTION("\"date\": \"2012-01-02\", \"prediction\": 0, \"probability\": 0.25"),
         "station \"A\": \"prediction\" \"date\" is not of the day after days[1]"},
        {FILE_OF("\"days\": [" DAY1 "], \"prediction\": {\"date\": \"2012-01-02\", \"prediction\": "
                 "0, \"probability\": 0.25}"),
         "station \"A\": \"prediction\" stands there although two days in a row are not known"},
        {FILE_OF("\"days\": [" DAY1 ", " DAY3 "], \"prediction\": {\"date\": \"2012-01-04\", "
                 "\"prediction\": 0, \"probability\": 0.25}"),
         "station \"A\": \"prediction\" stands there although two days in a row are not known"},
    };

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct error error = ERROR_INIT;
        struct outlook outlook;
        int64_t offset = UNTOUCHED;

        if (load(&outlook, cases[i].text, &offset, &error) != JSON_E_BAD)
            fail_msg("%s is taken", cases[i].text);
        assert_string_equal(error.text, cases[i].message);
        assert_int_equal(offset, UNTOUCHED);
        outlook_fini(&outlook);
    }
}

static void
the_file_is_as_documented(void **state)
{
    static const char *const text =
        "{\n"
        "  \"offset\": 123,\n"
        "  \"partition\": 2,\n"
        "  \"score\": {\"hits\": 5, \"false_alarms\": 1, \"misses\": 2, \"correct_negatives\": "
        "9, \"accuracy\": 0.8235294117647058, \"base_rate\": 0.4117647058823529},\n"
        "  \"stations\": {\n"
        "    \"A\": {\n"
        "      \"days\": [\n"
        "        {\"date\": \"2012-01-01\", \"degrees\": 55.04, \"raining\": false},\n"
        "        {\"date\": \"2012-01-02\", \"degrees\": 0, \"raining\": true, \"predicted\": "
        "0}\n"
        "      ],\n"
        "      \"prediction\": {\"date\": \"2012-01-03\", \"prediction\": 1, \"probability\": "
        "0.75}\n"
        "    },\n"
        "    \"\\\"\\\\東京\": {\n"
        "      \"days\": [\n"
        "        {\"date\": \"2012-01-01\", \"degrees\": -1.7976931348623157e+308, \"raining\": "
        "false}\n"
        "      ]\n"
        "    }\n"
        "  }\n"
        "}\n";
    cleanup(free) char *written = NULL;
    struct error error = ERROR_INIT;
    struct outlook outlook;
    int64_t offset;

    if (load(&outlook, text, &offset, &error) != 0)
        fail_msg("%s", error.text);
    assert_int_equal(offset, 123);
    assert_null(outlook.model);
    assert_int_equal(outlook.score.correct_negatives, 9);
    assert_int_equal(outlook.stations.n_stations, 2);
    written = write_out(&outlook, offset);
    assert_string_equal(written, text);
    outlook_fini(&outlook);
}

/* With the model; and -0 degrees are none. */
static void
a_file_carries_its_model(void **state)
{
    struct outlook_prediction prediction;
    struct error error = ERROR_INIT;
    struct outlook outlook, loaded;
    cleanup(free) char *text = NULL, *again = NULL;
    int64_t offset;

    init(&outlook);
    apply(&outlook, "A", 1, -0.0, DRY, &prediction);
    apply(&outlook, "A", 2, 0.1, RAIN, &prediction);
    text = write_out(&outlook, INT64_MAX - 1);
    assert_non_null(strstr(text, "\"model\": {\n"));
    assert_non_null(strstr(text, "\"degrees\": 0, "));
    if (load(&loaded, text, &offset, &error) != 0)
        fail_msg("%s", error.text);
    assert_true(model_is_same(loaded.model, outlook.model));
    assert_false(signbit(outlook_stations(&outlook)->days[0].degrees));
    again = write_out(&loaded, offset);
    assert_string_equal(text, again);
    outlook_fini(&outlook);
    apply(&loaded, "A", 3, 1, RAIN, &prediction);
    assert_true(prediction.made);
    assert_int_equal(loaded.score.hits, 1);
    outlook_fini(&loaded);
}

/* What was loaded can be written, and what is written can be loaded, whatever comes. */
static void
a_full_score_stays(void **state)
{
    struct outlook_prediction prediction;
    struct error error = ERROR_INIT;
    struct outlook outlook;
    int64_t offset;

    if (load(&outlook,
             "{\"offset\": 5, \"partition\": 2, \"score\": {\"hits\": 9007199254740992, "
             "\"false_alarms\": 0, \"misses\": 0, \"correct_negatives\": 0}, \"stations\": {\"A\": "
             "{\"days\": [" DAY1 ", " DAY2 "], \"prediction\": {\"date\": \"2012-01-03\", "
             "\"prediction\": 1, \"probability\": 0.5}}}}",
             &offset, &error) != 0)
        fail_msg("%s", error.text);
    assert_int_equal(apply(&outlook, "A", 2, 1, RAIN, &prediction), OUTLOOK_COUNTED);
    assert_true(outlook.score.hits == OUTLOOK_SCORE_MAX);
    outlook_fini(&outlook);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(invalid_records_change_nothing),
        cmocka_unit_test(reports_come_to_predictions),
        cmocka_unit_test(a_model_is_asked_with_the_days_in_their_places),
        cmocka_unit_test(stations_have_their_own_days),
        cmocka_unit_test(without_a_model_days_are_kept),
        cmocka_unit_test(days_keep_what_was_predicted_of_them),
        cmocka_unit_test(the_end_of_the_calendar),
        cmocka_unit_test(predictions_are_records),
        cmocka_unit_test(bad_files_are_refused),
        cmocka_unit_test(the_file_is_as_documented),
        cmocka_unit_test(a_file_carries_its_model),
        cmocka_unit_test(a_full_score_stays),
    };

    return cmocka_run_group_tests_name("outlook", tests, NULL, NULL);
}
