/* SPDX-License-Identifier: MIT */

/* The exported tree: read with suspicion, walked, written again a node a line. */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "common/json_fields.h"
#include "common/json_writer.h"
#include "forecast/model.h"
#include "stream/checkpoint.h"

#define SHAPE_VERSION 1
#define WAY_OUT       "export the tree again with rain_train --export"
#define COUNTS_MAX    (INT64_C(1) << 52) /* two of them are a double without rounding */

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

/* What a feature's values are brought into before they are compared: as rain_train's table has it. */
static const struct {
    const char *name, *type;
} features[MODEL_N_FEATURES] = {
    [MODEL_MONTH] = {"month", "int"},
    [MODEL_SUB1_DEGREES] = {"sub1degrees", "float"},
    [MODEL_SUB1_RAINING] = {"sub1raining", "int"},
    [MODEL_SUB2_DEGREES] = {"sub2degrees", "float"},
    [MODEL_SUB2_RAINING] = {"sub2raining", "int"},
};

/* A fork, or, where children are 0, a leaf. */
struct node {
    double threshold;
    int64_t feature; /* index into the model's */
    int64_t below, above;
    int64_t counts[2]; /* dry days, rainy days */
    int64_t raining;
};

/* Which days it was trained or tested with, and how often who was right. */
struct part {
    int32_t from, to;
    int64_t rows, raining;
    double accuracy, never_rains, as_yesterday;
    unsigned known; /* a bit a field */
};

struct model {
    unsigned references;
    struct part trained, tested;
    size_t n_features;
    enum model_feature features[MODEL_N_FEATURES];
    size_t n_nodes;
    struct node *nodes;
};

#define PART_FIELD(member, kind, ...)                                                              \
    {                                                                                              \
#member, kind, offsetof(struct part, member), __VA_ARGS__                                  \
    }

static const struct json_field part_fields[] = {
    PART_FIELD(from, JSON_DATE, false),
    PART_FIELD(to, JSON_DATE, false),
    PART_FIELD(rows, JSON_INTEGER, false, 0, COUNTS_MAX),
    PART_FIELD(raining, JSON_INTEGER, false, 0, COUNTS_MAX),
    PART_FIELD(accuracy, JSON_SHARE, true),
    PART_FIELD(never_rains, JSON_SHARE, true),
    PART_FIELD(as_yesterday, JSON_SHARE, true),
};

enum { N_PART_FIELDS = N_ELEMENTS(part_fields), N_PART_NEEDED = 4 };

static int
read_part(struct json_object *object, bool tested, struct part *part, struct error *error)
{
    int result = json_load_fields(object, part_fields, N_PART_FIELDS, part, &part->known, error);

    for (size_t i = N_PART_NEEDED; result == 0 && tested && i < N_PART_FIELDS; i++)
        if (!(part->known & 1u << i))
            result = error_set(error, JSON_E_BAD, "lacks \"%s\"", part_fields[i].name);
    if (result == 0 && part->raining > part->rows)
        result = error_set(error, JSON_E_BAD, "\"raining\" is %lld, must be at most \"rows\", %lld",
                           (long long)part->raining, (long long)part->rows);
    return result == 0 ? 0 : error_prefix(error, result, tested ? "\"tested\" " : "\"trained\" ");
}

/* ---- features ---- */

struct feature_text {
    const char *name, *type;
};

static int
find_feature(const char *name, struct error *error)
{
    for (int i = 0; i < MODEL_N_FEATURES; i++)
        if (strcmp(name, features[i].name) == 0)
            return i;
    return error_set(error, -1,
                     "\"name\" is \"%.100s\", must be one of month, sub1degrees, sub1raining, "
                     "sub2degrees, sub2raining",
                     name);
}

static int
read_feature(struct model *model, struct json_object *object, struct error *error)
{
    static const struct json_field fields[] = {
        {"name", JSON_TEXT, offsetof(struct feature_text, name), false, 0, 0},
        {"type", JSON_TEXT, offsetof(struct feature_text, type), false, 0, 0},
    };
    struct feature_text text;
    int feature;

    if (json_load_fields(object, fields, N_ELEMENTS(fields), &text, NULL, error) != 0)
        return JSON_E_BAD;
    feature = find_feature(text.name, error);
    if (feature < 0)
        return JSON_E_BAD;
    if (strcmp(text.type, features[feature].type) != 0)
        return error_set(error, JSON_E_BAD, "\"type\" of \"%s\" is \"%.100s\", must be \"%s\"",
                         text.name, text.type, features[feature].type);
    for (size_t i = 0; i < model->n_features; i++)
        if (model->features[i] == (enum model_feature)feature)
            return error_set(error, JSON_E_BAD, "\"%s\" stands twice", text.name);
    model->features[model->n_features++] = (enum model_feature)feature;
    return 0;
}

