/* SPDX-License-Identifier: MIT */

/*
 * Any bytes as a decision tree: what is loaded says of any day 0 or 1 and how probable rain is, which
 * agree, and is the same model, with the same text and the same predictions, when it is written and
 * loaded again. What is refused is refused with a reason.
 */

#include "forecast/model.h"
#include "fuzz.h"

static const double months[] = {1, 6, 12};
static const double degrees[] = {-1e300, -0.0, 1e-46, 0.5, 70.1, 1e300};

enum { N_MONTHS = 3, N_DEGREES = 6, N_CASES = N_MONTHS * N_DEGREES * N_DEGREES * 4 };

/* A day of all that differ. */
static void
draw(int number, double values[MODEL_N_FEATURES])
{
    values[MODEL_SUB1_RAINING] = number & 1;
    values[MODEL_SUB2_RAINING] = number >> 1 & 1;
    number >>= 2;
    values[MODEL_SUB1_DEGREES] = degrees[number % N_DEGREES];
    values[MODEL_SUB2_DEGREES] = degrees[number / N_DEGREES % N_DEGREES];
    values[MODEL_MONTH] = months[number / N_DEGREES / N_DEGREES];
}

static void
check_predictions(const struct model *model, const struct model *copy)
{
    double values[MODEL_N_FEATURES], probability, again;

    for (int i = 0; i < N_CASES; i++) {
        int raining;

        draw(i, values);
        raining = model_predict(model, values, &probability);
        must(raining == 0 || raining == 1, "%d", raining);
        must(raining ? probability >= 0.5 && probability <= 1
                     : probability >= 0 && probability <= 0.5,
             "%d, %g", raining, probability);
        must(model_predict(copy, values, &again) == raining && again == probability, "%g, %g",
             probability, again);
    }
}

static char *
write_model(const struct model *model)
{
    static struct fuzz_text text;
    struct json_writer writer;

    text.length = 0;
    json_writer_init(&writer, fuzz_append, &text);
    model_write(model, NULL, &writer);
    must(json_writer_finish(&writer) == 0, "it could not be written");
    return strndup(text.bytes, text.length);
}

static struct model *
load(const void *data, size_t size, struct error *error)
{
    struct fuzz_file file = fuzz_file(data, size);
    struct model *model = NULL;

    return model_load(file.path, &model, error) == 0 ? model : NULL;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error = ERROR_INIT;
    struct model *model = load(data, size, &error), *copy;
    cleanup(free) char *text = NULL, *again = NULL;

    if (!model) {
        must_explain(&error);
        must(strstr(error.text, "; export the tree again with rain_train --export"), "%s",
             error.text);
        return 0;
    }
    text = write_model(model);
    copy = load(text, strlen(text), &error);
    must(copy, "%s\n%s", error.text, text);
    again = write_model(copy);
    must(strcmp(text, again) == 0, "%s\n%s", text, again);
    must(model_is_same(model, copy), "%s", text);
    check_predictions(model, copy);
    model_release(copy);
    model_release(model);
    return 0;
}
