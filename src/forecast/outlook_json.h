/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * partition-N.json of an outlook, and the checks of every value on the way back:
 *
 * {"offset": 123, "partition": 2,
 *  "score": {"hits": 5, "false_alarms": 1, "misses": 2, "correct_negatives": 9,
 *            "accuracy": 0.82…, "base_rate": 0.41…; both left out before the first prediction's day},
 *  "model": {the model that predicts, whole; left out when there is none},
 *  "stations": {"A": {
 *      "days": [{"date": "2012-01-01", "degrees": 55.04, "raining": false,
 *                "predicted": 0, left out where nothing had been}, up to two, the earlier first],
 *      "prediction": {"date": "2012-01-03", "prediction": 1, "probability": 0.75}}, …}}
 *
 * The model goes with the offset: who starts again with this file predicts what was predicted.
 */

#include "forecast/outlook.h"
#include "stream/stream.h"

/* For a stream whose state is a struct outlook, without stations yet. It takes over the file's model. */
extern const struct stream_state_ops outlook_json_ops;

/* The members of a document that show --json has as well: "score"; "days" and "prediction" of a station. */
void outlook_json_write_score(struct json_writer *writer, const struct outlook_score *score);
void outlook_json_write_days(struct json_writer *writer, const struct outlook_station *station);
