/* SPDX-License-Identifier: MIT */

/*
 * JSON in and out. The short way never guesses: whatever it does not know at once, it leaves to
 * common/json, including every error message.
 */

#include <errno.h>
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/values.h"
#include "record/report_json.h"

/* What stands in the object: station and station_id are one. */
enum {
    HAS_DATE = 1,
    HAS_DEGREES = 2,
    HAS_STATION = 4,
    HAS_RAINING = 8,
};

#define OWN(name, bit)                                                                             \
    {                                                                                              \
        name, sizeof(name) - 1, bit                                                                \
    }

static const struct report_fields own_fields = {
    .n_fields = 5,
    .fields = {OWN("date", HAS_DATE), OWN("degrees", HAS_DEGREES), OWN("station", HAS_STATION),
               OWN("raining", HAS_RAINING), OWN("station_id", HAS_STATION)},
    .needed = HAS_DATE | HAS_DEGREES,
    .has_degrees = true,
    .is_own = true,
};

static inline const struct report_fields *
fields_of(const struct report_json *reader)
{
    return reader->fields ? reader->fields : &own_fields;
}

struct cursor {
    const char *at, *end;
};

/* The byte there, or NUL, which JSON never has, at the end. */
static inline char
peek(const struct cursor *cursor)
{
    return cursor->at < cursor->end ? *cursor->at : '\0';
}

static inline bool
take(struct cursor *cursor, char byte)
{
    bool is_there = peek(cursor) == byte;

    cursor->at += is_there;
    return is_there;
}

static inline bool
is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

/* ---- numbers: JSON's grammar, which both ways ask ---- */

#define DIGITS_MAX   18 /* that surely fit into 64 bits with a sign */
#define EXPONENT_MAX 9999

struct number {
    uint64_t digits; /* without the point */
    unsigned n_digits;
    int exponent; /* of ten; beyond EXPONENT_MAX it is only known to be large */
    bool is_negative;
    bool is_integer; /* neither point nor exponent */
};

static bool
scan_digits(struct cursor *cursor, struct number *number)
{
    const char *begin = cursor->at;

    for (; is_digit(peek(cursor)); cursor->at++) {
        if (number->n_digits < DIGITS_MAX)
            number->digits = number->digits * 10 + (uint64_t)(*cursor->at - '0');
        number->n_digits++;
    }
    return cursor->at > begin;
}

static bool
scan_exponent(struct cursor *cursor, struct number *number)
{
    bool is_negative = take(cursor, '-');
    int exponent = 0;

    if (!is_negative)
        take(cursor, '+');
    if (!is_digit(peek(cursor)))
        return false;
    for (; is_digit(peek(cursor)); cursor->at++)
        if (exponent <= EXPONENT_MAX)
            exponent = exponent * 10 + (*cursor->at - '0');
    number->exponent += is_negative ? -exponent : exponent;
    return true;
}

/* Steps over a number; false when it is none. What follows it is not looked at. */
static bool
scan_number(struct cursor *cursor, struct number *number)
{
    const char *decimals;

    *number = (struct number){.is_integer = true};
    number->is_negative = take(cursor, '-');
    if (take(cursor, '0'))
        number->n_digits = 1;
    else if (!scan_digits(cursor, number))
        return false;
    if (take(cursor, '.')) {
        number->is_integer = false;
        decimals = cursor->at;
        if (!scan_digits(cursor, number))
            return false;
        number->exponent = (int)(decimals - cursor->at);
    }
    if (take(cursor, 'e') || take(cursor, 'E')) {
        number->is_integer = false;
        return scan_exponent(cursor, number);
    }
    return true;
}

/* ---- the short way ---- */

#define EXACT_DIGITS 15 /* these, and this power of ten, a double holds exactly */
#define EXACT_POWER  22
#define NUMBER_MAX   48 /* bytes of an ordinary number */

static const double powers[EXACT_POWER + 1] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                               1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                               1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/*
 * One multiplication or division of two exact numbers is rounded once, as the text itself would be,
 * unless the machine computes in a wider format. The decimal point is C's: no program of this
 * project calls setlocale().
 */
