/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A decision tree that says of a day, from the two days before it, whether it rains: trained by
 * spark's rain_train, exported by it as JSON (spark/README.md, "The model's file"), and evaluated
 * here to the very predictions that Spark gives.
 *
 * Reading believes nothing: what has been read is a tree, so that each way through it ends at a leaf.
 * A model does not change, and belongs to all who hold a reference to it; they are of one thread.
 */

#include "common/json.h"
#include "common/json_writer.h"

#define MODEL_NODES_MAX 65536
#define MODEL_SIZE_MAX  (16 << 20) /* bytes of a file */

/* What a tree may ask of a day; values are in this order, whatever the order in the model is. */
enum model_feature {
    MODEL_MONTH,        /* 1 to 12, of the day that is predicted */
    MODEL_SUB1_DEGREES, /* of the day before it */
    MODEL_SUB1_RAINING, /* 0 or 1 */
    MODEL_SUB2_DEGREES, /* of the day before that one */
    MODEL_SUB2_RAINING,
    MODEL_N_FEATURES,
};

struct model;

/*
 * Loads a file: 0, the model with one reference; JSON_E_BAD or a negative errno, with a message that
 * names the file, what is wrong with which value, and what to do.
 */
int model_load(const char *path, struct model **modelp, struct error *error);

/* Takes over the same from within a document: 0, JSON_E_BAD with a message, or -ENOMEM. */
int model_read(struct json_object *root, struct model **modelp, struct error *error);

/* Writes it whole, as the member key of the object that was begun last; NULL: as the document. */
void model_write(const struct model *model, const char *key, struct json_writer *writer);

/* One more reference, and one less: the last one frees the model. NULL is fine. */
struct model *model_hold(struct model *model);
void model_release(struct model *model);
CLEANUP_DEFINE(struct model *, model_release);

/*
 * Whether two models predict alike: the same features and nodes, to the last bit. What they were
 * trained and tested with may differ. NULL is like NULL.
 */
bool model_is_same(const struct model *a, const struct model *b);

/*
 * Whether it rains: 0 or 1, and the probability that it does, from 0 to 1. Values are finite; degrees
 * are rounded to single precision here, as they were when the tree was trained.
 */
int model_predict(const struct model *model, const double values[MODEL_N_FEATURES],
                  double *probabilityp);
