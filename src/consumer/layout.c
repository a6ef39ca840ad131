/* SPDX-License-Identifier: MIT */

/*
 * Reading believes nothing: types, ranges, dates, and that the values fit each other. Files of
 * other programs in this shape are taken over, so members may come in any order and min, max and
 * their dates may be missing, all together.
 */

#include <errno.h>
#include <math.h>
#include <string.h>

#include "common/date.h"
#include "common/values.h"
#include "consumer/layout.h"

#define AVG_TOLERANCE 1e-9 /* relative */

enum field_kind { FIELD_COUNT, FIELD_NUMBER, FIELD_DATE };

struct field {
    const char *key;
    enum field_kind kind;
    size_t offset; /* in struct station_text */
};

/* A station as it stands in the file: the statistics, and the average that follows from them. */
struct station_text {
    struct stats stats;
    double avg;
};

#define FIELD(name, field_kind, member)                                                            \
    {                                                                                              \
        name, field_kind, offsetof(struct station_text, member)                                    \
    }

static const struct field fields[] = {
    FIELD("count", FIELD_COUNT, stats.count),
    FIELD("sum", FIELD_NUMBER, stats.sum),
    FIELD("avg", FIELD_NUMBER, avg),
    FIELD("start", FIELD_DATE, stats.start),
    FIELD("end", FIELD_DATE, stats.end),
    FIELD("min", FIELD_NUMBER, stats.min),
    FIELD("min_date", FIELD_DATE, stats.min_date),
    FIELD("max", FIELD_NUMBER, stats.max),
    FIELD("max_date", FIELD_DATE, stats.max_date),
};

enum {
    N_FIELDS = sizeof(fields) / sizeof(fields[0]),
    N_REQUIRED = 5, /* up to "end"; the extremes come all together or not at all */
    ALL_REQUIRED = (1 << N_REQUIRED) - 1,
    ALL_FIELDS = (1 << N_FIELDS) - 1,
};

static int
load_date(struct json_object *value, int32_t *datep, struct error *error)
{
    const char *text;
    int result = json_get_text(value, &text, error);

    if (result == 0 && !date_parse(text, strlen(text), datep))
        return error_set(error, JSON_E_BAD, "is \"%.100s\", must be a date that exists, YYYY-MM-DD",
                         text);
    return result;
}

struct station_loading {
    struct station_text text;
    unsigned seen; /* a bit a field */
};

static int
load_field(void *userdata, const char *key, struct json_object *value, struct error *error)
{
    struct station_loading *loading = userdata;

    for (size_t i = 0; i < N_FIELDS; i++) {
        void *destination = (char *)&loading->text + fields[i].offset;
        int result = 0;

        if (strcmp(key, fields[i].key) != 0)
            continue;
        loading->seen |= 1u << i;
        switch (fields[i].kind) {
        case FIELD_COUNT:
            result = json_get_integer(value, 1, INT64_MAX - 1, destination, error);
            break;
        case FIELD_NUMBER:
            result = json_get_number(value, destination, error);
            break;
        case FIELD_DATE:
            result = load_date(value, destination, error);
            break;
        }
        return result == 0 ? 0 : error_prefix(error, result, "\"%s\" ", key);
    }
    return error_set(error, JSON_E_BAD, "has an unknown key \"%.100s\"", key);
}

static int
check_presence(unsigned seen, struct error *error)
{
    unsigned expected = seen & ~(unsigned)ALL_REQUIRED ? ALL_FIELDS : ALL_REQUIRED;

    for (size_t i = 0; i < N_FIELDS; i++)
        if (expected & ~seen & 1u << i)
            return error_set(error, JSON_E_BAD, "lacks \"%s\"", fields[i].key);
    return 0;
}

