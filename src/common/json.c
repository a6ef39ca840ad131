/* SPDX-License-Identifier: MIT */

/*
 * What json-c lets pass is found in the text itself, before it is parsed. A file that is larger than any cache is
 * parsed part by part.
 */

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include "common/json.h"
#include "common/values.h"

CLEANUP_DEFINE(struct json_tokener *, json_tokener_free);

static bool
is_blank(char c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

/* DEL, or a control character of C1; returns how many bytes it has. */
static size_t
measure_upper_control(const char *text, size_t length)
{
    const unsigned char *byte = (const unsigned char *)text;

    if (byte[0] == 0x7f)
        return 1;
    return length > 1 && byte[0] == 0xc2 && byte[1] >= 0x80 && byte[1] <= 0x9f ? 2 : 0;
}

/* UTF-8 without those control characters that JSON wants escaped, which these are not. */
static bool
is_unescaped(const char *text, size_t length)
{
    size_t start = 0, control;

    for (size_t i = 0; i < length; i++) {
        control = measure_upper_control(text + i, length - i);
        if (control == 0)
            continue;
        if (!value_is_text(text + start, i - start))
            return false;
        start = i + control;
    }
    return value_is_text(text + start, length - start);
}

static int
check_string(const char *text, size_t length, size_t at, bool has_backslash, struct error *error)
{
    if (!has_backslash && value_is_text(text, length))
        return 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '\0' || (i + 6 <= length && memcmp(text + i, "\\u0000", 6) == 0))
            return error_set(error, JSON_E_BAD, "has a NUL character at byte %zu", at + i);
        if (text[i] == '\\')
            i++;
    }
    if (!value_is_text(text, length) && !is_unescaped(text, length))
        return error_set(error, JSON_E_BAD,
                         "has a control character, or bytes that are not UTF-8, in the string at "
                         "byte %zu",
                         at - 1);
    return 0;
}

static size_t
measure_number(const char *text, size_t length)
{
    size_t n = 0;

    while (n < length && ((text[n] >= '0' && text[n] <= '9') || text[n] == '.' || text[n] == 'e' ||
                          text[n] == 'E' || text[n] == '+' || text[n] == '-'))
        n++;
    return n;
}

static int
check_number(const char *text, size_t length, size_t at, struct error *error)
{
    static const char max[] = "9223372036854775807"; /* INT64_MAX */
    bool is_integer = true;

    for (size_t i = 0; i < length; i++)
        is_integer = is_integer && text[i] >= '0' && text[i] <= '9';
    if (is_integer &&
        (length >= sizeof(max) || (length == sizeof(max) - 1 && memcmp(text, max, length) > 0)))
        return error_set(error, JSON_E_BAD,
                         "has an integer beyond %s at byte %zu; write it with an exponent", max,
                         at);
    return 0;
}

/* What stands between two bytes of a text: a document, or some members of one without its brackets. */
struct part {
    const char *text; /* of which this is a part */
    size_t begin, end;
    size_t colons; /* outside of strings */
    bool is_members;
    bool is_cut; /* members without the comma or bracket behind them */
    bool has_backslash;
    bool has_upper; /* bytes above 127 */
};

/* Members end with their object, or with a comma once there are as many as this many bytes. */
#define MEMBERS_ENOUGH 16384

static bool
ends_members(const struct part *part, size_t at, unsigned depth)
{
    char c = part->text[at];

    return part->is_members && depth == 0 &&
           (c == '}' || (c == ',' && at - part->begin >= MEMBERS_ENOUGH));
}

/* A string from its opening quote. How many bytes it has with both quotes, in *stepp. */
static int
scan_string(struct part *part, size_t at, size_t length, size_t *stepp, struct error *error)
{
    const char *text = part->text + at + 1;
    bool has_backslash = false;
    unsigned char bits = 0;
    size_t n;

    length -= at + 1;
    for (n = 0; n < length && text[n] != '"'; n++) {
        bits |= (unsigned char)text[n];
        if (text[n] == '\\') {
            has_backslash = true;
            n++;
        }
    }
    if (n >= length)
        return error_set(error, JSON_E_BAD, "ends too early, after %zu bytes", at + 1 + length);
    part->has_backslash |= has_backslash;
    part->has_upper |= bits >> 7 || has_backslash;
    *stepp = n + 2;
    return check_string(text, n, at + 1, has_backslash, error);
}

/*
 * What json-c lets pass, or takes for something else depending on its version, found in the text
 * itself. It keeps the last of two equal keys: what it dropped shows in the count, because each
 * member has one colon outside of a string. A NUL, raw or escaped, would cut a key short in the
 * tree. It takes single quotes and raw control characters. It clamps integers to 64 bits, silently.
 * The part's end, at most length, becomes that of the document or of the members.
 */
