/* SPDX-License-Identifier: MIT */

/*
 * Any bytes as a report in JSON: the short way and the long one by json-c say the same, to the last
 * bit, and nothing is taken that json-c by itself would refuse or read as something else. What is a
 * valid report comes back as it was when it is written and read.
 */

#include <json-c/json.h>

#include "fuzz.h"
#include "record/report_json.h"

static struct json_object *
member(struct json_object *root, const char *key, enum json_type type)
{
    struct json_object *value = json_object_object_get(root, key);

    return json_object_is_type(value, type) ? value : NULL;
}

/* Against a plain use of json-c, which takes more than is JSON, but what is JSON as it is. */
static void
compare(struct json_object *plain, const struct report *report)
{
    struct json_object *rain = member(plain, "raining", json_type_int);
    const char *station = json_object_get_string(member(plain, "station", json_type_string));
    double degrees = json_object_get_double(json_object_object_get(plain, "degrees"));
    char date[DATE_LENGTH + 1];

    date_format(report->date, date);
    must(strcmp(json_object_get_string(member(plain, "date", json_type_string)), date) == 0, "%s",
         date);
    must(memcmp(&degrees, &report->degrees, sizeof(double)) == 0, "%.17g", degrees);
    if (!station)
        station = json_object_get_string(member(plain, "station_id", json_type_string));
    must(strlen(station ? station : "") == report->station_length &&
             memcmp(station ? station : "", report->station, report->station_length) == 0,
         "%s", station);
    must(report->rain == (!rain                       ? REPORT_RAIN_UNKNOWN
                          : json_object_get_int(rain) ? REPORT_RAINING
                                                      : REPORT_DRY),
         "%d", (int)report->rain);
}

/*
 * Whatever the document is: json_read() has it as json-c has it. A NaN is not equal to itself, and
 * of pairs of surrogates json-c itself loses some.
 */
static void
compare_with_json_c(const uint8_t *data, size_t size, const struct report *report)
{
    struct json_tokener *tokener = json_tokener_new();
    struct json_object *plain = json_tokener_parse_ex(tokener, (const char *)data, (int)size);
    struct json_object *root = NULL;
    struct error error = ERROR_INIT;

    if (json_read((const char *)data, size, &root, &error) != 0)
        must_explain(&error);
    must(root || !report, "%s", error.text);
    if (root && !memmem(data, size, "\\ud", 3) && !memmem(data, size, "\\uD", 3)) {
        must(json_object_equal(root, plain) || memmem(data, size, "NaN", 3), "%s",
             json_object_to_json_string(plain));
        if (report)
            compare(plain, report);
    }
    json_release(root);
    json_object_put(plain);
    json_tokener_free(tokener);
}

static int
count_member(void *userdata, const char *key, struct json_object *value, struct error *error)
{
    ++*(size_t *)userdata;
    return 0;
}

/*
 * The same document behind a member that is long enough for what follows to be read by itself: member by
 * member it has as many, and it is taken when the tree of it is, but for keys that stand twice.
 */
static void
read_by_members(const uint8_t *data, size_t size)
{
    struct json_object *root = NULL;
    struct error error, tree_error;
    size_t members = 0, all = 0, length;
    static char text[1 << 18];
    bool good;

    if (size < 1 || size > sizeof(text) / 2 || data[0] != '{')
        return;
    length = (size_t)sprintf(text, "{\"%017000d\": 1,", 0);
    memcpy(text + length, data + 1, size - 1);
    length += size - 1;
    good = json_read_members(text, length, count_member, &members, &error) == 0;
    if (json_read(text, length, &root, &tree_error) == 0) {
        must(good, "%s", error.text);
        must(json_each_member(root, count_member, &all, &error) == 0 && all == members,
             "%zu of %zu", members, all);
        json_release(root);
    } else {
        must(!good || strstr(tree_error.text, "stands twice"), "%s", tree_error.text);
    }
}

/* As records of others: each of three kinds of time, with names that are ours, others, and paths. */
static void
read_as_others(const uint8_t *data, size_t size)
{
    static const struct report_paths paths[] = {
        {.station = "station"},
        {.station = "degrees", .degrees = "", .raining = ""},
        {.station = "x.station", .date = "x.date", .degrees = "raining", .raining = "x"},
    };
    static const enum moment_kind kinds[] = {MOMENT_RFC3339, MOMENT_EPOCH, MOMENT_EPOCH_MS};

    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        struct report_json quick = {NULL}, slow = {NULL};
        struct error error = ERROR_INIT;
        struct report_fields fields;
        struct report report, slowly;
        int result;

        report_fields_init(&fields, &paths[i], kinds[i]);
        quick.fields = slow.fields = &fields;
        result = report_json_read(&quick, data, size, &report, &error);
        must(report_json_read_slowly(&slow, data, size, &slowly, NULL) == result, "%d", result);
        if (result == 0)
            must_be_same(&report, &slowly);
        else
            must_explain(&error);
        report_json_fini(&slow);
        report_json_fini(&quick);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct report_json quick = {NULL}, slow = {NULL}, again = {NULL};
    struct error error = ERROR_INIT;
    struct report report, slowly, copy;
    char written[REPORT_JSON_MAX];
    int result = report_json_read(&quick, data, size, &report, &error);

    must(report_json_read_slowly(&slow, data, size, &slowly, NULL) == result, "%d", result);
    if (result == 0)
        must_be_same(&report, &slowly);
    else
        must_explain(&error);
    compare_with_json_c(data, size, result == 0 ? &report : NULL);
    read_as_others(data, size);
    read_by_members(data, size);
    if (result == 0 && report_check(&report, NULL) == 0) {
        size = report_json_write(&report, written);
        must(report_json_read(&again, written, size, &copy, &error) == 0, "%s", error.text);
        report.degrees += 0.0; /* as an integer, -0 is 0 */
        must_be_same(&report, &copy);
    }
    report_json_fini(&again);
    report_json_fini(&slow);
    report_json_fini(&quick);
    return 0;
}
