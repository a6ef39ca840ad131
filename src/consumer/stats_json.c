/* SPDX-License-Identifier: MIT */

/*
 * Reading believes nothing: types, ranges, dates, and that the values fit each other. Files of
 * other programs in this shape are taken over, so members may come in any order and min, max and
 * their dates may be missing, all together.
 */

#include <math.h>
#include <string.h>

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

enum { FIELD_OF_COUNT = 0, FIELD_OF_START = 3, FIELD_OF_END = 4 };

static const struct field fields[] = {
    [FIELD_OF_COUNT] = FIELD("count", FIELD_COUNT, stats.count),
    FIELD("sum", FIELD_NUMBER, stats.sum),
    FIELD("avg", FIELD_NUMBER, avg),
    [FIELD_OF_START] = FIELD("start", FIELD_DATE, stats.start),
    [FIELD_OF_END] = FIELD("end", FIELD_DATE, stats.end),
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
    EXTREMES = ALL_FIELDS & ~ALL_REQUIRED,
    COUNTED = 1 << FIELD_OF_COUNT | 1 << FIELD_OF_START | 1 << FIELD_OF_END, /* without degrees */
};

struct stats_loading {
    struct stats_shape *shape;
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
            result = json_get_moment(value, loading->shape->dates, destination, error);
            if (result == 0 && loading->shape->dates == MOMENT_ANY)
                loading->shape->dates = moment_look(*(const struct moment *)destination);
            break;
        }
        return result == 0 ? 0 : error_prefix(error, result, "\"%s\" ", key);
    }
    if (strcmp(key, STATS_JSON_WINDOWS) == 0 && loading->shape->has_windows)
        return 0;
    return error_set(error, JSON_E_BAD, "has an unknown key \"%.100s\"%s", key,
                     strcmp(key, STATS_JSON_WINDOWS) == 0
                         ? "; set window as it was when the file was written"
                         : "");
}

/* Counted only, all, or all but the extremes: what is there must be one of them, and what is expected. */
static int
check_presence(const struct stats_loading *loading, struct error *error)
{
    unsigned expected = loading->seen & EXTREMES ? ALL_FIELDS : ALL_REQUIRED;

    if (loading->shape->degrees == STATS_ANY)
        loading->shape->degrees =
            loading->seen == COUNTED ? STATS_WITHOUT_DEGREES : STATS_WITH_DEGREES;
    if (loading->seen == COUNTED && loading->shape->degrees == STATS_WITHOUT_DEGREES)
        return 0;
    for (size_t i = 0; i < N_FIELDS; i++)
        if (expected & ~loading->seen & 1u << i)
            return error_set(error, JSON_E_BAD, "lacks \"%s\"%s", fields[i].key,
                             loading->seen == COUNTED
                                 ? "; if the file was written with degrees_field empty, set that"
                                 : "");
    if (loading->shape->degrees == STATS_WITHOUT_DEGREES)
        return error_set(error, JSON_E_BAD,
                         "has degrees, but degrees_field is empty; set what it was written with");
    return 0;
}

static bool
lies_within(struct moment moment, const struct stats *stats)
{
    return !moment_is_before(moment, stats->start) && !moment_is_before(stats->end, moment);
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
    if (moment_is_before(stats->end, stats->start))
        return error_set(error, JSON_E_BAD, "\"start\" is after \"end\"");
    if (!stats->has_extremes)
        return 0;
    if (stats->min > stats->max)
        return error_set(error, JSON_E_BAD, "\"min\" is greater than \"max\"");
    if (!lies_within(stats->min_date, stats) || !lies_within(stats->max_date, stats))
        return error_set(error, JSON_E_BAD,
                         "\"min_date\" or \"max_date\" is not between \"start\" and \"end\"");
    return 0;
}

int
stats_json_load(struct json_object *object, struct stats_shape *shape, struct stats *statsp,
                struct error *error)
{
    struct stats_loading loading = {.shape = shape};
    int result = json_each_member(object, load_field, &loading, error);

    if (result == 0)
        result = check_presence(&loading, error);
    loading.text.stats.is_count = loading.seen == COUNTED;
    loading.text.stats.has_extremes = loading.seen == ALL_FIELDS;
    if (result == 0)
        result = check_values(&loading.text, error);
    if (result == 0)
        *statsp = loading.text.stats;
    return result;
}

/* Those that are known of it: a bit a field. */
static unsigned
fields_of(const struct stats *stats)
{
    return stats->is_count ? COUNTED : stats->has_extremes ? ALL_FIELDS : ALL_REQUIRED;
}

static struct stats_text
get_text(const struct stats *stats)
{
    /* An average of the smallest numbers may be -0. */
    return (struct stats_text){.stats = *stats, .avg = stats->sum / (double)stats->count + 0.0};
}

static void
write_field(struct json_writer *writer, const char *key, const struct stats_text *text,
            const struct field *field)
{
    const void *value = (const char *)text + field->offset;

    switch (field->kind) {
    case FIELD_COUNT:
        json_writer_integer(writer, key, *(const int64_t *)value);
        break;
    case FIELD_NUMBER:
        json_writer_number(writer, key, *(const double *)value);
        break;
    case FIELD_DATE:
        json_writer_moment(writer, key, *(const struct moment *)value);
        break;
    }
}

void
stats_json_write_members(struct json_writer *writer, const struct stats *stats)
{
    const struct stats_text text = get_text(stats);
    unsigned known = fields_of(stats);

    for (size_t i = 0; i < N_FIELDS; i++)
        if (known & 1u << i)
            write_field(writer, fields[i].key, &text, &fields[i]);
}

void
stats_json_write(struct json_writer *writer, const char *key, const struct stats *stats)
{
    json_writer_begin(writer, key, '{');
    stats_json_write_members(writer, stats);
    json_writer_end(writer, '}');
}

int
stats_json_find(const char *name)
{
    for (int i = 0; i < N_FIELDS; i++)
        if (strcmp(fields[i].key, name) == 0)
            return i;
    return -1;
}

void
stats_json_write_member(struct json_writer *writer, const char *key, const struct stats *stats,
                        int member)
{
    const struct stats_text text = get_text(stats);

    if (fields_of(stats) & 1u << member)
        write_field(writer, key, &text, &fields[member]);
}