static int
scan(struct part *part, size_t length, struct error *error)
{
    const char *text = part->text;
    unsigned depth = 0;
    size_t step;
    int result = 0;
    size_t i;

    for (i = part->begin; i < length && result == 0; i += step) {
        step = 1;
        if (is_blank(text[i])) {
            continue;
        } else if (text[i] == '"') {
            result = scan_string(part, i, length, &step, error);
        } else if (text[i] >= '0' && text[i] <= '9') {
            step = measure_number(text + i, length - i);
            result = check_number(text + i, step, i, error);
        } else if (text[i] == ':') {
            part->colons++;
        } else if (ends_members(part, i, depth)) {
            break;
        } else if (text[i] == '{' || text[i] == '[') {
            depth++;
        } else if (text[i] == '}' || text[i] == ']') {
            depth--;
        } else if (text[i] == '\0') {
            return error_set(error, JSON_E_BAD, "has a NUL character at byte %zu", i);
        } else if (text[i] == '\'') {
            return error_set(error, JSON_E_BAD, "is not valid JSON at byte %zu: single quote", i);
        } else if (text[i] & 0x80) {
            return error_set(error, JSON_E_BAD, "is not valid JSON at byte %zu", i);
        }
    }
    part->end = i;
    part->is_cut = part->is_members && i == length;
    return result;
}

static size_t
count_members(struct json_object *value)
{
    size_t members = 0;

    if (json_object_is_type(value, json_type_object)) {
        json_object_object_foreach(value, key, member)
        {
            (void)key;
            members += 1 + count_members(member);
        }
    } else if (json_object_is_type(value, json_type_array)) {
        for (size_t i = 0; i < json_object_array_length(value); i++)
            members += count_members(json_object_array_get_idx(value, i));
    }
    return members;
}

/* Steps over digits; false when there are none. */
static bool
skip_digits(const char **textp)
{
    size_t n = strspn(*textp, "0123456789");

    *textp += n;
    return n > 0;
}

bool
json_is_number(const char *text)
{
    text += *text == '-';
    if (*text == '0')
        text++;
    else if (!skip_digits(&text))
        return false;
    if (*text == '.' && (text++, !skip_digits(&text)))
        return false;
    if (*text == 'e' || *text == 'E') {
        text++;
        text += *text == '+' || *text == '-';
        if (!skip_digits(&text))
            return false;
    }
    return *text == '\0';
}

uint32_t
json_escaped_unit(const char *text, size_t length)
{
    char digits[5] = "";

    if (length < 6 || text[0] != '\\' || text[1] != 'u')
        return 0;
    memcpy(digits, text + 2, 4);
    return (uint32_t)strtoul(digits, NULL, 16);
}

/* The UTF-8 of the pair of surrogates that text begins with; false when it is none. */
static bool
join_pair(const char *text, size_t length, char utf8[4])
{
    uint32_t high = json_escaped_unit(text, length), code;
    uint32_t low = length > 6 ? json_escaped_unit(text + 6, length - 6) : 0;

    if (high < 0xd800 || high > 0xdbff || low < 0xdc00 || low > 0xdfff)
        return false;
    code = 0x10000 + ((high & 0x3ff) << 10) + (low & 0x3ff);
    utf8[0] = (char)(0xf0 | code >> 18);
    for (unsigned i = 1; i < 4; i++)
        utf8[i] = (char)(0x80 | (code >> (18 - 6 * i) & 0x3f));
    return true;
}

/*
 * The same document without pairs of escaped surrogates. json-c, up to 0.18 at least, takes some of
 * them for halves once it has put them together (U+1D800 to U+1DFFF, and so in each further plane),
 * and makes all of these U+FFFD. The text grows shorter. NULL when memory is out.
 */
static char *
join_pairs(const char *text, size_t length, size_t *joined_length)
{
    char *joined = malloc(length);
    size_t used = 0, part;

    for (size_t i = 0; joined && i < length; i += part) {
        if (text[i] == '\\' && join_pair(text + i, length - i, joined + used)) {
            part = 12;
            used += 4;
            continue;
        }
        part =
            text[i] == '\\' && i + 1 < length ? 2 : 1; /* of two backslashes none begins a pair */
        memcpy(joined + used, text + i, part);
        used += part;
    }
    *joined_length = used;
    return joined;
}

/*
 * Bytes above 127, which only strings have, and which have been checked: json-c 0.18, when strict,
 * takes them for control characters. So it is strict only in between.
 */
