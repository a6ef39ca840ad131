/* SPDX-License-Identifier: MIT */

/* JSON documents of ours: what is not one, what a value may be, and how they are written. */

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include <json-c/json.h>

#include "common/json.h"
#include "common/json_writer.h"

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))
#define UNTOUCHED         4711

#define TEXT(text) text, sizeof(text) - 1

static void
what_is_not_json_is_refused(void **state)
{
    static const struct {
        const char *text;
        size_t length;
        const char *message;
    } cases[] = {
        {TEXT(""), "is empty"},
        {TEXT(" "), "ends too early, after 1 bytes"},
        {TEXT("{"), "ends too early, after 1 bytes"},
        {TEXT("{\"a\": 1"), "ends too early, after 7 bytes"},
        {TEXT("{\"a\": \"1"), "ends too early, after 8 bytes"},
        {TEXT("{\"a\": [1, 2"), "ends too early, after 11 bytes"},
        {TEXT("\0"), "has a NUL character at byte 0"},
        {TEXT("\0\0\0\0\0\0\0\0"), "has a NUL character at byte 0"},
        {TEXT("{\"a\": 1}\0"), "has a NUL character at byte 8"},
        {TEXT("{\"a\0b\": 1}"), "has a NUL character at byte 3"},
        {TEXT("{\"a\\u0000b\": 1}"), "has a NUL character at byte 3"},
        {TEXT("{\"a\": \"\\u0000\"}"), "has a NUL character at byte 7"},
        {TEXT("{}{}"), "is not valid JSON at byte 2"},
        {TEXT("{}\n\n x"), "is not valid JSON at byte 5"},
        {TEXT("{} ,"), "is not valid JSON at byte 3"},
        {TEXT("[]]"), "is not valid JSON at byte 2"},
        {TEXT("{}\v"), "is not valid JSON at byte "},
        {TEXT("{} // x"), "is not valid JSON at byte 3"},
        {TEXT("{\"a\": 1, \"a\": 2}"), "has a key that stands twice in its object"},
        {TEXT("{\"a\": 1, \"a\": 1}"), "has a key that stands twice in its object"},
        {TEXT("{\"a\": 1, \"\\u0061\": 2}"), "has a key that stands twice in its object"},
        {TEXT("{\"x\": {\"a:\": 1, \"a:\": 2}}"), "has a key that stands twice in its object"},
        {TEXT("[{\"a\": 1}, {\"a\\\"\": 1, \"a\\\"\": 2}]"),
         "has a key that stands twice in its object"},
        {TEXT("{\"a\": {\"b\": 1}, \"a\": 2}"), "has a key that stands twice in its object"},
        {TEXT("{\"a\": 1,}"), "is not valid JSON at byte "},
        {TEXT("[1,]"), "is not valid JSON at byte "},
        {TEXT("{'a': 1}"), "is not valid JSON at byte "},
        {TEXT("{\"a\": 'x'}"), "is not valid JSON at byte "},
        {TEXT("{'x\"': 1, 'x\"': 1}"), "is not valid JSON at byte "},
        {TEXT("{a: 1}"), "is not valid JSON at byte "},
        {TEXT("{\"a\" 1}"), "is not valid JSON at byte "},
        {TEXT("{\"a\": 1; \"b\": 2}"), "is not valid JSON at byte "},
        {TEXT("{\"a\": TRUE}"), "is not valid JSON at byte "},
        {TEXT("{\"a\": +1}"), "is not valid JSON at byte "},
        {TEXT("{\"a\": 1e}"), "is not valid JSON at byte "},
        {TEXT("{\"a\": 1.2.3}"), "is not valid JSON at byte "},
        {TEXT("{\"a\": 10000000000000000000}"),
         "has an integer beyond 9223372036854775807 at byte 6; write it with an exponent"},
        {TEXT("{\"a\": -100000000000000000000}"),
         "has an integer beyond 9223372036854775807 at byte 7; "},
        {TEXT("{\"a\": 9223372036854775808}"),
         "has an integer beyond 9223372036854775807 at byte 6; "},
        {TEXT("{\"a\": -9999999999999999999}"),
         "has an integer beyond 9223372036854775807 at byte 7; "},
        {TEXT("{\"a\": 007}"), "is not valid JSON at byte "},
        {TEXT("{\"a\": \"\\x\"}"), "is not valid JSON at byte "},
        {TEXT("{\"a\": \"\\é\"}"), "is not valid JSON at byte 8: "},
        {TEXT("{\"\\\\\\😀\": 1}"), "is not valid JSON at byte 5: "},
        {TEXT("{\"a\": \"\xff\"}"),
         "has a control character, or bytes that are not UTF-8, in the string at byte "},
        {TEXT("{\"\x7f\xc2\": 1}"),
         "has a control character, or bytes that are not UTF-8, in the string at byte "},
        {TEXT("{\"\xc2\x80\n\xc2\x80\": 1}"),
         "has a control character, or bytes that are not UTF-8, in the string at byte "},
        {TEXT("{\"\xc3\": 1}"),
         "has a control character, or bytes that are not UTF-8, in the string at byte "},
        {TEXT("/* x */ {}"), "is not valid JSON at byte "},
        {TEXT("\xef\xbb\xbf{}"), "is not valid JSON at byte "},
        {TEXT("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["), "is not valid JSON at byte "},
    };

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct json_object *root = (void *)&root;
        struct error error = ERROR_INIT;
        int result = json_read(cases[i].text, cases[i].length, &root, &error);

        if (result != JSON_E_BAD)
            fail_msg("case %zu, %s: gave %d", i, cases[i].text, result);
        if (strncmp(error.text, cases[i].message, strlen(cases[i].message)) != 0)
            fail_msg("case %zu, %s: \"%s\", not \"%s\"", i, cases[i].text, error.text,
                     cases[i].message);
        assert_ptr_equal(root, &root);
    }
}