static inline bool
take_degrees(struct cursor *cursor, double *degreesp)
{
    const char *begin = cursor->at;
    struct number number;
    char copy[NUMBER_MAX + 1];
    size_t length;
    double value;

    if (!scan_number(cursor, &number))
        return false;
    /* As an integer json-c has no -0, and an end that only it knows. */
    if (number.is_integer &&
        (number.n_digits > DIGITS_MAX || (number.is_negative && number.digits == 0)))
        return false;
    if (FLT_EVAL_METHOD == 0 && number.n_digits <= EXACT_DIGITS &&
        abs(number.exponent) <= EXACT_POWER) {
        value = number.exponent < 0 ? (double)number.digits / powers[-number.exponent]
                                    : (double)number.digits * powers[number.exponent];
        *degreesp = number.is_negative ? -value : value;
        return true;
    }
    length = (size_t)(cursor->at - begin);
    if (length > NUMBER_MAX)
        return false;
    memcpy(copy, begin, length);
    copy[length] = '\0';
    *degreesp = strtod(copy, NULL);
    return isfinite(*degreesp);
}

/* A string without escapes, from its opening quote, in UTF-8 without control characters. */
static inline bool
take_text(struct cursor *cursor, const char **textp, size_t *lengthp)
{
    const char *begin = cursor->at + 1, *at;
    bool is_ascii = true;

    if (!take(cursor, '"'))
        return false;
    for (at = begin; at < cursor->end && *at != '"'; at++) {
        if (*at == '\\')
            return false;
        is_ascii &= *at >= ' ' && *at < 0x7f;
    }
    if (at == cursor->end || (!is_ascii && !value_is_text(begin, (size_t)(at - begin))))
        return false;
    *textp = begin;
    *lengthp = (size_t)(at - begin);
    cursor->at = at + 1;
    return true;
}

static inline bool
take_date(struct cursor *cursor, int32_t *datep)
{
    const char *begin = cursor->at;

    if (cursor->end - begin < DATE_LENGTH + 2 || begin[0] != '"' || begin[DATE_LENGTH + 1] != '"')
        return false;
    cursor->at += DATE_LENGTH + 2;
    return date_parse(begin + 1, DATE_LENGTH, datep);
}

/* An integer as json-c writes it again, other than -0. */
static bool
take_integer(struct cursor *cursor, int64_t *integerp)
{
    struct number number;

    if (!scan_number(cursor, &number) || !number.is_integer || number.n_digits > DIGITS_MAX ||
        (number.is_negative && number.digits == 0))
        return false;
    *integerp = number.is_negative ? -(int64_t)number.digits : (int64_t)number.digits;
    return true;
}

static inline bool
take_moment(struct cursor *cursor, enum moment_kind kind, struct report *report)
{
    const char *text;
    size_t length;
    int64_t integer;

    if (kind == MOMENT_DATE)
        return take_date(cursor, &report->date);
    if (kind == MOMENT_RFC3339)
        return take_text(cursor, &text, &length) && moment_parse(kind, text, length, &report->time);
    return take_integer(cursor, &integer) && moment_from_number(kind, integer, &report->time);
}

static inline bool
take_station(struct cursor *cursor, bool is_own, struct report *report)
{
    int64_t integer;

    report->station = cursor->at;
    if (is_own || peek(cursor) == '"')
        return take_text(cursor, &report->station, &report->station_length);
    if (!take_integer(cursor, &integer))
        return false;
    report->station_length = (size_t)(cursor->at - report->station);
    return true;
}

static inline __attribute__((always_inline)) bool
take_word(struct cursor *cursor, const char *word)
{
    size_t length = strlen(word);

    if ((size_t)(cursor->end - cursor->at) < length || memcmp(cursor->at, word, length) != 0)
        return false;
    cursor->at += length;
    return true;
}

static inline bool
take_rain(struct cursor *cursor, bool is_own, enum report_rain *rainp)
{
    if (take(cursor, '1') || (!is_own && take_word(cursor, "true")))
        *rainp = REPORT_RAINING;
    else if (take(cursor, '0') || (!is_own && take_word(cursor, "false")))
        *rainp = REPORT_DRY;
    else
        return take_word(cursor, "null");
    return true;
}

/*
 * The key as its bit, 0 when it is not known. Records of one kind have their keys in one order, so
 * each is looked for first where it was found in the one before.
 */
static inline unsigned
take_key(struct cursor *cursor, const struct report_fields *fields, uint8_t *placep)
{
    size_t rest = (size_t)(cursor->end - cursor->at);

    for (size_t tries = 0, i = *placep; tries < fields->n_fields; tries++, i++) {
        const struct report_field *field;

        if (i == fields->n_fields)
            i = 0;
        field = &fields->fields[i];
        if (field->length > 0 && rest >= field->length + 2 && cursor->at[0] == '"' &&
            cursor->at[field->length + 1] == '"' &&
            memcmp(cursor->at + 1, field->path, field->length) == 0) {
            cursor->at += field->length + 2;
            *placep = (uint8_t)i;
            return field->bit;
        }
    }
    return 0;
}