static size_t
measure_run(const char *text, size_t length)
{
    size_t n = 1;

    while (n < length && ((text[n] ^ text[0]) & 0x80) == 0)
        n++;
    return n;
}

struct parsing {
    struct json_tokener *tokener;
    struct json_object *root;
    enum json_tokener_error outcome;
    size_t end; /* how many bytes of the text were taken */
};

static void
parse(struct parsing *parsing, const char *text, size_t length, bool has_upper)
{
    size_t step;

    for (size_t i = 0; i < length && parsing->outcome == json_tokener_continue; i += step) {
        step = has_upper ? measure_run(text + i, length - i) : length;
        json_tokener_set_flags(parsing->tokener, text[i] & 0x80 ? 0 : JSON_TOKENER_STRICT);
        parsing->root = json_tokener_parse_ex(parsing->tokener, text + i, (int)step);
        parsing->outcome = json_tokener_get_error(parsing->tokener);
        parsing->end = i + json_tokener_get_parse_end(parsing->tokener);
    }
}

/* The text is that of the part, without pairs of surrogates. */
static int
tokenize(const struct part *part, const char *text, size_t length, struct json_object **rootp,
         struct error *error)
{
    cleanup(json_tokener_free) struct json_tokener *tokener = json_tokener_new_ex(JSON_DEPTH_MAX);
    cleanup(json_release) struct json_object *root = NULL;
    struct parsing parsing = {.tokener = tokener, .outcome = json_tokener_continue};
    size_t end;

    if (!tokener)
        return -ENOMEM;
    if (part->is_members)
        parse(&parsing, "{", 1, false);
    parse(&parsing, text, length, part->has_upper);
    end = parsing.end;
    if (part->is_members && !part->is_cut)
        parse(&parsing, "}", 1, false);
    root = parsing.root;
    if (parsing.outcome == json_tokener_continue)
        return error_set(error, JSON_E_BAD, "ends too early, after %zu bytes",
                         part->begin + length);
    if (parsing.outcome != json_tokener_success)
        return error_set(error, JSON_E_BAD, "is not valid JSON at byte %zu: %s", part->begin + end,
                         json_tokener_error_desc(parsing.outcome));
    for (; end < length; end++)
        if (!is_blank(text[end]))
            return error_set(error, JSON_E_BAD, "goes on after its end, at byte %zu",
                             part->begin + end);
    *rootp = root;
    root = NULL;
    return 0;
}

/* Takes as much of the text as a part is. */
static int
read_part(struct part *part, size_t length, struct json_object **rootp, struct error *error)
{
    cleanup(json_release) struct json_object *root = NULL;
    cleanup(free) char *joined = NULL;
    const char *text = part->text + part->begin;
    int result = scan(part, length, error);

    if (result != 0)
        return result;
    length = part->end - part->begin;
    if (part->has_backslash) {
        joined = join_pairs(text, length, &length);
        if (!joined)
            return -ENOMEM;
        text = joined;
    }
    result = tokenize(part, text, length, &root, error);
    if (result != 0)
        return result;
    if (count_members(root) != part->colons)
        return error_set(error, JSON_E_BAD, "has a key that stands twice in its object");
    *rootp = root;
    root = NULL;
    return 0;
}

static int
check_length(size_t length, struct error *error)
{
    if (length == 0)
        return error_set(error, JSON_E_BAD, "is empty");
    if (length > INT32_MAX)
        return error_set(error, JSON_E_BAD, "is too large, %zu bytes", length);
    return 0;
}

int
json_read(const char *text, size_t length, struct json_object **rootp, struct error *error)
{
    struct part part = {.text = text};
    int result = check_length(length, error);

    return result == 0 ? read_part(&part, length, rootp, error) : result;
}

static size_t
skip_blanks(const char *text, size_t length, size_t at)
{
    while (at < length && is_blank(text[at]))
        at++;
    return at;
}

/* What is there is not what must be. */
static int
refuse_byte(const char *text, size_t length, size_t at, struct error *error)
{
    return at == length ? error_set(error, JSON_E_BAD, "ends too early, after %zu bytes", length)
                        : error_set(error, JSON_E_BAD, "is not valid JSON at byte %zu", at);
}

/* Those that begin at *atp, which becomes the comma or the bracket behind them. */
static int
read_members(const char *text, size_t length, size_t *atp, json_member_fn member, void *userdata,
             struct error *error)
{
    cleanup(json_release) struct json_object *root = NULL;
    struct part part = {.text = text, .begin = *atp, .is_members = true};
    int result;

    if (*atp == length || text[*atp] != '"')
        return refuse_byte(text, length, *atp, error);
    result = read_part(&part, length, &root, error);
    *atp = part.end;
    return result == 0 ? json_each_member(root, member, userdata, error) : result;
}

