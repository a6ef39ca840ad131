/* SPDX-License-Identifier: MIT */
#pragma once

/* Models as texts, for the tests of what is done with them. After cmocka's header. */

#include <string.h>

#include "forecast/model.h"

#define MODEL_FEATURES                                                                             \
    "{\"name\": \"month\", \"type\": \"int\"}, {\"name\": \"sub1degrees\", \"type\": \"float\"}, " \
    "{\"name\": \"sub1raining\", \"type\": \"int\"}, {\"name\": \"sub2degrees\", \"type\": "       \
    "\"float\"}, {\"name\": \"sub2raining\", \"type\": \"int\"}"
#define MODEL_TRAINED                                                                              \
    "{\"from\": \"2012-01-03\", \"to\": \"2015-01-01\", \"rows\": 1095, \"raining\": 478}"
#define MODEL_TESTED                                                                               \
    "{\"from\": \"2015-01-02\", \"to\": \"2015-12-31\", \"rows\": 364, \"raining\": 144, "         \
    "\"accuracy\": 0.6978021978021978, \"never_rains\": 0.6043956043956044, \"as_yesterday\": "    \
    "0.7032967032967034}"
#define MODEL_PARTS "\"trained\": " MODEL_TRAINED ", \"tested\": " MODEL_TESTED
#define MODEL_HEAD  "\"version\": 1, \"predicts\": \"raining\", "

/* Of all features, in the order in which rain_train has them. */
#define MODEL_OF(nodes)                                                                            \
    "{" MODEL_HEAD "\"features\": [" MODEL_FEATURES "], " MODEL_PARTS ", \"nodes\": [" nodes "]}"

#define MODEL_DRY  "{\"raining\": 0, \"counts\": [3, 1]}"
#define MODEL_RAIN "{\"raining\": 1, \"counts\": [1, 3]}"

/* It rains on, as yesterday. */
#define MODEL_AS_YESTERDAY                                                                         \
    MODEL_OF("{\"feature\": 2, \"threshold\": 0.5, \"below\": 1, \"above\": 2}, " MODEL_DRY        \
             ", " MODEL_RAIN)

static inline int
read_model(const char *text, struct model **modelp, struct error *error)
{
    cleanup(json_release) struct json_object *root = NULL;

    if (json_read(text, strlen(text), &root, error) != 0)
        fail_msg("%s: %s", text, error->text);
    return model_read(root, modelp, error);
}

/* A model that is one. */
static inline struct model *
make_model(const char *text)
{
    struct error error = ERROR_INIT;
    struct model *model = NULL;

    if (read_model(text, &model, &error) != 0)
        fail_msg("%s: %s", text, error.text);
    return model;
}