static inline void
skip_blanks(struct cursor *cursor)
{
    while (peek(cursor) == ' ' || peek(cursor) == '\n' || peek(cursor) == '\t' ||
           peek(cursor) == '\r')
        cursor->at++;
}

static inline bool
take_value(struct cursor *cursor, const struct report_fields *fields, unsigned key,
           struct report *report)
{
    switch (key) {
    case HAS_DATE:
        return take_moment(cursor, fields->dates, report);
    case HAS_STATION:
        return take_station(cursor, fields->is_own, report);
    case HAS_DEGREES:
        return take_degrees(cursor, &report->degrees);
    case HAS_RAINING:
        return take_rain(cursor, fields->is_own, &report->rain);
    default:
        return false;
    }
}

#define OTHERS_MAX 32

/* The keys that nobody asked for, as none may be there twice. */
struct others {
    size_t n;
    struct {
        const char *text;
        size_t length;
    } keys[OTHERS_MAX];
};

static bool
take_other_key(struct cursor *cursor, struct others *others)
{
    const char *text;
    size_t length;

    if (others->n == OTHERS_MAX || !take_text(cursor, &text, &length))
        return false;
    for (size_t i = 0; i < others->n; i++)
        if (others->keys[i].length == length && memcmp(others->keys[i].text, text, length) == 0)
            return false;
    others->keys[others->n].text = text;
    others->keys[others->n++].length = length;
    return true;
}

/* What is nested, too, is left to the long way. */
static bool
skip_value(struct cursor *cursor)
{
    const char *text;
    size_t length;
    double number;

    switch (peek(cursor)) {
    case '"':
        return take_text(cursor, &text, &length);
    case 't':
        return take_word(cursor, "true");
    case 'f':
        return take_word(cursor, "false");
    case 'n':
        return take_word(cursor, "null");
    default:
        return take_degrees(cursor, &number);
    }
}

static inline bool
take_colon(struct cursor *cursor)
{
    skip_blanks(cursor);
    if (!take(cursor, ':'))
        return false;
    skip_blanks(cursor);
    return true;
}

static bool
read_quickly(struct report_json *reader, const char *text, size_t length, struct report *report)
{
    const struct report_fields *fields = fields_of(reader);
    struct cursor cursor = {text, text + length};
    unsigned seen = 0, key;
    struct others others;
    size_t n = 0;

    *report = (struct report){.station = ""};
    others.n = 0;
    skip_blanks(&cursor);
    if (!take(&cursor, '{'))
        return false;
    do {
        skip_blanks(&cursor);
        key = take_key(&cursor, fields, &reader->order[n]);
        if (seen & key)
            return false;
        if (key) {
            seen |= key;
            n++; /* each has a bit of its own, so there is a place for the next */
            if (!take_colon(&cursor) || !take_value(&cursor, fields, key, report))
                return false;
        } else if (!take_other_key(&cursor, &others) || !take_colon(&cursor) ||
                   !skip_value(&cursor)) {
            return false;
        }
        skip_blanks(&cursor);
    } while (take(&cursor, ','));
    if (!take(&cursor, '}'))
        return false;
    skip_blanks(&cursor);
    return cursor.at == cursor.end && (seen & fields->needed) == fields->needed;
}

/* ---- the long way ---- */

static uint32_t
peek_unit(const struct cursor *cursor)
{
    return json_escaped_unit(cursor->at, (size_t)(cursor->end - cursor->at));
}

/*
 * Steps over a string known to be well-formed, from behind its opening quote. False when it holds
 * half a surrogate pair, which json-c makes U+FFFD: two stations would become one.
 */
static bool
scan_string(struct cursor *cursor)
{
    while (!take(cursor, '"')) {
        uint32_t unit = peek_unit(cursor);

        if (unit == 0) {
            cursor->at += *cursor->at == '\\' ? 2 : 1;
            continue;
        }
        cursor->at += 6;
        if (unit < 0xd800 || unit > 0xdfff)
            continue;
        if (unit >= 0xdc00 || peek_unit(cursor) < 0xdc00 || peek_unit(cursor) > 0xdfff)
            return false;
        cursor->at += 6;
    }
    return true;
}

