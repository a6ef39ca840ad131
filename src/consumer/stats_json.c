/* SPDX-License-Identifier: MIT */

/*
 * Reading believes nothing: types, ranges, dates, and that the values fit each other. Files of
 * other programs in this shape are taken over, so members may come in any order and min, max and
 * their dates may be missing, all together.
 */

#include <math.h>
#include <string.h>

#include "common/date.h"
#include "consumer/stats_json.h"

#define AVG_TOLERANCE 1e-9 /* relative */

/* As far as a double counts; far enough from 64 bits to count on, and to add up many files' counts. */
#define COUNT_MAX (INT64_C(1) << 53)

enum field_kind { FIELD_COUNT, FIELD_NUMBER, FIELD_DATE };

struct field {
    const char *key;
    enum field_kind kind;
    size_t offset; /* in struct stats_text */
};

/* What stands in the file: the statistics, and the average that follows from them. */
struct stats_text {
    struct stats stats;
    double avg;
};

#define FIELD(name, field_kind, member)                                                            \
    {                                                                                              \
        name, field_kind, offsetof(struct stats_text, member)                                      \
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

struct stats_loading {
    struct stats_text text;
    unsigned seen; /* a bit a field */
};

static int
load_field(void *userdata, const char *key, struct json_object *value, struct error *error)
{
    struct stats_loading *loading = userdata;

    for (size_t i = 0; i < N_FIELDS; i++) {
        void *destination = (char *)&loading->text + fields[i].offset;
        int result = 0;

        if (strcmp(key, fields[i].key) != 0)
            continue;
        loading->seen |= 1u << i;
        switch (fields[i].kind) {
        case FIELD_COUNT:
            result = json_get_integer(value, 1, COUNT_MAX, destination, error);
            break;
        case FIELD_NUMBER:
            result = json_get_number(value, destination, error);
            *(double *)destination += 0.0; /* -0 becomes 0, as in the statistics of a report */
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

/* That the values can be the statistics of one set of reports. */
static int
check_values(const struct stats_text *text, struct error *error)
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

int
stats_json_load(struct json_object *object, struct stats *statsp, struct error *error)
{
    struct stats_loading loading = {.seen = 0};
    int result = json_each_member(object, load_field, &loading, error);

    if (result == 0)
        result = check_presence(loading.seen, error);
    loading.text.stats.has_extremes = loading.seen == ALL_FIELDS;
    if (result == 0)
        result = check_values(&loading.text, error);
    if (result == 0)
        *statsp = loading.text.stats;
    return result;
}

static void
write_date(struct json_writer *writer, const char *key, int32_t date)
{
    char text[DATE_LENGTH + 1];

    date_format(date, text);
    json_writer_text(writer, key, text);
}

void
stats_json_write(struct json_writer *writer, const char *key, const struct stats *stats)
{
    /* That of the smallest numbers may be -0. */
    const struct stats_text text = {.stats = *stats,
                                    .avg = stats->sum / (double)stats->count + 0.0};

    json_writer_begin(writer, key, '{');
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
