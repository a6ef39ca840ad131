/* SPDX-License-Identifier: MIT */

/* The exported tree: what is refused and in which words, what it says, and that it comes back. */

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "directory.h"
#include "models.h"

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

#define FORK(feature, threshold, below, above)                                                     \
    "{\"feature\": " #feature ", \"threshold\": " #threshold ", \"below\": " #below                \
    ", \"above\": " #above "}"
#define DRY  MODEL_DRY
#define RAIN MODEL_RAIN

#define WITH_FEATURES(features)                                                                    \
    "{" MODEL_HEAD "\"features\": " features ", " MODEL_PARTS ", \"nodes\": [" DRY "]}"
#define WITH_TRAINED(trained)                                                                      \
    "{" MODEL_HEAD "\"features\": [" MODEL_FEATURES "], \"trained\": " trained                     \
    ", \"tested\": " MODEL_TESTED ", \"nodes\": [" DRY "]}"
#define WITH_TESTED(tested)                                                                        \
    "{" MODEL_HEAD "\"features\": [" MODEL_FEATURES "], \"trained\": " MODEL_TRAINED               \
    ", \"tested\": " tested ", \"nodes\": [" DRY "]}"
#define MONTH "{\"name\": \"month\", \"type\": \"int\"}"
#define DAYS  "\"from\": \"2012-01-03\", \"to\": \"2015-01-01\", "