static void
what_is_json_is_read(void **state)
{
    static const char *const texts[] = {
        "{}",
        "[]",
        " \t\r\n{ } \t\r\n",
        "{\"a\": {\"a\": {\"a\": 1}}}",
        "[{\"a\": 1}, {\"a\": 1}]",
        "{\"a:b\": \"c:d\", \"a\": \":\\\":\", \"b\": \"\\\\\", \":\": {\":\": \":\"}}",
        "{\"\\\\u0000\": \"\\\\u0000\"}",
        "{\"Zürich\": \"東京 😀\"}",
        "{\"\": 1}",
        "{\"a\": 1000000000000000000000.0, \"b\": 100000000000000000000e-3, \"c\": 1e-22}",
        "{\"99999999999999999999\": \"99999999999999999999\"}",
        "{\"a\": null, \"b\": true, \"c\": false, \"d\": -1.5e-3}",
        /* Controls that JSON does not forbid. */
        "{\"\x7f\": \"a\xc2\x80\xc2\x9fé\x7f\x7f\"}",
    };

    for (size_t i = 0; i < N_ELEMENTS(texts); i++) {
        struct json_object *root = NULL;
        struct error error = ERROR_INIT;

        if (json_read(texts[i], strlen(texts[i]), &root, &error) != 0)
            fail_msg("%s: %s", texts[i], error.text);
        json_release(root);
    }
    json_release(NULL);
}

static size_t
encode(uint32_t code, char *text)
{
    size_t n = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;

    for (size_t i = n; i-- > 1; code >>= 6)
        text[i] = (char)(0x80 | (code & 0x3f));
    text[0] = (char)(0xf00u >> n | code);
    return n;
}

static void
assert_text_is(const char *document, const char *expected)
{
    struct json_object *root = NULL;
    struct error error = ERROR_INIT;
    const char *text;

    if (json_read(document, strlen(document), &root, &error) != 0)
        fail_msg("%s: %s", document, error.text);
    assert_int_equal(json_get_text(root, &text, &error), 0);
    assert_string_equal(text, expected);
    json_release(root);
}