static int
take_feature(void *userdata, size_t index, struct json_object *value, struct error *error)
{
    return read_feature(userdata, value, error) == 0
               ? 0
               : error_prefix(error, JSON_E_BAD, "features[%zu]: ", index);
}

static int
read_features(struct model *model, struct json_object *array, struct error *error)
{
    size_t n_features;
    int result = json_count_elements(array, "features", MODEL_N_FEATURES, &n_features, error);

    return result == 0 ? json_each_element(array, take_feature, model, error) : result;
}

/* ---- nodes ---- */

static int
read_fork(const struct model *model, size_t index, struct json_object *object, struct node *node,
          struct error *error)
{
    static const struct json_field fields[] = {
        {"feature", JSON_INTEGER, offsetof(struct node, feature), false, 0, MODEL_N_FEATURES - 1},
        {"threshold", JSON_NUMBER, offsetof(struct node, threshold), false, 0, 0},
        {"below", JSON_INTEGER, offsetof(struct node, below), false, 1, MODEL_NODES_MAX},
        {"above", JSON_INTEGER, offsetof(struct node, above), false, 1, MODEL_NODES_MAX},
    };
    int result = json_load_fields(object, fields, N_ELEMENTS(fields), node, NULL, error);

    if (result == 0 && (size_t)node->feature >= model->n_features)
        return error_set(error, JSON_E_BAD, "\"feature\" is %lld, must be less than %zu",
                         (long long)node->feature, model->n_features);
    for (int i = 0; result == 0 && i < 2; i++) {
        int64_t child = i == 0 ? node->below : node->above;
        const char *name = i == 0 ? "below" : "above";

        if (child <= (int64_t)index)
            return error_set(error, JSON_E_BAD, "\"%s\" is %lld, must be greater than %zu", name,
                             (long long)child, index);
        if (child >= (int64_t)model->n_nodes)
            return error_set(error, JSON_E_BAD, "\"%s\" is %lld, must be less than %zu", name,
                             (long long)child, model->n_nodes);
    }
    return result;
}

static int
take_count(void *userdata, size_t index, struct json_object *value, struct error *error)
{
    int64_t *counts = userdata;
    int result = json_get_integer(value, 0, COUNTS_MAX, &counts[index], error);

    return result == 0 ? 0 : error_prefix(error, result, "counts[%zu] ", index);
}

struct leaf_text {
    int64_t raining;
    struct json_object *counts;
};

static int
read_leaf(struct json_object *object, struct node *node, struct error *error)
{
    static const struct json_field fields[] = {
        {"raining", JSON_INTEGER, offsetof(struct leaf_text, raining), false, 0, 1},
        {"counts", JSON_VALUE, offsetof(struct leaf_text, counts), false, 0, 0},
    };
    struct leaf_text text;
    size_t n_counts;

    if (json_load_fields(object, fields, N_ELEMENTS(fields), &text, NULL, error) != 0 ||
        json_count_elements(text.counts, "counts", 2, &n_counts, error) != 0 ||
        json_each_element(text.counts, take_count, node->counts, error) != 0)
        return JSON_E_BAD;
    if (n_counts != 2)
        return error_set(error, JSON_E_BAD, "\"counts\" has 1 element, must have 2");
    if (node->counts[0] + node->counts[1] == 0)
        return error_set(error, JSON_E_BAD, "\"counts\" is [0, 0], must be of one day at least");
    node->raining = node->counts[1] > node->counts[0];
    if (text.raining != node->raining)
        return error_set(error, JSON_E_BAD,
                         "\"raining\" is %lld, must be %lld by \"counts\", [%lld, %lld]",
                         (long long)text.raining, (long long)node->raining,
                         (long long)node->counts[0], (long long)node->counts[1]);
    return 0;
}

static int
take_node(void *userdata, size_t index, struct json_object *value, struct error *error)
{
    struct model *model = userdata;
    struct node *node = &model->nodes[index];
    struct json_object *ignored;
    int result = json_find(value, "feature", &ignored) ? read_fork(model, index, value, node, error)
                                                       : read_leaf(value, node, error);

    return result == 0 ? 0 : error_prefix(error, result, "nodes[%zu]: ", index);
}

