/* SPDX-License-Identifier: MIT */

/*
 * Strict parsers. libc's take blanks, a plus sign, hexadecimal, "infinity", and
 * stop at the first thing they don't know; here the form is checked first, by
 * hand, and a mistake is answered with what would have been right. The decimal
 * point is C's: no program of this project calls setlocale().
 */

#include <errno.h>
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/values.h"

#define USEC_PER_MSEC UINT64_C(1000)
#define USEC_PER_SEC  (1000 * USEC_PER_MSEC)
#define USEC_PER_MIN  (60 * USEC_PER_SEC)
#define USEC_PER_HOUR (60 * USEC_PER_MIN)
#define USEC_PER_YEAR (365 * 24 * USEC_PER_HOUR)

#define SECONDS_PER_DAY     UINT64_C(86400)
#define SECONDS_PER_CENTURY (36525 * SECONDS_PER_DAY)

#define SIZE_LIMIT (UINT64_C(1) << 40) /* 1 TiB */
#define TOPIC_MAX  249                 /* Kafka's own limit */

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

/* What a message shows of a text; the end of the message, the way out, must not be cut off. */
#define SHOWN "\"%.200s\""

struct unit {
    const char *name;
    uint64_t factor;
};

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Steps over decimal digits and adds them up; what is too large for 64 bits stays at UINT64_MAX. */
static uint64_t
scan_digits(const char **textp)
{
    uint64_t value = 0;

    for (; is_digit(**textp); (*textp)++)
        if (__builtin_mul_overflow(value, UINT64_C(10), &value) ||
            __builtin_add_overflow(value, (uint64_t)(**textp - '0'), &value)) {
            *textp += strspn(*textp, "0123456789");
            return UINT64_MAX;
        }
    return value;
}

int
value_parse_integer(const char *text, int64_t min, int64_t max, int64_t *valuep,
                    struct error *error)
{
    bool negative = *text == '-';
    const char *digits = text + negative, *end = digits;
    uint64_t amount = scan_digits(&end);
    int64_t value;

    if (end == digits || *end)
        return error_set(error, -EINVAL, SHOWN " is not a whole number", text);
    if (amount <= (uint64_t)INT64_MAX + negative) {
        value = (int64_t)(negative ? 0 - amount : amount);
        if (value >= min && value <= max) {
            *valuep = value;
            return 0;
        }
    }
    return error_set(error, -ERANGE,
                     SHOWN " is out of range: it must be from %" PRId64 " to %" PRId64, text, min,
                     max);
}

/*
 * -12, 0.5, .5, 1e3, 1.5E-7: what C, JSON and spreadsheets agree on, but no hexadecimal and no
 * words.
 */
static bool
is_decimal(const char *text)
{
    size_t n_digits;

    text += *text == '-';
    n_digits = strspn(text, "0123456789");
    text += n_digits;
    if (*text == '.') {
        size_t n_decimals = strspn(++text, "0123456789");

        n_digits += n_decimals;
        text += n_decimals;
    }
    if (n_digits > 0 && (*text == 'e' || *text == 'E')) {
        text++;
        text += *text == '-' || *text == '+';
        n_digits = strspn(text, "0123456789");
        text += n_digits;
    }
    return n_digits > 0 && !*text;
}

int
value_parse_number(const char *text, double min, double max, double *valuep, struct error *error)
{
    char min_text[VALUE_NUMBER_SIZE], max_text[VALUE_NUMBER_SIZE];
    double value;

    if (!is_decimal(text))
        return error_set(error, -EINVAL, SHOWN " is not a decimal number", text);
    value = strtod(text, NULL);
    if (isfinite(value) && value >= min && value <= max) {
        *valuep = value;
        return 0;
    }
    value_format_number(min, min_text);
    value_format_number(max, max_text);
    return error_set(error, -ERANGE, SHOWN " is out of range: it must be from %s to %s", text,
                     min_text, max_text);
}

/* A whole number and one of the units. Without a unit, or with an unknown one: false. */
static bool
scan_with_unit(const char *text, const struct unit *units, size_t n_units, uint64_t *valuep)
{
    const char *name = text;
    uint64_t amount = scan_digits(&name);

    if (name == text)
        return false;
    for (size_t i = 0; i < n_units; i++)
        if (strcmp(name, units[i].name) == 0) {
            if (__builtin_mul_overflow(amount, units[i].factor, valuep))
                *valuep = UINT64_MAX;
            return true;
        }
    return false;
}