/* As it is, and as an escape or two: json-c takes one in 32 of those beyond U+FFFF for a surrogate. */
static void
every_character_comes_through(void **state)
{
    for (uint32_t code = 0x80; code <= 0x10ffff; code += code < 0x1f000 ? 1 : 61) {
        char character[5] = "", document[32];
        uint32_t pair = code - 0x10000;

        if (code >= 0xd800 && code <= 0xdfff)
            continue;
        encode(code, character);
        snprintf(document, sizeof(document), "\"%s\"", character);
        assert_text_is(document, character);
        if (code > 0xffff)
            snprintf(document, sizeof(document), "\"\\u%04x\\u%04x\"", 0xd800 | pair >> 10,
                     0xdc00 | (pair & 0x3ff));
        else
            snprintf(document, sizeof(document), "\"\\u%04X\"", code);
        assert_text_is(document, character);
    }
    assert_text_is("\"\\\\ud836\\\\udc00\\\\\\ud836\\udc00\"", "\\ud836\\udc00\\\xf0\x9d\xa0\x80");
    assert_text_is("\"𝠀é\\né\"", "𝠀é\né");
}

/* All that is cut short is refused, wherever it is cut. */
static void
a_cut_document_is_refused(void **state)
{
    static const char text[] = "{\"offset\": 5, \"A\": {\"sum\": -1.5, \"end\": \"2000-01-01\"}}";

    for (size_t length = 0; length < sizeof(text) - 1; length++) {
        struct json_object *root = NULL;
        char *part = malloc(length + 1);

        assert_non_null(part);
        memcpy(part, text, length);
        assert_int_equal(json_read(part, length, &root, NULL), JSON_E_BAD);
        free(part);
    }
}

/* Random damage never crashes, and never yields a document with a NUL. */
static void
damage_is_survived(void **state)
{
    static const char text[] =
        "{\"offset\": 5, \"A\": {\"sum\": -1.5, \"l\": [1, {\"e\": \"x\\n\"}]}}";

    for (int i = 0; i < 100000; i++) {
        struct json_object *root = NULL;
        char damaged[sizeof(text)];
        size_t length = sizeof(text) - 1;

        memcpy(damaged, text, sizeof(text));
        for (long n = random() % 4; n >= 0; n--)
            damaged[(size_t)random() % length] =
                random() % 2 ? "{}[]\",:\\0\n"[random() % 10] : (char)random();
        if (json_read(damaged, length, &root, NULL) == 0) {
            assert_null(memchr(damaged, '\0', length));
            json_release(root);
        }
    }
}

/* ---- member by member ---- */

#define LONG_ENOUGH 20000 /* for what follows to be read by itself */

static int
append_member(void *userdata, const char *key, struct json_object *value, struct error *error)
{
    fprintf(userdata, "%s=%s\n", key, json_object_to_json_string(value));
    return 0;
}

/* What a document has, a line a member, by the tree of all of it, or member by member; NULL when it is refused. */
static char *
list_members(const char *text, size_t length, bool by_tree, struct error *error)
{
    struct json_object *root = NULL;
    size_t size;
    char *list;
    FILE *file = open_memstream(&list, &size);
    int result;

    if (by_tree) {
        result = json_read(text, length, &root, error);
        if (result == 0)
            result = json_each_member(root, append_member, file, error);
        json_release(root);
    } else {
        result = json_read_members(text, length, append_member, file, error);
    }
    fclose(file);
    if (result == 0)
        return list;
    free(list);
    return NULL;
}

/* Both ways agree, but that the tree shows keys that stand twice. */
static void
assert_read_alike(const char *text, size_t length)
{
    struct error errors[2];
    char *list = list_members(text, length, true, &errors[0]);
    char *members = list_members(text, length, false, &errors[1]);

    if (list && !members)
        fail_msg("%.*s: %s", (int)length, text, errors[1].text);
    if (members && !list)
        assert_string_equal(errors[0].text, "has a key that stands twice in its object");
    if (members && list)
        assert_string_equal(members, list);
    free(members);
    free(list);
}

static char *
put_long_member(char *text)
{
    text += sprintf(text, "{\"long\": \"");
    memset(text, 'x', LONG_ENOUGH);
    return text + LONG_ENOUGH;
}

