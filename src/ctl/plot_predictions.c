/* SPDX-License-Identifier: MIT */

/*
 * The predictions of weatherd-forecast: a bar a partition, as long as they were right, marked where
 * who always says "dry" would be.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/chart.h"
#include "ctl/plot.h"

struct picture {
    size_t n_bars;
    struct chart_bar *bars;
    char **strings; /* two a bar */
};

static bool
is_shown(const struct snapshot_file *file)
{
    return file->good && file->is_forecast && outlook_scored(&file->outlook.score) > 0;
}

static int
add_bar(struct picture *picture, const struct snapshot_file *file, bool with_topic)
{
    const struct outlook_score *score = &file->outlook.score;
    char **strings = &picture->strings[2 * picture->n_bars], line[PREDICTIONS_LINE_SIZE];

    predictions_format_score(score, line);
    if (asprintf(&strings[0], "%s%spartition %" PRId32, with_topic ? file->topic : "",
                 with_topic ? ": " : "", file->number) < 0) {
        strings[0] = NULL;
        return -ENOMEM;
    }
    if (asprintf(&strings[1],
                 "%s; %" PRId64 " hits, %" PRId64 " false alarms, %" PRId64 " misses, %" PRId64
                 " correct negatives",
                 line, score->hits, score->false_alarms, score->misses,
                 score->correct_negatives) < 0) {
        strings[1] = NULL;
        return -ENOMEM;
    }
    picture->bars[picture->n_bars++] = (struct chart_bar){
        .label = strings[0],
        .note = strings[1],
        .value = 100 * outlook_accuracy(score),
        .mark = 100 * (1 - outlook_base_rate(score)),
    };
    return 0;
}

static int
fill(struct picture *picture, const struct snapshot *snapshot, const char **topicp)
{
    const struct snapshot_file *files = snapshot->files;
    const char *topic = NULL;
    bool several = false;
    int result = 0;

    picture->bars = calloc(snapshot->n_files + 1, sizeof(*picture->bars));
    picture->strings = calloc(2 * snapshot->n_files + 1, sizeof(*picture->strings));
    if (!picture->bars || !picture->strings)
        return -ENOMEM;
    for (size_t i = 0; i < snapshot->n_files; i++)
        if (is_shown(&files[i])) {
            several = several || (topic && strcmp(topic, files[i].topic) != 0);
            topic = files[i].topic;
        }
    for (size_t i = 0; i < snapshot->n_files && result == 0; i++)
        if (is_shown(&files[i]))
            result = add_bar(picture, &files[i], several);
    *topicp = several ? "several topics" : topic;
    return result;
}

char *
plot_predictions(const struct snapshot *snapshot, const struct predictions *predictions,
                 size_t *lengthp)
{
    char *text = NULL, line[PREDICTIONS_LINE_SIZE], subtitle[IDENTITY_NAME_SIZE + sizeof(line) + 2];
    struct picture picture = {.n_bars = 0};
    const char *topic;
    FILE *file = fill(&picture, snapshot, &topic) == 0 ? open_memstream(&text, lengthp) : NULL;

    if (file) {
        predictions_format_score(&predictions->score, line);
        snprintf(subtitle, sizeof(subtitle), "%s, %s", topic, line);
        chart_write(file, &(struct chart){
                              .title = "Predictions of rain by partition",
                              .subtitle = subtitle,
                              .unit = "right, in %",
                              .mark = "\"never rains\"",
                              .n_bars = picture.n_bars,
                              .bars = picture.bars,
                          });
        fclose(file);
    }
    for (size_t i = 0; picture.strings && i < 2 * snapshot->n_files; i++)
        free(picture.strings[i]);
    free(picture.strings);
    free(picture.bars);
    return text;
}