/* That the values of a station can be the statistics of one set of reports. */
static int
check_station(const struct station_text *text, struct error *error)
{
    const struct stats *stats = &text->stats;
    double avg = stats->sum / (double)stats->count;

    if (fabs(text->avg - avg) > AVG_TOLERANCE * fmax(fabs(avg), fabs(text->avg)))
        return error_set(error, JSON_E_BAD,
                         "\"avg\" is %.17g, must be \"sum\" / \"count\", which is %.17g", text->avg,
                         avg);
    if (stats->start > stats->end)
        return error_set(error, JSON_E_BAD, "\"start\" is after \"end\"");
    if (!stats->has_extremes)
        return 0;
    if (stats->min > stats->max)
        return error_set(error, JSON_E_BAD, "\"min\" is greater than \"max\"");
    if (stats->min_date < stats->start || stats->min_date > stats->end ||
        stats->max_date < stats->start || stats->max_date > stats->end)
        return error_set(error, JSON_E_BAD,
                         "\"min_date\" or \"max_date\" is not between \"start\" and \"end\"");
    return 0;
}

static int
load_station(struct partition *partition, const char *id, struct json_object *value,
             struct error *error)
{
    struct station_loading loading = {.seen = 0};
    struct report named = {.station = id, .station_length = strlen(id)};
    int result;

    if (report_check(&named, error) < 0)
        return JSON_E_BAD;
    result = json_each_member(value, load_field, &loading, error);
    if (result == 0)
        result = check_presence(loading.seen, error);
    loading.text.stats.has_extremes = loading.seen == ALL_FIELDS;
    if (result == 0)
        result = check_station(&loading.text, error);
    if (result == 0)
        result = stations_add(&partition->stations, id, named.station_length, &loading.text.stats);
    return result;
}

struct loading {
    struct partition *partition;
    int64_t offset; /* -1: not seen */
};

static int
load_member(void *userdata, const char *key, struct json_object *value, struct error *error)
{
    struct loading *loading = userdata;
    int result;

    if (strcmp(key, "offset") == 0) {
        result = json_get_integer(value, 0, INT64_MAX - 1, &loading->offset, error);
        return result == 0 ? 0 : error_prefix(error, result, "\"offset\" ");
    }
    if (!json_is_object(value) || partition_is_reserved(key, strlen(key)))
        return error_set(error, JSON_E_BAD, "has an unknown key \"%.255s\" that is not a station",
                         key);
    result = load_station(loading->partition, key, value, error);
    return result == JSON_E_BAD ? error_prefix(error, result, "station \"%.255s\": ", key) : result;
}

static int
load_flat(void *state, struct json_object *root, int64_t *offsetp, struct error *error)
{
    struct loading loading = {.partition = state, .offset = -1};
    int result = json_each_member(root, load_member, &loading, error);

    if (result == 0 && loading.offset < 0)
        return error_set(error, JSON_E_BAD, "lacks \"offset\"");
    if (result == 0)
        *offsetp = loading.offset;
    return result;
}

static void
write_date(struct json_writer *writer, const char *key, int32_t date)
{
    char text[DATE_LENGTH + 1];

    date_format(date, text);
    json_writer_text(writer, key, text);
}

static void
write_station(struct json_writer *writer, const struct station *station)
{
    const struct stats *stats = &station->stats;
    const struct station_text text = {.stats = *stats, .avg = stats->sum / (double)stats->count};

    json_writer_begin(writer, station->id, '{');
    for (size_t i = 0; i < (stats->has_extremes ? N_FIELDS : N_REQUIRED); i++) {
        const void *value = (const char *)&text + fields[i].offset;

        switch (fields[i].kind) {
        case FIELD_COUNT:
            json_writer_integer(writer, fields[i].key, *(const int64_t *)value);
            break;
        case FIELD_NUMBER:
            json_writer_number(writer, fields[i].key, *(const double *)value);
            break;
        case FIELD_DATE:
            write_date(writer, fields[i].key, *(const int32_t *)value);
            break;
        }
    }
    json_writer_end(writer, '}');
}

static void
write_flat(void *state, int64_t offset, struct json_writer *writer)
{
    const struct partition *partition = state;

    json_writer_begin(writer, NULL, '{');
    json_writer_integer(writer, "offset", offset);
    for (size_t i = 0; i < partition->stations.n_stations; i++)
        write_station(writer, &partition->stations.stations[i]);
    json_writer_end(writer, '}');
}

const struct stream_state_ops layout_flat = {
    .load = load_flat,
    .write = write_flat,
};