static void
members_are_read_in_parts(void **state)
{
    static const char *const rests[] = {
        "\"}",
        "\" } ",
        "\",\"a\":1}",
        "\" , \"a\" : [1, {\"b\": 2}] ,\n \"é\": {\"ü\": \"\\u00e9\\ud83d\\ude00\"}\n}\n",
        "\", \"a\": 1, \"a\": 2}",
        "\", \"long\": 2}",
        "\", \"a\": {\"b\": 1, \"b\": 2}}",
        "\",}",
        "\",,}",
        "\", ,\"a\": 1}",
        "\", \"a\": 1,}",
        "\", \"a\": 1,",
        "\", \"a\": 1",
        "\", \"a\"",
        "\", \"a\": 1}}",
        "\", \"a\": 1}, \"b\": 2}",
        "\", \"a\": 1} x",
        "\"}\"a\": 1}",
        "\", \"a\": [1}",
        "\", \"a\": [1}, \"b\": {2]}",
        "\", \"a\": 1]",
        "\", \"a\" 1}",
        "\", a: 1}",
        "\", 1}",
        "\", {}}",
        "\"",
        "",
        "\\",
    };
    char text[LONG_ENOUGH + 200], *rest = put_long_member(text);
    struct error error;
    size_t n_read = 0;
    char *members;

    for (size_t i = 0; i < N_ELEMENTS(rests); i++) {
        strcpy(rest, rests[i]);
        assert_read_alike(text, strlen(text));
        members = list_members(text, strlen(text), false, &error);
        n_read += members != NULL;
        free(members);
    }
    assert_int_equal(n_read, 5);
}

static void
bad_members_are_refused(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"", "is empty"},
        {" ", "is not an object"},
        {"[]", "is not an object"},
        {"1", "is not an object"},
        {"{", "ends too early, after 1 bytes"},
        {"{} x", "goes on after its end, at byte 3"},
        {"{}}", "goes on after its end, at byte 2"},
        {"{,}", "is not valid JSON at byte 1"},
        {"{ \"a\": 1, }", "is not valid JSON at byte "},
        {"{\"a\": 1", "ends too early, after 7 bytes"},
        {"{\"a\": [1, 2", "ends too early, after 11 bytes"},
        {"{\"a\": \"1", "ends too early, after 8 bytes"},
        {"{\"a\": tru}", "is not valid JSON at byte "},
        {"{\"a\": {\"b\": 1, \"b\": 2}}", "has a key that stands twice in its object"},
        {"{\"a\": \"\xff\"}",
         "has a control character, or bytes that are not UTF-8, in the string at byte 6"},
    };

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct error error = ERROR_INIT;
        char *members = list_members(cases[i].text, strlen(cases[i].text), false, &error);

        if (members || strncmp(error.text, cases[i].message, strlen(cases[i].message)) != 0)
            fail_msg("%s: \"%s\"", cases[i].text, error.text);
    }
}

/* Of members that are read by themselves, too, damage is seen, wherever it is. */
static void
damaged_members_are_seen(void **state)
{
    static const char good[] =
        "\", \"A\": {\"sum\": -1.5, \"l\": [1, {\"e\": \"x\\n\"}]}, \"B\": 1}";
    static char text[LONG_ENOUGH + 200];
    char *rest = put_long_member(text);

    for (int i = 0; i < 2000; i++) {
        memcpy(rest, good, sizeof(good));
        for (long n = random() % 3; n >= 0; n--)
            rest[(size_t)random() % (sizeof(good) - 1)] =
                random() % 4 ? "{}[]\",:\\0\n"[random() % 10] : (char)random();
        assert_read_alike(text, (size_t)(rest - text) + sizeof(good) - 1);
    }
}

/* The value of {"v": TEXT}. */
static int
keep(void *userdata, const char *key, struct json_object *value, struct error *error)
{
    assert_string_equal(key, "v");
    *(struct json_object **)userdata = value;
    return 0;
}

static struct json_object *
read_value(const char *text, struct json_object **valuep)
{
    struct json_object *root;
    struct error error = ERROR_INIT;
    char document[256];

    snprintf(document, sizeof(document), "{\"v\": %s}", text);
    if (json_read(document, strlen(document), &root, &error) != 0)
        fail_msg("%s: %s", document, error.text);
    assert_int_equal(json_each_member(root, keep, valuep, NULL), 0);
    return root;
}