static void
bad_models_are_refused(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"[]", "is not an object"},
        {"{}", "lacks \"version\""},
        {"{\"version\": 2, \"trees\": []}", "\"version\" is 2, must be at most 1"},
        {"{\"version\": 0}", "\"version\" is 0, must be at least 1"},
        {"{\"version\": \"1\"}", "\"version\" is \"1\", must be an integer"},
        {"{" MODEL_HEAD "\"features\": [" MONTH "], " MODEL_PARTS "}", "lacks \"nodes\""},
        {"{" MODEL_HEAD MODEL_PARTS ", \"nodes\": [" DRY "]}", "lacks \"features\""},
        {"{" MODEL_HEAD "\"features\": [" MONTH "], \"trained\": " MODEL_TRAINED
         ", \"nodes\": [" DRY "]}",
         "lacks \"tested\""},
        {"{" MODEL_HEAD "\"features\": [" MONTH "], " MODEL_PARTS ", \"nodes\": [" DRY
         "], \"depth\": 5}",
         "has an unknown key \"depth\""},
        {"{\"version\": 1, \"predicts\": \"snowing\", \"features\": [" MONTH "], " MODEL_PARTS
         ", \"nodes\": [" DRY "]}",
         "\"predicts\" is \"snowing\", must be \"raining\""},
        /* features */
        {WITH_FEATURES("{}"), "\"features\" is not an array"},
        {WITH_FEATURES("null"), "\"features\" is null"},
        {WITH_FEATURES("[]"), "\"features\" is empty"},
        {WITH_FEATURES("[1]"), "features[0]: is not an object"},
        {WITH_FEATURES("[" MONTH ", {\"name\": \"sub1degrees\"}]"), "features[1]: lacks \"type\""},
        {WITH_FEATURES("[" MONTH ", " MONTH "]"), "features[1]: \"month\" stands twice"},
        {WITH_FEATURES("[{\"name\": \"sub3degrees\", \"type\": \"float\"}]"),
         "features[0]: \"name\" is \"sub3degrees\", must be one of month, sub1degrees, "
         "sub1raining, sub2degrees, sub2raining"},
        {WITH_FEATURES("[{\"name\": \"sub1degrees\", \"type\": \"int\"}]"),
         "features[0]: \"type\" of \"sub1degrees\" is \"int\", must be \"float\""},
        {WITH_FEATURES("[{\"name\": \"month\", \"type\": \"double\"}]"),
         "features[0]: \"type\" of \"month\" is \"double\", must be \"int\""},
        {WITH_FEATURES("[" MODEL_FEATURES ", " MONTH "]"), "\"features\" has more than 5 elements"},
        /* trained and tested */
        {WITH_TRAINED("[]"), "\"trained\" is not an object"},
        {WITH_TRAINED("{" DAYS "\"rows\": 5}"), "\"trained\" lacks \"raining\""},
        {WITH_TRAINED("{" DAYS "\"rows\": -1, \"raining\": 0}"),
         "\"trained\" \"rows\" is -1, must be at least 0"},
        {WITH_TRAINED("{" DAYS "\"rows\": 5, \"raining\": 6}"),
         "\"trained\" \"raining\" is 6, must be at most \"rows\", 5"},
        {WITH_TRAINED("{\"from\": \"2012-13-03\", \"to\": \"2015-01-01\", \"rows\": 5, "
                      "\"raining\": 0}"),
         "\"trained\" \"from\" is \"2012-13-03\", must be a date that exists, as YYYY-MM-DD"},
        {WITH_TRAINED("{" DAYS "\"rows\": 5, \"raining\": 1, \"accuracy\": 2}"),
         "\"trained\" \"accuracy\" is 2, must be from 0 to 1"},
        {WITH_TRAINED("{" DAYS "\"rows\": 5, \"raining\": 1, \"depth\": 2}"),
         "\"trained\" has an unknown key \"depth\""},
        {WITH_TESTED(MODEL_TRAINED), "\"tested\" lacks \"accuracy\""},
        {WITH_TESTED("{" DAYS "\"rows\": 5, \"raining\": 1, \"accuracy\": 0.5, "
                     "\"as_yesterday\": 0.5}"),
         "\"tested\" lacks \"never_rains\""},
        /* nodes */
        {MODEL_OF(""), "\"nodes\" is empty"},
        {MODEL_OF("5"), "nodes[0]: is not an object"},
        {MODEL_OF("{}"), "nodes[0]: lacks \"raining\""},
        {MODEL_OF("{\"raining\": 2, \"counts\": [1, 3]}"),
         "nodes[0]: \"raining\" is 2, must be at most 1"},
        {MODEL_OF("{\"raining\": true, \"counts\": [1, 3]}"),
         "nodes[0]: \"raining\" is true, must be an integer"},
        {MODEL_OF("{\"raining\": 1}"), "nodes[0]: lacks \"counts\""},
        {MODEL_OF("{\"raining\": 1, \"counts\": 3}"), "nodes[0]: \"counts\" is not an array"},
        {MODEL_OF("{\"raining\": 1, \"counts\": []}"), "nodes[0]: \"counts\" is empty"},
        {MODEL_OF("{\"raining\": 0, \"counts\": [3]}"),
         "nodes[0]: \"counts\" has 1 element, must have 2"},
        {MODEL_OF("{\"raining\": 1, \"counts\": [1, 2, 3]}"),
         "nodes[0]: \"counts\" has more than 2 elements"},
        {MODEL_OF("{\"raining\": 1, \"counts\": [-1, 3]}"),
         "nodes[0]: counts[0] is -1, must be at least 0"},
        {MODEL_OF("{\"raining\": 1, \"counts\": [1, 2.5]}"),
         "nodes[0]: counts[1] is 2.5, must be an integer"},
        {MODEL_OF("{\"raining\": 1, \"counts\": [1, 4503599627370497]}"),
         "nodes[0]: counts[1] is 4503599627370497, must be at most 4503599627370496"},
        {MODEL_OF("{\"raining\": 0, \"counts\": [0, 0]}"),
         "nodes[0]: \"counts\" is [0, 0], must be of one day at least"},
        {MODEL_OF("{\"raining\": 0, \"counts\": [1, 3]}"),
         "nodes[0]: \"raining\" is 0, must be 1 by \"counts\", [1, 3]"},
        {MODEL_OF("{\"raining\": 1, \"counts\": [2, 2]}"),
         "nodes[0]: \"raining\" is 1, must be 0 by \"counts\", [2, 2]"},
        {MODEL_OF("{\"raining\": 0, \"counts\": [2, 2], \"threshold\": 1}"),
         "nodes[0]: has an unknown key \"threshold\""},
        {MODEL_OF("{\"feature\": 5, \"threshold\": 1, \"below\": 1, \"above\": 2}, " DRY ", " RAIN),
         "nodes[0]: \"feature\" is 5, must be at most 4"},
        {"{" MODEL_HEAD "\"features\": [" MONTH "], " MODEL_PARTS
         ", \"nodes\": [" FORK(1, 5, 1, 2) ", " DRY ", " RAIN "]}",
         "nodes[0]: \"feature\" is 1, must be less than 1"},
        {MODEL_OF("{\"feature\": -1, \"threshold\": 1, \"below\": 1, \"above\": 2}"),
         "nodes[0]: \"feature\" is -1, must be at least 0"},
        {MODEL_OF("{\"feature\": 0, \"below\": 1, \"above\": 2}"), "nodes[0]: lacks \"threshold\""},
        {MODEL_OF(FORK(0, NaN, 1, 2) ", " DRY ", " RAIN),
         "nodes[0]: \"threshold\" is NaN, must be a finite number"},
        {MODEL_OF(FORK(0, 1e999, 1, 2) ", " DRY ", " RAIN),
         "nodes[0]: \"threshold\" is 1e999, must be a finite number"},
        {MODEL_OF("{\"feature\": 0, \"threshold\": 1, \"below\": 1, \"above\": 2, \"raining\": 0}"),
         "nodes[0]: has an unknown key \"raining\""},
        /* no tree */
        {MODEL_OF(FORK(0, 1, 0, 1) ", " DRY), "nodes[0]: \"below\" is 0, must be at least 1"},
        {MODEL_OF(FORK(0, 1, 1, 2) ", " DRY ", " FORK(0, 1, 2, 3) ", " RAIN),
         "nodes[2]: \"below\" is 2, must be greater than 2"},
        {MODEL_OF(FORK(0, 1, 1, 2) ", " DRY ", " FORK(0, 1, 3, 1) ", " RAIN),
         "nodes[2]: \"above\" is 1, must be greater than 2"},
        {MODEL_OF(FORK(0, 1, 1, 3) ", " DRY ", " RAIN),
         "nodes[0]: \"above\" is 3, must be less than 3"},
        {MODEL_OF(FORK(0, 1, 1, 1) ", " DRY),
         "nodes[1]: two ways lead to it, from nodes[0] and from nodes[0]"},
        {MODEL_OF(FORK(0, 1, 1, 2) ", " FORK(0, 1, 2, 3) ", " DRY ", " RAIN),
         "nodes[2]: two ways lead to it, from nodes[0] and from nodes[1]"},
        {MODEL_OF(FORK(0, 1, 1, 2) ", " DRY ", " RAIN ", " DRY), "nodes[3]: no node leads to it"},
        {MODEL_OF(DRY ", " DRY), "nodes[1]: no node leads to it"},
    };

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct error error = ERROR_INIT;
        struct model *model = NULL;

        if (read_model(cases[i].text, &model, &error) != JSON_E_BAD)
            fail_msg("%s is taken", cases[i].text);
        assert_string_equal(error.text, cases[i].message);
        assert_null(model);
    }
}