int
json_read_members(const char *text, size_t length, json_member_fn member, void *userdata,
                  struct error *error)
{
    size_t at = skip_blanks(text, length, 0);
    int result = check_length(length, error);

    if (result != 0)
        return result;
    if (at == length || text[at] != '{')
        return error_set(error, JSON_E_BAD, "is not an object");
    at = skip_blanks(text, length, at + 1);
    if (at == length || text[at] != '}')
        result = read_members(text, length, &at, member, userdata, error);
    while (result == 0 && text[at] == ',') {
        at = skip_blanks(text, length, at + 1);
        result = read_members(text, length, &at, member, userdata, error);
    }
    if (result != 0)
        return result;
    at = skip_blanks(text, length, at + 1);
    return at == length ? 0
                        : error_set(error, JSON_E_BAD, "goes on after its end, at byte %zu", at);
}

void
json_release(struct json_object *root)
{
    json_object_put(root);
}

bool
json_is_object(const struct json_object *value)
{
    return json_object_is_type(value, json_type_object);
}

int
json_each_member(struct json_object *object, json_member_fn member, void *userdata,
                 struct error *error)
{
    if (!json_is_object(object))
        return error_set(error, JSON_E_BAD, "is not an object");
    json_object_object_foreach(object, key, value)
    {
        int result = member(userdata, key, value, error);

        if (result != 0)
            return result;
    }
    return 0;
}

bool
json_find(struct json_object *object, const char *path, struct json_object **valuep)
{
    for (;;) {
        const char *dot = strchrnul(path, '.');
        bool found = false;

        if (!json_is_object(object))
            return false;
        json_object_object_foreach(object, key, value)
        {
            if (strncmp(key, path, (size_t)(dot - path)) == 0 && !key[dot - path]) {
                object = value;
                found = true;
                break;
            }
        }
        if (!found)
            return false;
        if (!*dot)
            break;
        path = dot + 1;
    }
    *valuep = object;
    return true;
}

int
json_each_element(struct json_object *array, json_element_fn element, void *userdata,
                  struct error *error)
{
    if (!json_object_is_type(array, json_type_array))
        return error_set(error, JSON_E_BAD, "is not an array");
    for (size_t i = 0; i < json_object_array_length(array); i++) {
        int result = element(userdata, i, json_object_array_get_idx(array, i), error);

        if (result != 0)
            return result;
    }
    return 0;
}

/* A value of the wrong type, as it stands in the file. */
static int
refuse(struct json_object *value, const char *expected, struct error *error)
{
    return error_set(error, JSON_E_BAD, "is %.100s, must be %s",
                     json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN), expected);
}

int
json_get_integer(struct json_object *value, int64_t min, int64_t max, int64_t *integerp,
                 struct error *error)
{
    int64_t integer;

    if (!json_object_is_type(value, json_type_int))
        return refuse(value, "an integer", error);
    integer = json_object_get_int64(value);
    if (integer < min)
        return error_set(error, JSON_E_BAD, "is %lld, must be at least %lld", (long long)integer,
                         (long long)min);
    if (integer > max)
        return error_set(error, JSON_E_BAD, "is %lld, must be at most %lld", (long long)integer,
                         (long long)max);
    *integerp = integer;
    return 0;
}

int
json_get_number(struct json_object *value, double *numberp, struct error *error)
{
    double number;

    if (!json_object_is_type(value, json_type_int) && !json_object_is_type(value, json_type_double))
        return refuse(value, "a number", error);
    number = json_object_get_double(value);
    if (!isfinite(number))
        return refuse(value, "a finite number", error);
    *numberp = number;
    return 0;
}

int
json_get_text(struct json_object *value, const char **textp, struct error *error)
{
    if (!json_object_is_type(value, json_type_string))
        return refuse(value, "a string", error);
    *textp = json_object_get_string(value);
    return 0;
}

bool
json_is_boolean(struct json_object *value, bool *booleanp)
{
    *booleanp = json_object_get_boolean(value);
    return json_object_is_type(value, json_type_boolean);
}

int
json_get_moment(struct json_object *value, enum moment_kind kind, struct moment *momentp,
                struct error *error)
{
    if (json_object_is_type(value, json_type_int) &&
        moment_from_number(kind, json_object_get_int64(value), momentp))
        return 0;
    if (json_object_is_type(value, json_type_string) &&
        moment_parse(kind, json_object_get_string(value), (size_t)json_object_get_string_len(value),
                     momentp))
        return 0;
    return refuse(value, moment_describe(kind), error);
}

const char *
json_library_version(void)
{
    return json_c_version();
}