static void
integers_have_limits(void **state)
{
    static const struct {
        const char *text;
        int64_t min, max;
        const char *message; /* NULL: it is read */
        int64_t integer;
    } cases[] = {
        {"\"5\"", 0, 10, "is \"5\", must be an integer", 0},
        {"5.0", 0, 10, "is 5.0, must be an integer", 0},
        {"5e0", 0, 10, "is 5e0, must be an integer", 0},
        {"true", 0, 10, "is true, must be an integer", 0},
        {"null", 0, 10, "is null, must be an integer", 0},
        {"[5]", 0, 10, "is [5], must be an integer", 0},
        {"{\"a\": 5}", 0, 10, "is {\"a\":5}, must be an integer", 0},
        {"NaN", 0, 10, "is NaN, must be an integer", 0},
        {"-1", 0, 10, "is -1, must be at least 0", 0},
        {"11", 0, 10, "is 11, must be at most 10", 0},
        {"9223372036854775807", 0, INT64_MAX - 1, "is 9223372036854775807, must be at most ", 0},
        {"0", 0, 10, NULL, 0},
        {"-0", 0, 10, NULL, 0},
        {"10", 0, 10, NULL, 10},
        {"-10", -10, 10, NULL, -10},
        {"9223372036854775806", 0, INT64_MAX - 1, NULL, INT64_MAX - 1},
        {"-9223372036854775807", INT64_MIN, 0, NULL, -INT64_MAX},
    };

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct json_object *value;
        struct json_object *root = read_value(cases[i].text, &value);
        struct error error = ERROR_INIT;
        int64_t integer = UNTOUCHED;
        int result = json_get_integer(value, cases[i].min, cases[i].max, &integer, &error);

        if (result != (cases[i].message ? JSON_E_BAD : 0))
            fail_msg("%s gave %d: %s", cases[i].text, result, error.text);
        if (cases[i].message &&
            strncmp(error.text, cases[i].message, strlen(cases[i].message)) != 0)
            fail_msg("%s: \"%s\", not \"%s\"", cases[i].text, error.text, cases[i].message);
        assert_true(integer == (cases[i].message ? UNTOUCHED : cases[i].integer));
        json_release(root);
    }
}

static void
numbers_are_finite(void **state)
{
    static const struct {
        const char *text;
        const char *message; /* NULL: it is read */
        double number;
    } cases[] = {
        {"\"5\"", "is \"5\", must be a number", 0},
        {"null", "is null, must be a number", 0},
        {"false", "is false, must be a number", 0},
        {"[]", "is [], must be a number", 0},
        {"NaN", "is NaN, must be a finite number", 0},
        {"Infinity", "is Infinity, must be a finite number", 0},
        {"-Infinity", "is -Infinity, must be a finite number", 0},
        {"1e999", "is 1e999, must be a finite number", 0},
        {"-1e999", "is -1e999, must be a finite number", 0},
        {"5", NULL, 5},
        {"-5.25", NULL, -5.25},
        {"0", NULL, 0},
        {"-0.0", NULL, -0.0},
        {"1.7976931348623157e+308", NULL, 1.7976931348623157e+308},
        {"5e-324", NULL, 5e-324},
        {"30.055555555555557", NULL, 30.055555555555557},
        {"9007199254740993", NULL, 9007199254740992.0},
    };

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct json_object *value;
        struct json_object *root = read_value(cases[i].text, &value);
        struct error error = ERROR_INIT;
        double number = UNTOUCHED, expected = cases[i].message ? UNTOUCHED : cases[i].number;
        int result = json_get_number(value, &number, &error);

        if (result != (cases[i].message ? JSON_E_BAD : 0))
            fail_msg("%s gave %d: %s", cases[i].text, result, error.text);
        if (cases[i].message && strcmp(error.text, cases[i].message) != 0)
            fail_msg("%s: \"%s\", not \"%s\"", cases[i].text, error.text, cases[i].message);
        if (memcmp(&number, &expected, sizeof(number)) != 0)
            fail_msg("%s was read as %.17g", cases[i].text, number);
        json_release(root);
    }
}

/* A number that is written without a point is a number all the same. */
static void
numbers_may_look_like_integers(void **state)
{
    static const struct {
        const char *text;
        double number;
    } cases[] = {
        {"-5", -5},
        {"9223372036854775807", 9223372036854775808.0},
        {"-9223372036854775807", -9223372036854775808.0},
    };

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct json_object *value;
        struct json_object *root = read_value(cases[i].text, &value);
        struct error error = ERROR_INIT;
        double number;

        if (json_get_number(value, &number, &error) != 0)
            fail_msg("%s: %s", cases[i].text, error.text);
        if (memcmp(&number, &cases[i].number, sizeof(number)) != 0)
            fail_msg("%s was read as %.17g", cases[i].text, number);
        json_release(root);
    }
}