/* As many nodes as there may be, and one more: a tree that is a list. */
static void
there_may_be_65536_nodes(void **state)
{
    static const struct {
        unsigned n_forks, n_extra;
        bool good;
    } cases[] = {{32767, 0, true}, {32767, 1, false}, {32768, 0, false}};

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct error error = ERROR_INIT;
        struct model *model = NULL;
        const double values[MODEL_N_FEATURES] = {12, 1e9, 1, 1e9, 1};
        double probability;
        size_t length;
        char *text;
        FILE *file = open_memstream(&text, &length);

        fprintf(file, "{%s\"features\": [%s], %s, \"nodes\": [", MODEL_HEAD, MODEL_FEATURES,
                MODEL_PARTS);
        for (unsigned j = 0; j < cases[i].n_forks; j++)
            fprintf(file,
                    "{\"feature\": 1, \"threshold\": %u, \"below\": %u, \"above\": %u}, " DRY ", ",
                    j, 2 * j + 1, 2 * j + 2);
        for (unsigned j = 0; j < cases[i].n_extra; j++)
            fprintf(file, DRY ", ");
        fprintf(file, RAIN "]}");
        fclose(file);
        if (cases[i].good) {
            assert_int_equal(read_model(text, &model, &error), 0);
            assert_int_equal(model_predict(model, values, &probability), 1);
            model_release(model);
        } else {
            assert_int_equal(read_model(text, &model, &error), JSON_E_BAD);
            assert_non_null(strstr(error.text, cases[i].n_extra
                                                   ? "nodes[65535]: no node leads to it"
                                                   : "\"nodes\" has more than 65536 elements"));
        }
        free(text);
    }
}