int
value_parse_duration(const char *text, uint64_t *usecp, struct error *error)
{
    static const struct unit units[] = {
        {"ms", USEC_PER_MSEC},
        {"s", USEC_PER_SEC},
        {"min", USEC_PER_MIN},
        {"h", USEC_PER_HOUR},
    };
    uint64_t usec = 0;

    if (strcmp(text, "0") != 0 && !scan_with_unit(text, units, N_ELEMENTS(units), &usec))
        return error_set(error, -EINVAL, SHOWN " is not a duration, such as 100ms, 1s, 5min, 2h, 0",
                         text);
    if (usec > USEC_PER_YEAR)
        return error_set(error, -ERANGE, SHOWN " is out of range: at most a year, 8760h", text);
    *usecp = usec;
    return 0;
}

int
value_parse_span(const char *text, int64_t *secondsp, struct error *error)
{
    static const struct unit units[] = {{"s", 1}, {"min", 60}, {"h", 3600}, {"d", SECONDS_PER_DAY}};
    uint64_t seconds = 0;

    if (strcmp(text, "0") != 0 && !scan_with_unit(text, units, N_ELEMENTS(units), &seconds))
        return error_set(error, -EINVAL, SHOWN " is not a span of time, such as 30s, 15min, 1h, 7d",
                         text);
    if (seconds > SECONDS_PER_CENTURY)
        return error_set(error, -ERANGE, SHOWN " is out of range: at most a century, 36525d", text);
    *secondsp = (int64_t)seconds;
    return 0;
}

int
value_parse_boolean(const char *text, bool *valuep, struct error *error)
{
    bool yes = strcmp(text, "yes") == 0;

    if (!yes && strcmp(text, "no") != 0)
        return error_set(error, -EINVAL, SHOWN " is neither yes nor no", text);
    *valuep = yes;
    return 0;
}

int
value_check_topic(const char *text, struct error *error)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    size_t length = strlen(text);

    if (length == 0)
        return error_set(error, -EINVAL, "a topic needs a name");
    if (length > TOPIC_MAX)
        return error_set(error, -ERANGE,
                         SHOWN " is too long for a topic: %zu characters, at most %d", text, length,
                         TOPIC_MAX);
    if (strspn(text, allowed) != length || strcmp(text, ".") == 0 || strcmp(text, "..") == 0)
        return error_set(
            error, -EINVAL,
            SHOWN " is no name for a topic: letters, digits, \".\", \"_\" and \"-\" make one",
            text);
    return 0;
}

#define EACH_BYTE UINT64_C(0x0101010101010101)

/* Whether eight bytes are all printable ASCII; their order does not matter. */
static inline bool
are_printable(uint64_t bytes)
{
    /*
     * The top bit shows up in a byte that had it, in the lowest one below 0x20 (borrow), in 0x7f
     * (carry).
     */
    return ((bytes | (bytes - EACH_BYTE * 0x20) | (bytes + EACH_BYTE)) & (EACH_BYTE * 0x80)) == 0;
}

/* Looks at the last bytes twice rather than at each alone. */
static inline bool
is_printable(const char *text, size_t length)
{
    const unsigned char *byte = (const unsigned char *)text;
    uint32_t begin, end;
    uint64_t bytes;

    if (length >= sizeof(bytes)) {
        for (size_t i = 0; i + sizeof(bytes) < length; i += sizeof(bytes)) {
            memcpy(&bytes, text + i, sizeof(bytes));
            if (!are_printable(bytes))
                return false;
        }
        memcpy(&bytes, text + length - sizeof(bytes), sizeof(bytes));
    } else if (length >= sizeof(begin)) {
        memcpy(&begin, text, sizeof(begin));
        memcpy(&end, text + length - sizeof(end), sizeof(end));
        bytes = (uint64_t)begin << 32 | end;
    } else if (length > 0) {
        bytes = (EACH_BYTE * 0x20) << 24 | (uint64_t)byte[0] << 16 |
                (uint64_t)byte[length / 2] << 8 | byte[length - 1];
    } else {
        return true;
    }
    return are_printable(bytes);
}

/* The length of the character at text, 0 when it is none that a text may have. */
static size_t
scan_character(const unsigned char *text, size_t length)
{
    static const uint32_t least[] = {0, 0, 0xa0, 0x800, 0x10000}; /* 0x80 to 0x9f: C1 */
    size_t n;
    uint32_t code;

    if (text[0] < 0x80)
        return text[0] >= 0x20 && text[0] != 0x7f;
    n = text[0] >= 0xf0 ? 4 : text[0] >= 0xe0 ? 3 : 2;
    if (text[0] < 0xc0 || text[0] >= 0xf8 || n > length)
        return 0;
    code = text[0] & (0xffU >> (n + 1));
    for (size_t i = 1; i < n; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (text[i] & 0x3f);
    }
    return code >= least[n] && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff) ? n : 0;
}

bool
value_is_text(const char *text, size_t length)
{
    if (is_printable(text, length))
        return true;
    while (length > 0) {
        size_t n = scan_character((const unsigned char *)text, length);

        if (n == 0)
            return false;
        text += n;
        length -= n;
    }
    return true;
}