/*
 * Each node but the root has one parent. As parents come first, that makes them a tree: nothing is
 * unreachable, and nothing is shared.
 */
static int
check_parents(const struct model *model, struct error *error)
{
    cleanup(free) int64_t *parents = calloc(model->n_nodes, sizeof(*parents));

    if (!parents)
        return -ENOMEM;
    for (size_t i = 0; i < model->n_nodes; i++) {
        const int64_t children[] = {model->nodes[i].below, model->nodes[i].above};

        if (i > 0 && parents[i] == 0)
            return error_set(error, JSON_E_BAD, "nodes[%zu]: no node leads to it", i);
        for (size_t j = 0; children[0] && j < 2; j++) {
            if (parents[children[j]])
                return error_set(error, JSON_E_BAD,
                                 "nodes[%lld]: two ways lead to it, from nodes[%lld] and from "
                                 "nodes[%zu]",
                                 (long long)children[j], (long long)parents[children[j]] - 1, i);
            parents[children[j]] = (int64_t)i + 1;
        }
    }
    return 0;
}

static int
read_nodes(struct model *model, struct json_object *array, struct error *error)
{
    int result = json_count_elements(array, "nodes", MODEL_NODES_MAX, &model->n_nodes, error);

    if (result != 0)
        return result;
    model->nodes = calloc(model->n_nodes, sizeof(*model->nodes));
    if (!model->nodes)
        return -ENOMEM;
    result = json_each_element(array, take_node, model, error);
    return result == 0 ? check_parents(model, error) : result;
}

/* ---- the document ---- */

struct model_text {
    int64_t version;
    const char *predicts;
    struct json_object *features, *trained, *tested, *nodes;
};

#define TEXT_FIELD(member, kind, ...)                                                              \
    {                                                                                              \
#member, kind, offsetof(struct model_text, member), false, __VA_ARGS__                     \
    }

/* Of another version all may differ: nothing else is looked at then. */
static int
read_text(struct json_object *root, struct model_text *text, struct error *error)
{
    static const struct json_field fields[] = {
        TEXT_FIELD(version, JSON_INTEGER, SHAPE_VERSION, SHAPE_VERSION),
        TEXT_FIELD(predicts, JSON_TEXT, 0, 0),
        TEXT_FIELD(features, JSON_VALUE, 0, 0),
        TEXT_FIELD(trained, JSON_VALUE, 0, 0),
        TEXT_FIELD(tested, JSON_VALUE, 0, 0),
        TEXT_FIELD(nodes, JSON_VALUE, 0, 0),
    };
    struct json_object *version;

    if (json_find(root, "version", &version) &&
        json_get_integer(version, SHAPE_VERSION, SHAPE_VERSION, &text->version, error) != 0)
        return error_prefix(error, JSON_E_BAD, "\"version\" ");
    if (json_load_fields(root, fields, N_ELEMENTS(fields), text, NULL, error) != 0)
        return JSON_E_BAD;
    if (strcmp(text->predicts, "raining") != 0)
        return error_set(error, JSON_E_BAD, "\"predicts\" is \"%.100s\", must be \"raining\"",
                         text->predicts);
    return 0;
}

int
model_read(struct json_object *root, struct model **modelp, struct error *error)
{
    cleanup(model_release) struct model *model = calloc(1, sizeof(*model));
    struct model_text text;
    int result = read_text(root, &text, error);

    if (!model)
        return -ENOMEM;
    model->references = 1;
    if (result == 0)
        result = read_features(model, text.features, error);
    if (result == 0)
        result = read_part(text.trained, false, &model->trained, error);
    if (result == 0)
        result = read_part(text.tested, true, &model->tested, error);
    if (result == 0)
        result = read_nodes(model, text.nodes, error);
    if (result != 0)
        return result;
    *modelp = model;
    model = NULL;
    return 0;
}