static void
files_are_named_with_what_is_wrong(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"", ": is empty; export the tree again with rain_train --export"},
        {"{\"version\": 1",
         ": ends too early, after 13 bytes; export the tree again with rain_train --export"},
        {"{}", ": lacks \"version\"; export the tree again with rain_train --export"},
        {MODEL_OF(FORK(0, 1, 1, 2) ", " DRY ", " FORK(0, 1, 2, 3) ", " RAIN),
         ": nodes[2]: \"below\" is 2, must be greater than 2; export the tree again with "
         "rain_train --export"},
    };
    cleanup(directory_remove) struct directory directory = directory_make();
    struct error error = ERROR_INIT;
    struct model *model = NULL;
    char path[128], message[512];

    snprintf(path, sizeof(path), "%s/rain.json", directory.path);
    assert_int_equal(model_load(path, &model, &error), -ENOENT);
    snprintf(message, sizeof(message),
             "%s: No such file or directory; export the tree again with rain_train --export", path);
    assert_string_equal(error.text, message);
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        directory_write(&directory, "rain.json", cases[i].text);
        assert_int_equal(model_load(path, &model, &error), JSON_E_BAD);
        snprintf(message, sizeof(message), "%s%s", path, cases[i].message);
        assert_string_equal(error.text, message);
        assert_null(model);
    }

    assert_int_equal(truncate(path, MODEL_SIZE_MAX + 1), 0);
    assert_int_equal(model_load(path, &model, &error), JSON_E_BAD);
    assert_non_null(strstr(error.text, ": is 16777217 bytes large, must be at most 16777216; "));
    unlinkat(directory.fd, "rain.json", 0);
    assert_int_equal(mkfifoat(directory.fd, "rain.json", 0644), 0);
    alarm(5);
    assert_int_equal(model_load(path, &model, &error), JSON_E_BAD);
    alarm(0);
    assert_non_null(strstr(error.text, "rain.json: is not a regular file; "));

    /* A link is what a new model may be put in place by. */
    unlinkat(directory.fd, "rain.json", 0);
    directory_write(&directory, "rain-2.json", MODEL_AS_YESTERDAY);
    assert_int_equal(symlinkat("rain-2.json", directory.fd, "rain.json"), 0);
    assert_int_equal(model_load(path, &model, &error), 0);
    model_release(model);
}

static int
predict(const struct model *model, double month, double degrees, double rain, double *probability)
{
    const double values[MODEL_N_FEATURES] = {
        [MODEL_MONTH] = month,
        [MODEL_SUB1_DEGREES] = degrees,
        [MODEL_SUB1_RAINING] = rain,
    };

    return model_predict(model, values, probability);
}

static void
a_leaf_says_what_it_was_trained_with(void **state)
{
    static const struct {
        const char *text;
        int raining;
        double probability;
    } cases[] = {
        {MODEL_OF("{\"raining\": 0, \"counts\": [3, 1]}"), 0, 0.25},
        {MODEL_OF("{\"raining\": 1, \"counts\": [1, 3]}"), 1, 0.75},
        {MODEL_OF("{\"raining\": 0, \"counts\": [2, 2]}"), 0, 0.5},
        {MODEL_OF("{\"raining\": 0, \"counts\": [1, 0]}"), 0, 0},
        {MODEL_OF("{\"raining\": 1, \"counts\": [0, 1]}"), 1, 1},
        {MODEL_OF("{\"raining\": 0, \"counts\": [207, 113]}"), 0, 113.0 / 320},
        {MODEL_OF("{\"raining\": 0, \"counts\": [4503599627370496, 4503599627370496]}"), 0, 0.5},
    };

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct model *model = make_model(cases[i].text);
        double probability = -1;

        assert_int_equal(predict(model, 1, 2, 3, &probability), cases[i].raining);
        assert_true(probability == cases[i].probability);
        model_release(model);
    }
}

