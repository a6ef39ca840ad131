/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * What a partition's reports say of tomorrow: the last two days of each station, what a model says of
 * the day after them, and how often that was right. Pure: no input or output, no clock, no log, so
 * the same records and the same models give the same state and the same predictions, bit for bit.
 *
 * The first report of a station and date counts; one that does not say whether it rained is passed
 * over. A report of the day before a station's latest is still taken when that day is not known, any
 * earlier one is late. A prediction is made once both days before its date are known; it is scored
 * when the report of its date comes, and dropped unscored when a later day comes first.
 */

#include "common/error.h"
#include "forecast/model.h"
#include "record/report_format.h"
#include "record/stations.h"

/* What becomes of a record. */
enum outlook_outcome {
    OUTLOOK_COUNTED,
    OUTLOOK_DUPLICATE,  /* of a date that is known */
    OUTLOOK_LATE,       /* of an earlier one than can still be of use */
    OUTLOOK_INCOMPLETE, /* it does not say whether it rained */
    OUTLOOK_INVALID,
    OUTLOOK_N_OUTCOMES,
    /* The record was not dealt with; not counted. */
    OUTLOOK_NO_MEMORY = OUTLOOK_N_OUTCOMES,
};

/* What is wrong with an invalid record. */
enum outlook_fault {
    OUTLOOK_UNDECODABLE, /* it is no report at all */
    OUTLOOK_IMPOSSIBLE,
    OUTLOOK_FULL, /* the report of a new station, beside max_stations others */
};

struct outlook_day {
    int32_t date;
    double degrees;
    bool raining;
    int64_t predicted; /* what had been predicted of it and was scored, 0 or 1; -1: nothing */
};

/* What is known of a station. */
struct outlook_station {
    struct station_id id;
    size_t n_days;              /* 1 or 2 */
    struct outlook_day days[2]; /* the earlier first */
    bool has_prediction;        /* of the day after the last one */
    int raining;                /* what it says, 0 or 1, */
    double probability;         /* and how probable rain is */
};

/* Predictions whose day has come, in the words of those who verify forecasts. None counts beyond the maximum. */
#define OUTLOOK_SCORE_MAX (INT64_C(1) << 53)
struct outlook_score {
    int64_t hits;              /* rain was predicted, and it rained */
    int64_t false_alarms;      /* rain was predicted, and it was dry */
    int64_t misses;            /* a dry day was predicted, and it rained */
    int64_t correct_negatives; /* a dry day was predicted, and it was dry */
};

/* What does not change in the life of an outlook. */
struct outlook_settings {
    int32_t number; /* of its partition */
    enum report_format format;
    enum report_schema schema;
    const struct framing_ids *schema_ids; /* NULL: any; borrowed */
    const struct report_fields *fields;   /* of JSON, with dates; NULL: ours; borrowed */
};

struct outlook {
    int32_t number;
    int64_t max_stations; /* may be changed at any time */
    struct report_reader reader;
    struct stations stations; /* each a struct outlook_station */
    struct model *model;      /* NULL: no predictions are made; see outlook_set_model() */
    struct outlook_score score;
    struct outlook_undo {
        size_t station; /* index of what the last prediction has changed, */
        struct outlook_station before;
        struct outlook_score score; /* and how it was */
    } undo;
    uint64_t outcomes[OUTLOOK_N_OUTCOMES]; /* since the start of the process */
    enum outlook_fault fault;              /* of the last invalid record */
    char station[REPORT_STATION_MAX + 1];  /* its station; "": not known, or no text */
};

/* A prediction that a record has led to. */
struct outlook_prediction {
    bool made;           /* false: there is none, and the rest is not set */
    const char *station; /* terminated; valid until the next record */
    size_t station_length;
    int32_t date;
    int raining;        /* 0 or 1 */
    double probability; /* of rain, from 0 to 1 */
};

/* settings may go. The seed should be random; it has no influence on results. */
void outlook_init(struct outlook *outlook, const struct outlook_settings *settings,
                  int64_t max_stations, uint64_t seed);
void outlook_fini(struct outlook *outlook);

/*
 * From now on predictions are made by this model, to which the outlook takes a reference of its own;
 * NULL: none are made. Those that are pending stay.
 */
void outlook_set_model(struct outlook *outlook, struct model *model);

/* Its stations, in the order of their first appearance. Valid until one is added. */
static inline struct outlook_station *
outlook_stations(const struct outlook *outlook)
{
    return outlook->stations.elements;
}

/*
 * Takes one record into the state, counts its outcome and returns it; the reason of an invalid one is
 * in error. The prediction that it leads to, if any, is in *prediction.
 */
enum outlook_outcome outlook_apply(struct outlook *outlook, const void *payload, size_t length,
                                   struct outlook_prediction *prediction, struct error *error);

/*
 * Takes back the record that was applied last, which has led to a prediction: it will be applied
 * again.
 */
void outlook_undo(struct outlook *outlook);

/* Predictions that have been scored. */
int64_t outlook_scored(const struct outlook_score *score);

/* The share of right predictions, and that of rainy days among theirs; NAN before the first one. */
double outlook_accuracy(const struct outlook_score *score);
double outlook_base_rate(const struct outlook_score *score);

/*
 * Writes a prediction as a record's value, and returns how many bytes, not terminated:
 * {"station":"A","date":"2012-01-03","prediction":1,"probability":0.75}
 */
#define OUTLOOK_SIZE_MAX 640
size_t outlook_format(const struct outlook_prediction *prediction, char buffer[OUTLOOK_SIZE_MAX]);