static void
texts_are_strings(void **state)
{
    static const char *const bad[] = {"5", "null", "true", "{}", "[\"a\"]"};
    struct json_object *value;
    struct json_object *root = read_value("\"a \\u00e9\\n\\\"\"", &value);
    const char *text;

    assert_int_equal(json_get_text(value, &text, NULL), 0);
    assert_string_equal(text, "a é\n\"");
    json_release(root);
    for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
        struct error error = ERROR_INIT;
        char message[64];

        text = "untouched";
        root = read_value(bad[i], &value);
        assert_int_equal(json_get_text(value, &text, &error), JSON_E_BAD);
        snprintf(message, sizeof(message), "is %s, must be a string", bad[i]);
        assert_string_equal(error.text, message);
        assert_string_equal(text, "untouched");
        json_release(root);
    }
}

/* Collects "key=value " in the order of the calls; fails at the key or index "stop". */
static int
list_member(void *userdata, const char *key, struct json_object *value, struct error *error)
{
    int64_t integer = 0;

    if (strcmp(key, "stop") == 0)
        return error_set(error, 17, "stopped");
    assert_int_equal(json_get_integer(value, 0, 100, &integer, error), 0);
    sprintf((char *)userdata + strlen(userdata), "%s=%d ", key, (int)integer);
    return 0;
}

static int
list_element(void *userdata, size_t index, struct json_object *value, struct error *error)
{
    int64_t integer = 0;

    assert_int_equal(json_get_integer(value, 0, 100, &integer, error), 0);
    if (integer == 99)
        return error_set(error, 17, "stopped");
    sprintf((char *)userdata + strlen(userdata), "%zu=%d ", index, (int)integer);
    return 0;
}

static void
members_come_in_the_order_of_the_text(void **state)
{
    struct json_object *value;
    struct json_object *root = read_value("{\"z\": 1, \"a\": 2, \"m\": 3}", &value);
    struct error error = ERROR_INIT;
    char list[100] = "";

    assert_true(json_is_object(value));
    assert_int_equal(json_each_member(value, list_member, list, &error), 0);
    assert_string_equal(list, "z=1 a=2 m=3 ");
    assert_int_equal(json_each_element(value, list_element, list, &error), JSON_E_BAD);
    assert_string_equal(error.text, "is not an array");
    json_release(root);

    list[0] = '\0';
    root = read_value("{\"z\": 1, \"stop\": 2, \"m\": 3}", &value);
    assert_int_equal(json_each_member(value, list_member, list, &error), 17);
    assert_string_equal(list, "z=1 ");
    json_release(root);

    list[0] = '\0';
    root = read_value("[7, 8, 99, 9]", &value);
    assert_false(json_is_object(value));
    assert_int_equal(json_each_member(value, list_member, list, &error), JSON_E_BAD);
    assert_string_equal(error.text, "is not an object");
    assert_int_equal(json_each_element(value, list_element, list, &error), 17);
    assert_string_equal(list, "0=7 1=8 ");
    json_release(root);
    assert_false(json_is_object(NULL)); /* json-c's null */
    assert_int_equal(json_each_member(NULL, list_member, list, &error), JSON_E_BAD);
}

struct output {
    char text[49152];
    size_t length;
    size_t room; /* then it fails */
    unsigned n_failures;
};

static int
take_output(void *userdata, const void *data, size_t length)
{
    struct output *output = userdata;

    if (length > output->room) {
        output->n_failures++;
        return -ENOSPC;
    }
    if (output->length + length < sizeof(output->text)) {
        memcpy(output->text + output->length, data, length);
        output->text[output->length + length] = '\0';
    }
    output->length += length;
    output->room -= length;
    return 0;
}