int
model_load(const char *path, struct model **modelp, struct error *error)
{
    /* O_NONBLOCK: a FIFO of this name must not hang the start. */
    cleanup(close) int fd = TEMP_FAILURE_RETRY(open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    cleanup(json_release) struct json_object *root = NULL;
    int result;

    if (fd < 0)
        return error_set(error, -errno, "%s: %s; " WAY_OUT, path, strerror(errno));
    result = checkpoint_read(fd, path, MODEL_SIZE_MAX, &root, error);
    if (result == 0 && (result = model_read(root, modelp, error)) == JSON_E_BAD)
        error_prefix(error, 0, "%s: ", path);
    if (result == -ENOMEM)
        return error_set(error, result, "%s: no memory for it", path);
    return result == 0 ? 0 : error_append(error, result > 0 ? JSON_E_BAD : result, "; " WAY_OUT);
}

/* ---- writing ---- */

static void
write_part(struct json_writer *writer, const char *key, const struct part *part)
{
    json_writer_begin_line(writer, key, '{');
    json_writer_moment(writer, "from", moment_of_date(part->from));
    json_writer_moment(writer, "to", moment_of_date(part->to));
    json_writer_integer(writer, "rows", part->rows);
    json_writer_integer(writer, "raining", part->raining);
    for (size_t i = N_PART_NEEDED; i < N_PART_FIELDS; i++) {
        const void *share = (const char *)part + part_fields[i].offset;

        if (part->known & 1u << i)
            json_writer_number(writer, part_fields[i].name, *(const double *)share);
    }
    json_writer_end(writer, '}');
}

static void
write_node(struct json_writer *writer, const struct node *node)
{
    json_writer_begin_line(writer, NULL, '{');
    if (node->below) {
        json_writer_integer(writer, "feature", node->feature);
        json_writer_number(writer, "threshold", node->threshold);
        json_writer_integer(writer, "below", node->below);
        json_writer_integer(writer, "above", node->above);
    } else {
        json_writer_integer(writer, "raining", node->raining);
        json_writer_begin(writer, "counts", '[');
        json_writer_integer(writer, NULL, node->counts[0]);
        json_writer_integer(writer, NULL, node->counts[1]);
        json_writer_end(writer, ']');
    }
    json_writer_end(writer, '}');
}

void
model_write(const struct model *model, const char *key, struct json_writer *writer)
{
    json_writer_begin(writer, key, '{');
    json_writer_integer(writer, "version", SHAPE_VERSION);
    json_writer_text(writer, "predicts", "raining");
    json_writer_begin(writer, "features", '[');
    for (size_t i = 0; i < model->n_features; i++) {
        json_writer_begin_line(writer, NULL, '{');
        json_writer_text(writer, "name", features[model->features[i]].name);
        json_writer_text(writer, "type", features[model->features[i]].type);
        json_writer_end(writer, '}');
    }
    json_writer_end(writer, ']');
    write_part(writer, "trained", &model->trained);
    write_part(writer, "tested", &model->tested);
    json_writer_begin(writer, "nodes", '[');
    for (size_t i = 0; i < model->n_nodes; i++)
        write_node(writer, &model->nodes[i]);
    json_writer_end(writer, ']');
    json_writer_end(writer, '}');
}

/* ---- the tree ---- */

struct model *
model_hold(struct model *model)
{
    if (model)
        model->references++;
    return model;
}

void
model_release(struct model *model)
{
    if (!model || --model->references > 0)
        return;
    free(model->nodes);
    free(model);
}

bool
model_is_same(const struct model *a, const struct model *b)
{
    if (!a || !b)
        return a == b;
    /* What is not set is zero, and there is no -0. */
    return a->n_features == b->n_features && a->n_nodes == b->n_nodes &&
           memcmp(a->features, b->features, sizeof(a->features)) == 0 &&
           memcmp(a->nodes, b->nodes, a->n_nodes * sizeof(*a->nodes)) == 0;
}

int
model_predict(const struct model *model, const double values[MODEL_N_FEATURES],
              double *probabilityp)
{
    const double rounded[MODEL_N_FEATURES] = {
        [MODEL_MONTH] = values[MODEL_MONTH],
        [MODEL_SUB1_DEGREES] = (float)values[MODEL_SUB1_DEGREES],
        [MODEL_SUB1_RAINING] = values[MODEL_SUB1_RAINING],
        [MODEL_SUB2_DEGREES] = (float)values[MODEL_SUB2_DEGREES],
        [MODEL_SUB2_RAINING] = values[MODEL_SUB2_RAINING],
    };
    const struct node *node = model->nodes;

    while (node->below) {
        double value = rounded[model->features[node->feature]];

        node = &model->nodes[value <= node->threshold ? node->below : node->above];
    }
    *probabilityp = (double)node->counts[1] / (double)(node->counts[0] + node->counts[1]);
    return (int)node->raining;
}