/*
 * What json_read() lets pass and a strict reader must not: numbers like 1. and -01, NaN and
 * Infinity, which are the only words with a capital that it knows, and half surrogate pairs.
 */
static int
check_strict(const char *text, size_t length, struct error *error)
{
    struct cursor cursor = {text, text + length};
    struct number number;

    while (cursor.at < cursor.end) {
        size_t at = (size_t)(cursor.at - text);

        if (take(&cursor, '"')) {
            if (!scan_string(&cursor))
                return error_set(error, -EBADMSG,
                                 "it has half a surrogate pair in the string at byte %zu", at);
        } else if (peek(&cursor) == '-' || is_digit(peek(&cursor))) {
            if (!scan_number(&cursor, &number) || peek(&cursor) == '.' || is_digit(peek(&cursor)))
                return error_set(error, -EBADMSG,
                                 "it is not valid JSON at byte %zu: number expected", at);
        } else if (*cursor.at >= 'A' && *cursor.at <= 'Z') {
            return error_set(error, -EBADMSG, "it is not valid JSON at byte %zu: unexpected word",
                             at);
        } else {
            cursor.at++;
        }
    }
    return 0;
}

/* ---- values: 0, or -EBADMSG with a message that begins with "is …" ---- */

static int
get_date(struct report_json *reader, struct json_object *value, struct report *report,
         struct error *error)
{
    enum moment_kind kind = fields_of(reader)->dates;
    char shown[REPORT_SHOWN_SIZE];
    struct moment moment;
    const char *text;

    if (json_get_moment(value, kind, &moment, error) == 0) {
        if (kind == MOMENT_DATE)
            report->date = moment_date(moment);
        else
            report->time = moment;
        return 0;
    }
    if (json_get_text(value, &text, NULL) == 0) {
        report_show(text, strlen(text), shown);
        error_set(error, 0, "is \"%s\", must be %s", shown, moment_describe(kind));
    }
    return -EBADMSG;
}

static int
get_degrees(struct report_json *reader, struct json_object *value, struct report *report,
            struct error *error)
{
    return json_get_number(value, &report->degrees, error) == 0 ? 0 : -EBADMSG;
}

/* A NUL that would hide the rest is refused by json_read(). */
static int
get_station(struct report_json *reader, struct json_object *value, struct report *report,
            struct error *error)
{
    int64_t integer;

    report->station = reader->integer;
    if (!fields_of(reader)->is_own &&
        json_get_integer(value, INT64_MIN, INT64_MAX - 1, &integer, NULL) == 0)
        snprintf(reader->integer, sizeof(reader->integer), "%" PRId64, integer);
    else if (json_get_text(value, &report->station, error) != 0)
        return error_append(error, -EBADMSG, fields_of(reader)->is_own ? "" : " or an integer");
    report->station_length = strlen(report->station);
    return 0;
}

static int
get_raining(struct report_json *reader, struct json_object *value, struct report *report,
            struct error *error)
{
    bool is_raining;
    int64_t raining;

    if (!value) /* so json-c has null */
        return 0;
    if (!fields_of(reader)->is_own && json_is_boolean(value, &is_raining)) {
        report->rain = is_raining ? REPORT_RAINING : REPORT_DRY;
        return 0;
    }
    if (json_get_integer(value, INT64_MIN, INT64_MAX - 1, &raining, error) != 0)
        return error_append(error, -EBADMSG, ", 0 or 1");
    if (raining != 0 && raining != 1)
        return error_set(error, -EBADMSG, "is %lld, must be 0 or 1", (long long)raining);
    report->rain = raining ? REPORT_RAINING : REPORT_DRY;
    return 0;
}

static int
get_value(struct report_json *reader, unsigned bit, struct json_object *value,
          struct report *report, struct error *error)
{
    switch (bit) {
    case HAS_DATE:
        return get_date(reader, value, report, error);
    case HAS_DEGREES:
        return get_degrees(reader, value, report, error);
    case HAS_STATION:
        return get_station(reader, value, report, error);
    default:
        return get_raining(reader, value, report, error);
    }
}