static void
or_without_any_blanks(void **state)
{
    struct output output = {.room = SIZE_MAX};
    struct json_writer writer;

    json_writer_init(&writer, take_output, &output);
    writer.one_line = writer.compact = true;
    json_writer_begin(&writer, NULL, '{');
    json_writer_integer(&writer, "a", 1);
    json_writer_begin(&writer, "b", '[');
    json_writer_word(&writer, NULL, "1.50");
    json_writer_text(&writer, NULL, "x y");
    json_writer_end(&writer, ']');
    json_writer_end(&writer, '}');
    assert_int_equal(json_writer_finish(&writer), 0);
    assert_string_equal(output.text, "{\"a\":1,\"b\":[1.50,\"x y\"]}");
}

static void
or_small_things_on_a_line(void **state)
{
    struct output output = {.room = SIZE_MAX};
    struct json_writer writer;

    json_writer_init(&writer, take_output, &output);
    json_writer_begin(&writer, NULL, '[');
    for (int i = 1; i <= 2; i++) {
        json_writer_begin_line(&writer, NULL, '{');
        json_writer_integer(&writer, "a", i);
        json_writer_begin_line(&writer, "b", '[');
        json_writer_integer(&writer, NULL, 3);
        json_writer_integer(&writer, NULL, 4);
        json_writer_end(&writer, ']');
        json_writer_integer(&writer, "c", 5);
        json_writer_end(&writer, '}');
    }
    json_writer_begin(&writer, NULL, '[');
    json_writer_integer(&writer, NULL, 6);
    json_writer_end(&writer, ']');
    json_writer_end(&writer, ']');
    assert_int_equal(json_writer_finish(&writer), 0);
    assert_string_equal(output.text, "[\n"
                                     "  {\"a\": 1, \"b\": [3, 4], \"c\": 5},\n"
                                     "  {\"a\": 2, \"b\": [3, 4], \"c\": 5},\n"
                                     "  [\n"
                                     "    6\n"
                                     "  ]\n"
                                     "]\n");
}

static void
documents_are_written_pretty(void **state)
{
    struct output output = {.room = SIZE_MAX};
    struct json_writer writer;

    json_writer_init(&writer, take_output, &output);
    json_writer_begin(&writer, NULL, '{');
    json_writer_integer(&writer, "offset", INT64_MAX);
    json_writer_begin(&writer, "empty", '{');
    json_writer_end(&writer, '}');
    json_writer_begin(&writer, "list", '[');
    json_writer_integer(&writer, NULL, -1);
    json_writer_text(&writer, NULL, "x");
    json_writer_begin(&writer, NULL, '{');
    json_writer_number(&writer, "sum", 30.055555555555557);
    json_writer_number(&writer, "max", 38);
    json_writer_end(&writer, '}');
    json_writer_begin(&writer, NULL, '[');
    json_writer_end(&writer, ']');
    json_writer_end(&writer, ']');
    json_writer_text(&writer, "a\"\\/\n\x01\x1f\x7fö", "\t\"");
    json_writer_end(&writer, '}');
    assert_int_equal(json_writer_finish(&writer), 0);
    assert_string_equal(output.text, "{\n"
                                     "  \"offset\": 9223372036854775807,\n"
                                     "  \"empty\": {},\n"
                                     "  \"list\": [\n"
                                     "    -1,\n"
                                     "    \"x\",\n"
                                     "    {\n"
                                     "      \"sum\": 30.055555555555557,\n"
                                     "      \"max\": 38\n"
                                     "    },\n"
                                     "    []\n"
                                     "  ],\n"
                                     "  \"a\\\"\\\\/\\u000a\\u0001\\u001f\x7fö\": \"\\u0009\\\"\"\n"
                                     "}\n");
}

/* Texts of every length around the buffer's size arrive whole, and come back. */
static void
texts_longer_than_the_buffer_are_whole(void **state)
{
    static char text[40000], document[40100];
    static struct output output;
    static const size_t lengths[] = {16370, 16371, 16372, 16373, 16374, 16375,
                                     16376, 16383, 16384, 16385, 32768, 39999};

    for (size_t i = 0; i < N_ELEMENTS(lengths); i++) {
        struct json_writer writer;

        output = (struct output){.room = SIZE_MAX};
        memset(text, 'x', lengths[i]);
        text[lengths[i]] = '\0';
        json_writer_init(&writer, take_output, &output);
        json_writer_begin(&writer, NULL, '{');
        json_writer_text(&writer, "v", text);
        json_writer_integer(&writer, "w", 1);
        json_writer_end(&writer, '}');
        assert_int_equal(json_writer_finish(&writer), 0);
        assert_int_equal(output.length, snprintf(document, sizeof(document),
                                                 "{\n  \"v\": \"%s\",\n  \"w\": 1\n}\n", text));
        assert_string_equal(output.text, document);
    }
}