/* 70.1 as a float is 70.09999847412109375: rounded, it is not above that threshold. */
static void
degrees_are_rounded_before_they_are_compared(void **state)
{
    static const struct {
        double degrees;
        int raining;
    } cases[] = {
        {70.1, 0},
        {70.09999847412109375, 0},
        {70.0999984741, 0},
        {70.1000022888, 0},
        {70.100002288818359375, 1}, /* half way to the next float, which is the even one */
        {70.2, 1},
        {70, 0},
        {-1e300, 0},
        {1e300, 1},
    };
    struct model *model =
        make_model(MODEL_OF(FORK(1, 70.09999847412109375, 1, 2) ", " DRY ", " RAIN));
    double probability;

    for (size_t i = 0; i < N_ELEMENTS(cases); i++)
        if (predict(model, 1, cases[i].degrees, 0, &probability) != cases[i].raining)
            fail_msg("%.17g", cases[i].degrees);
    model_release(model);

    /* The same of the day before; and what is an integer is none of this. */
    model = make_model(MODEL_OF(FORK(3, 70.09999847412109375, 1, 2) ", " DRY ", " RAIN));
    assert_int_equal(
        model_predict(model,
                      (const double[]){[MODEL_SUB2_DEGREES] = 70.1, [MODEL_SUB2_RAINING] = 0},
                      &probability),
        0);
    model_release(model);
}

static void
what_is_equal_goes_below(void **state)
{
    struct model *model = make_model(MODEL_OF(FORK(0, 6, 1, 2) ", " DRY ", " FORK(
        2, 0.5, 3, 4) ", " DRY ", " FORK(1, -0.0, 5, 6) ", " DRY ", " RAIN));
    double probability;

    assert_int_equal(predict(model, 6, 1, 1, &probability), 0);
    assert_int_equal(predict(model, 7, 1, 0, &probability), 0);
    assert_int_equal(predict(model, 7, 0, 1, &probability), 0);
    assert_int_equal(predict(model, 7, -0.0, 1, &probability), 0);
    assert_int_equal(predict(model, 7, 1e-45, 1, &probability), 1);
    /* rounded it is zero */
    assert_int_equal(predict(model, 7, 1e-46, 1, &probability), 0);
    model_release(model);
}

/* By name, whatever the order, and not all of them. */
static void
features_are_found_by_their_names(void **state)
{
    struct model *model = make_model(
        "{" MODEL_HEAD "\"features\": [{\"name\": \"sub2raining\", \"type\": \"int\"}, "
        "{\"name\": \"sub1degrees\", \"type\": \"float\"}], " MODEL_PARTS
        ", \"nodes\": [" FORK(0, 0.5, 1, 2) ", " DRY ", " FORK(1, 50, 3, 4) ", " RAIN ", " DRY
                                                                            "]}");
    static const struct {
        double degrees, rain;
        int raining;
    } cases[] = {{40, 0, 0}, {40, 1, 1}, {60, 1, 0}};

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        const double values[MODEL_N_FEATURES] = {
            [MODEL_MONTH] = 99,
            [MODEL_SUB1_DEGREES] = cases[i].degrees,
            [MODEL_SUB1_RAINING] = 99,
            [MODEL_SUB2_DEGREES] = 99,
            [MODEL_SUB2_RAINING] = cases[i].rain,
        };
        double probability;

        assert_int_equal(model_predict(model, values, &probability), cases[i].raining);
    }
    model_release(model);
}

static int
append(void *userdata, const void *data, size_t length)
{
    return fwrite(data, 1, length, userdata) == length ? 0 : -1;
}

static char *
write_model(const struct model *model)
{
    struct json_writer writer;
    size_t length;
    char *text;
    FILE *file = open_memstream(&text, &length);

    json_writer_init(&writer, append, file);
    model_write(model, NULL, &writer);
    assert_int_equal(json_writer_finish(&writer), 0);
    fclose(file);
    return text;
}

