/* SPDX-License-Identifier: MIT */

/*
 * JSON in and out. The short way never guesses: whatever it does not know at once, it leaves to
 * common/json, including every error message.
 */

#include <errno.h>
#include <float.h>
#include <math.h>
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
    HAS_NEEDED = HAS_DATE | HAS_DEGREES,
};

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
take_rain(struct cursor *cursor, enum report_rain *rainp)
{
    if (take(cursor, '1'))
        *rainp = REPORT_RAINING;
    else if (take(cursor, '0'))
        *rainp = REPORT_DRY;
    else
        return take_word(cursor, "null");
    return true;
}

/* The key as its bit, 0 when it is not known. */
static inline unsigned
take_key(struct cursor *cursor)
{
    if (take_word(cursor, "\"date\""))
        return HAS_DATE;
    if (take_word(cursor, "\"station\"") || take_word(cursor, "\"station_id\""))
        return HAS_STATION;
    if (take_word(cursor, "\"degrees\""))
        return HAS_DEGREES;
    if (take_word(cursor, "\"raining\""))
        return HAS_RAINING;
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
take_value(struct cursor *cursor, unsigned key, struct report *report)
{
    switch (key) {
    case HAS_DATE:
        return take_date(cursor, &report->date);
    case HAS_STATION:
        return take_text(cursor, &report->station, &report->station_length);
    case HAS_DEGREES:
        return take_degrees(cursor, &report->degrees);
    case HAS_RAINING:
        return take_rain(cursor, &report->rain);
    default:
        return false;
    }
}

static bool
read_quickly(const char *text, size_t length, struct report *report)
{
    struct cursor cursor = {text, text + length};
    unsigned seen = 0;

    *report = (struct report){.station = ""};
    skip_blanks(&cursor);
    if (!take(&cursor, '{'))
        return false;
    do {
        unsigned key;

        skip_blanks(&cursor);
        key = take_key(&cursor);
        if (seen & key)
            return false;
        seen |= key;
        skip_blanks(&cursor);
        if (!take(&cursor, ':'))
            return false;
        skip_blanks(&cursor);
        if (!take_value(&cursor, key, report))
            return false;
        skip_blanks(&cursor);
    } while (take(&cursor, ','));
    if (!take(&cursor, '}'))
        return false;
    skip_blanks(&cursor);
    return cursor.at == cursor.end && (seen & HAS_NEEDED) == HAS_NEEDED;
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

struct members {
    struct report report;
    unsigned seen;
};

static int
get_date(struct report *report, struct json_object *value, struct error *error)
{
    char shown[REPORT_SHOWN_SIZE];
    const char *text;

    if (json_get_text(value, &text, error) != 0)
        return -EBADMSG;
    if (date_parse(text, strlen(text), &report->date))
        return 0;
    report_show(text, strlen(text), shown);
    return error_set(error, -EBADMSG, "is \"%s\", must be a date that exists, as YYYY-MM-DD",
                     shown);
}

static int
get_degrees(struct report *report, struct json_object *value, struct error *error)
{
    return json_get_number(value, &report->degrees, error) == 0 ? 0 : -EBADMSG;
}

/* A NUL that would hide the rest is refused by json_read(). */
static int
get_station(struct report *report, struct json_object *value, struct error *error)
{
    if (json_get_text(value, &report->station, error) != 0)
        return -EBADMSG;
    report->station_length = strlen(report->station);
    return 0;
}

static int
get_raining(struct report *report, struct json_object *value, struct error *error)
{
    int64_t raining;

    if (!value) /* so json-c has null */
        return 0;
    if (json_get_integer(value, INT64_MIN, INT64_MAX - 1, &raining, error) != 0)
        return error_append(error, -EBADMSG, ", 0 or 1");
    if (raining != 0 && raining != 1)
        return error_set(error, -EBADMSG, "is %lld, must be 0 or 1", (long long)raining);
    report->rain = raining ? REPORT_RAINING : REPORT_DRY;
    return 0;
}

static const struct {
    const char *key;
    unsigned bit;
    int (*get)(struct report *report, struct json_object *value, struct error *error);
} keys[] = {
    {"date", HAS_DATE, get_date},          {"degrees", HAS_DEGREES, get_degrees},
    {"station", HAS_STATION, get_station}, {"station_id", HAS_STATION, get_station},
    {"raining", HAS_RAINING, get_raining},
};

static int
get_member(void *userdata, const char *key, struct json_object *value, struct error *error)
{
    struct members *members = userdata;

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        if (strcmp(key, keys[i].key) == 0) {
            /* No key stands twice, so it is the other of two. */
            if (members->seen & keys[i].bit)
                return error_set(error, -EBADMSG,
                                 "it has both \"station\" and \"station_id\", must have one of "
                                 "them");
            members->seen |= keys[i].bit;
            if (keys[i].get(&members->report, value, error) != 0)
                return error_prefix(error, -EBADMSG, "\"%s\" ", key);
        }
    return 0;
}

static int
get_members(struct json_object *root, struct report *report, struct error *error)
{
    struct members members = {.report = {.station = ""}};
    int result;

    if (!json_is_object(root))
        return error_set(error, -EBADMSG, "it is not a JSON object");
    result = json_each_member(root, get_member, &members, error);
    if (result != 0)
        return result;
    if (!(members.seen & HAS_DATE))
        return error_set(error, -EBADMSG, "\"date\" is missing");
    if (!(members.seen & HAS_DEGREES))
        return error_set(error, -EBADMSG, "\"degrees\" is missing");
    *report = members.report;
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
    return result == 0 ? get_members(reader->root, report, error) : result;
}

int
report_json_read(struct report_json *reader, const void *payload, size_t length,
                 struct report *report, struct error *error)
{
    struct report quick;

    if (read_quickly(payload, length, &quick)) {
        *report = quick;
        return 0;
    }
    return report_json_read_slowly(reader, payload, length, report, error);
}

void
report_json_fini(struct report_json *reader)
{
    json_release(reader->root);
    reader->root = NULL;
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