/* Every member of a large document reads back as it was written. */
struct readback {
    double *numbers;
    size_t n;
};

static int
compare_number(void *userdata, const char *key, struct json_object *value, struct error *error)
{
    struct readback *readback = userdata;
    double number = 0;
    char expected[32];

    snprintf(expected, sizeof(expected), "\n\"%zu\\", readback->n);
    assert_string_equal(key, expected);
    assert_int_equal(json_get_number(value, &number, error), 0);
    assert_memory_equal(&number, &readback->numbers[readback->n], sizeof(number));
    readback->n++;
    return 0;
}

static int
append(void *userdata, const void *data, size_t length)
{
    return fwrite(data, 1, length, userdata) == length ? 0 : -EIO;
}

static void
random_documents_come_back(void **state)
{
    enum { N = 5000 };
    static double numbers[N];
    struct readback readback = {.numbers = numbers};
    struct json_object *root;
    struct json_writer writer;
    struct error error = ERROR_INIT;
    char *text, key[32];
    size_t length;
    FILE *file = open_memstream(&text, &length);

    assert_non_null(file);
    json_writer_init(&writer, append, file);
    json_writer_begin(&writer, NULL, '{');
    for (size_t i = 0; i < N; i++) {
        do {
            uint64_t bits =
                (uint64_t)random() << 62 ^ (uint64_t)random() << 31 ^ (uint64_t)random();

            memcpy(&numbers[i], &bits, sizeof(bits));
        } while (!isfinite(numbers[i]));
        snprintf(key, sizeof(key), "\n\"%zu\\", i);
        json_writer_number(&writer, key, numbers[i]);
    }
    json_writer_end(&writer, '}');
    assert_int_equal(json_writer_finish(&writer), 0);
    fclose(file);
    if (json_read(text, length, &root, &error) != 0)
        fail_msg("%s", error.text);
    assert_int_equal(json_each_member(root, compare_number, &readback, &error), 0);
    assert_int_equal(readback.n, N);
    json_release(root);
    free(text);
}

/* The first failure is kept, and nothing is written after it: that would leave a hole. */
static void
the_first_failure_ends_the_writing(void **state)
{
    for (size_t room = 0; room < 100000; room += 16384) {
        struct output output = {.room = room};
        struct json_writer writer;

        json_writer_init(&writer, take_output, &output);
        json_writer_begin(&writer, NULL, '{');
        for (int i = 0; i < 10000; i++)
            json_writer_integer(&writer, "number", i);
        json_writer_end(&writer, '}');
        assert_int_equal(json_writer_finish(&writer), -ENOSPC);
        assert_int_equal(output.n_failures, 1);
        assert_int_equal(output.length, room);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_json_is_refused),
        cmocka_unit_test(every_character_comes_through),
        cmocka_unit_test(a_cut_document_is_refused),
        cmocka_unit_test(damage_is_survived),
        cmocka_unit_test(members_are_read_in_parts),
        cmocka_unit_test(bad_members_are_refused),
        cmocka_unit_test(damaged_members_are_seen),
        cmocka_unit_test(what_is_json_is_read),
        cmocka_unit_test(integers_have_limits),
        cmocka_unit_test(numbers_are_finite),
        cmocka_unit_test(numbers_may_look_like_integers),
        cmocka_unit_test(texts_are_strings),
        cmocka_unit_test(members_come_in_the_order_of_the_text),
        cmocka_unit_test(documents_are_written_pretty),
        cmocka_unit_test(or_without_any_blanks),
        cmocka_unit_test(or_small_things_on_a_line),
        cmocka_unit_test(texts_longer_than_the_buffer_are_whole),
        cmocka_unit_test(random_documents_come_back),
        cmocka_unit_test(the_first_failure_ends_the_writing),
    };
    const char *given = getenv("SEED");
    unsigned seed = given ? (unsigned)strtoul(given, NULL, 10) : (unsigned)time(NULL);

    print_message("seed %u (SEED=%u repeats it)\n", seed, seed);
    srandom(seed);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