static void
it_is_written_as_it_was_read(void **state)
{
    struct model *model = make_model(MODEL_OF(
        FORK(2, 0.5, 1, 2) ", " DRY ", " FORK(1, 68.54000091552734, 3, 4) ", " RAIN ", " DRY));
    cleanup(free) char *text = write_model(model), *again = NULL;
    struct model *copy = make_model(text);

    assert_string_equal(
        text,
        "{\n"
        "  \"version\": 1,\n"
        "  \"predicts\": \"raining\",\n"
        "  \"features\": [\n"
        "    {\"name\": \"month\", \"type\": \"int\"},\n"
        "    {\"name\": \"sub1degrees\", \"type\": \"float\"},\n"
        "    {\"name\": \"sub1raining\", \"type\": \"int\"},\n"
        "    {\"name\": \"sub2degrees\", \"type\": \"float\"},\n"
        "    {\"name\": \"sub2raining\", \"type\": \"int\"}\n"
        "  ],\n"
        "  \"trained\": " MODEL_TRAINED ",\n"
        "  \"tested\": " MODEL_TESTED ",\n"
        "  \"nodes\": [\n"
        "    {\"feature\": 2, \"threshold\": 0.5, \"below\": 1, \"above\": 2},\n"
        "    {\"raining\": 0, \"counts\": [3, 1]},\n"
        "    {\"feature\": 1, \"threshold\": 68.54000091552734, \"below\": 3, \"above\": 4},\n"
        "    {\"raining\": 1, \"counts\": [1, 3]},\n"
        "    {\"raining\": 0, \"counts\": [3, 1]}\n"
        "  ]\n"
        "}\n");
    assert_true(model_is_same(model, copy));
    again = write_model(copy);
    assert_string_equal(text, again);
    model_release(copy);
    model_release(model);
}

static void
models_are_the_same_when_they_predict_alike(void **state)
{
    static const struct {
        const char *text;
        bool same;
    } cases[] = {
        {MODEL_AS_YESTERDAY, true},
        {"{\"nodes\": [{\"above\": 2, \"below\": 1, \"feature\": 2, \"threshold\": 5e-1}, " DRY
         ", " RAIN "], " MODEL_HEAD "\"features\": [" MODEL_FEATURES "], \"tested\": " MODEL_TESTED
         ", \"trained\": " MODEL_TESTED "}",
         true},
        {MODEL_OF(FORK(2, 0.5000000000000001, 1, 2) ", " DRY ", " RAIN), false},
        {MODEL_OF(FORK(4, 0.5, 1, 2) ", " DRY ", " RAIN), false},
        {MODEL_OF(FORK(2, 0.5, 2, 1) ", " DRY ", " RAIN), false},
        {MODEL_OF(FORK(2, 0.5, 1, 2) ", " DRY ", {\"raining\": 1, \"counts\": [0, 3]}"), false},
        {MODEL_OF(DRY), false},
        {"{" MODEL_HEAD "\"features\": [{\"name\": \"sub2raining\", \"type\": \"int\"}, "
         "{\"name\": \"sub1degrees\", \"type\": \"float\"}, {\"name\": \"sub1raining\", \"type\": "
         "\"int\"}], " MODEL_PARTS ", \"nodes\": [" FORK(2, 0.5, 1, 2) ", " DRY ", " RAIN "]}",
         false},
    };
    struct model *model = make_model(MODEL_AS_YESTERDAY);

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct model *other = make_model(cases[i].text);

        if (model_is_same(model, other) != cases[i].same)
            fail_msg("%s", cases[i].text);
        model_release(other);
    }
    assert_true(model_is_same(NULL, NULL));
    assert_false(model_is_same(model, NULL));
    assert_false(model_is_same(NULL, model));
    model_release(model);
}

/* The sanitizer sees one release too many, and one that is missing. */
static void
the_last_one_frees_it(void **state)
{
    struct model *model = make_model(MODEL_AS_YESTERDAY);
    double probability;

    assert_ptr_equal(model_hold(model), model);
    model_release(model);
    assert_int_equal(predict(model, 1, 1, 1, &probability), 1);
    model_release(model);
    assert_null(model_hold(NULL));
    model_release(NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_models_are_refused),
        cmocka_unit_test(there_may_be_65536_nodes),
        cmocka_unit_test(files_are_named_with_what_is_wrong),
        cmocka_unit_test(a_leaf_says_what_it_was_trained_with),
        cmocka_unit_test(degrees_are_rounded_before_they_are_compared),
        cmocka_unit_test(what_is_equal_goes_below),
        cmocka_unit_test(features_are_found_by_their_names),
        cmocka_unit_test(it_is_written_as_it_was_read),
        cmocka_unit_test(models_are_the_same_when_they_predict_alike),
        cmocka_unit_test(the_last_one_frees_it),
    };

    return cmocka_run_group_tests_name("model", tests, NULL, NULL);
}