bool
value_is_utf8(const char *text, size_t length)
{
    const unsigned char *byte = (const unsigned char *)text;
    size_t n;

    for (size_t i = 0; i < length; i += n) {
        n = scan_character(byte + i, length - i);
        if (n == 0 && byte[i] < 0x80)
            n = 1;
        else if (n == 0 && byte[i] == 0xc2 && i + 1 < length && (byte[i + 1] & 0xe0) == 0x80)
            n = 2; /* C1 */
        if (n == 0)
            return false;
    }
    return true;
}

void
value_make_text(char *text)
{
    size_t length = strlen(text);

    if (is_printable(text, length))
        return;
    while (length > 0) {
        size_t n = scan_character((const unsigned char *)text, length);

        if (n == 0) {
            *text = '?';
            n = 1;
        }
        text += n;
        length -= n;
    }
}

/* A number of so many decimals from its digits, without the zeros at their end. */
static void
format_digits(uint64_t digits, int decimals, bool is_negative, char text[VALUE_NUMBER_SIZE])
{
    char reversed[VALUE_NUMBER_SIZE], *end = reversed;

    for (; decimals > 0 && digits % 10 == 0; decimals--)
        digits /= 10;
    for (int n = 0; n <= decimals || digits > 0; n++, digits /= 10) {
        if (n == decimals && n > 0)
            *end++ = '.';
        *end++ = (char)('0' + digits % 10);
    }
    if (is_negative)
        *end++ = '-';
    while (end > reversed)
        *text++ = *--end;
    *text = '\0';
}

void
value_format_integer(int64_t integer, char text[VALUE_NUMBER_SIZE])
{
    format_digits(integer < 0 ? -(uint64_t)integer : (uint64_t)integer, 0, integer < 0, text);
}

#define DECIMALS 4
#define SCALE    10000             /* ten to the power of it */
#define SCALED   999999999999999.0 /* the largest number of 15 digits */

/*
 * A number of so few decimals, as measurements and their sums are. One that has 15 digits at most is
 * the only such decimal near its double, so it is the one that is looked for.
 */
static bool
format_decimal(double number, char text[VALUE_NUMBER_SIZE])
{
    int64_t digits;

    if (!(fabs(number * SCALE) <= SCALED) || (number == 0 && signbit(number)))
        return false;
    digits = llrint(fabs(number) * SCALE);
    if ((double)digits / SCALE != fabs(number))
        return false;
    format_digits((uint64_t)digits, DECIMALS, number < 0, text);
    return true;
}

#ifdef __SIZEOF_INT128__
__extension__ typedef unsigned __int128 uint128_t;

/*
 * An average, say, which has all its digits. Within these bounds it is an integer below 2^128, times 2 to a power
 * that is negative, when it is taken so many times ten that 17 digits stand before the point: exactly.
 */
static bool
format_average(double number, char text[VALUE_NUMBER_SIZE])
{
    static const double bounds[] = {1e-4, 1e-3, 1e-2, 1e-1, 1e0,  1e1,  1e2,  1e3,  1e4,  1e5,
                                    1e6,  1e7,  1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    int exponent, shift, decimals = 20;
    uint64_t mantissa, five = 1; /* to the power of decimals */
    uint128_t scaled;

    if (!(fabs(number) >= bounds[0] && fabs(number) < 1e15))
        return false;
    while (fabs(number) >= bounds[21 - decimals])
        decimals--;
    mantissa = (uint64_t)ldexp(frexp(fabs(number), &exponent), DBL_MANT_DIG);
    for (int i = 0; i < decimals; i++)
        five *= 5;
    scaled = (uint128_t)mantissa * five;
    shift = DBL_MANT_DIG - exponent - decimals;
    for (unsigned unit = 100, dropped = 2;; unit /= 10, dropped--) {
        uint64_t digits = (uint64_t)(scaled >> shift) / unit;
        uint128_t whole = (uint128_t)unit << shift, rest = scaled - digits * whole;

        if (2 * rest > whole || (2 * rest == whole && digits % 2)) {
            digits++;
            rest = whole - rest;
        }
        /* Within half of the distance to the next double it reads back, and just there when this one is even. */
        if (2 * rest < five || (2 * rest == five && mantissa % 2 == 0)) {
            format_digits(digits, decimals - (int)dropped, number < 0, text);
            return true;
        }
    }
}
#else
static bool
format_average(double number, char text[VALUE_NUMBER_SIZE])
{
    return false;
}
#endif

void
value_format_number(double number, char text[VALUE_NUMBER_SIZE])
{
    if (format_decimal(number, text) || format_average(number, text))
        return;
    for (int digits = DBL_DIG; digits <= DBL_DECIMAL_DIG; digits++) {
        snprintf(text, VALUE_NUMBER_SIZE, "%.*g", digits, number);
        if (strtod(text, NULL) == number)
            return;
    }
}