static int
get_report(struct report_json *reader, struct report *report, struct error *error)
{
    const struct report_fields *fields = fields_of(reader);
    unsigned seen = 0;

    *report = (struct report){.station = ""};
    if (!json_is_object(reader->root))
        return error_set(error, -EBADMSG, "it is not a JSON object");
    for (size_t i = 0; i < fields->n_fields; i++) {
        const struct report_field *field = &fields->fields[i];
        struct json_object *value;

        if (!json_find(reader->root, field->path, &value))
            continue;
        if (seen & field->bit)
            return error_set(error, -EBADMSG,
                             "it has both \"station\" and \"station_id\", must have one of them");
        seen |= field->bit;
        if (get_value(reader, field->bit, value, report, error) != 0)
            return error_prefix(error, -EBADMSG, "\"%s\" ", field->path);
    }
    for (size_t i = 0; i < fields->n_fields; i++)
        if (fields->needed & ~seen & fields->fields[i].bit)
            return error_set(error, -EBADMSG, "\"%s\" is missing", fields->fields[i].path);
    return 0;
}

int
report_json_read_slowly(struct report_json *reader, const void *payload, size_t length,
                        struct report *report, struct error *error)
{
    int result;

    report_json_fini(reader);
    result = json_read(payload, length, &reader->root, error);
    if (result < 0)
        return error_set(error, result, "there is no memory to read it");
    if (result == JSON_E_BAD)
        return error_prefix(error, -EBADMSG, "it ");
    result = check_strict(payload, length, error);
    return result == 0 ? get_report(reader, report, error) : result;
}

int
report_json_read(struct report_json *reader, const void *payload, size_t length,
                 struct report *report, struct error *error)
{
    if (read_quickly(reader, payload, length, report))
        return 0;
    return report_json_read_slowly(reader, payload, length, report, error);
}

void
report_json_fini(struct report_json *reader)
{
    json_release(reader->root);
    reader->root = NULL;
}

/* ---- the records of others ---- */

int
report_path_check(const char *path, struct error *error)
{
    size_t length = strlen(path);

    if (path[0] == '.' || (length > 0 && path[length - 1] == '.') || strstr(path, ".."))
        return error_set(error, -EINVAL,
                         "\"%.200s\" has an empty name, must be a path such as metadata.timestamp",
                         path);
    return 0;
}

void
report_fields_init(struct report_fields *fields, const struct report_paths *paths,
                   enum moment_kind dates)
{
    const struct {
        const char *path, *own;
        unsigned bit;
    } all[] = {
        {paths->date, "date", HAS_DATE},
        {paths->degrees, "degrees", HAS_DEGREES},
        {paths->station, "station", HAS_STATION},
        {paths->raining, "raining", HAS_RAINING},
        {paths->station ? "" : NULL, "station_id", HAS_STATION},
    };

    *fields = (struct report_fields){
        .needed = HAS_DATE,
        .dates = dates,
        .has_degrees = !paths->degrees || paths->degrees[0],
    };
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        const char *path = all[i].path ? all[i].path : all[i].own;

        if (!path[0])
            continue;
        if (all[i].bit == HAS_DEGREES || (all[i].bit == HAS_STATION && all[i].path))
            fields->needed |= all[i].bit;
        fields->fields[fields->n_fields++] = (struct report_field){
            .path = path,
            /* Where a key may stand with escapes, or below another, the long way finds it. */
            .length = strpbrk(path, ".\"\\") ? 0 : strlen(path),
            .bit = all[i].bit,
        };
    }
}

/* ---- writing ---- */

/* Of what JSON wants escaped, a valid id has only these two. */
static char *
put_station(char *at, const struct report *report)
{
    for (size_t i = 0; i < report->station_length; i++) {
        if (report->station[i] == '"' || report->station[i] == '\\')
            *at++ = '\\';
        *at++ = report->station[i];
    }
    return at;
}

size_t
report_json_write(const struct report *report, char buffer[REPORT_JSON_MAX])
{
    char date[DATE_LENGTH + 1], degrees[VALUE_NUMBER_SIZE];
    char *at = buffer;

    date_format(report->date, date);
    value_format_number(report->degrees, degrees);
    at = stpcpy(stpcpy(at, "{\"date\":\""), date);
    at = put_station(stpcpy(at, "\",\"station\":\""), report);
    at = stpcpy(stpcpy(at, "\",\"degrees\":"), degrees);
    if (report->rain != REPORT_RAIN_UNKNOWN)
        at = stpcpy(at, report->rain == REPORT_RAINING ? ",\"raining\":1" : ",\"raining\":0");
    return (size_t)(stpcpy(at, "}") - buffer);
}
