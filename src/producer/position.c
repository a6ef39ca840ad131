/* SPDX-License-Identifier: MIT */

/* producer.json, and the window between what was sent and what is safe. */

#include <errno.h>
#include <string.h>

#include "producer/position.h"
#include "stream/checkpoint.h"

struct loading {
    struct position position;
    const char *feed;
    bool has_feed, has_days, has_reports;
};

static int
load_feed(struct loading *loading, struct json_object *value, struct error *error)
{
    const char *feed;
    int result = json_get_text(value, &feed, error);

    if (result == 0 && strcmp(feed, loading->feed) != 0)
        return error_set(error, JSON_E_BAD,
                         "is \"%.400s\", but the settings say \"%.400s\": a position in the one is "
                         "none in the other; restore the settings, or begin anew with --fresh",
                         feed, loading->feed);
    loading->has_feed = true;
    return result;
}

static int
load_member(void *userdata, const char *key, struct json_object *value, struct error *error)
{
    struct loading *loading = userdata;
    int64_t number = 0;
    int result;

    if (strcmp(key, "feed") == 0)
        result = load_feed(loading, value, error);
    else if (strcmp(key, "days") == 0 || strcmp(key, "reports") == 0)
        result = json_get_integer(value, 0, INT64_MAX - 1, &number, error);
    else
        result = error_set(error, JSON_E_BAD, "is an unknown key");
    if (result != 0)
        return error_prefix(error, result, "\"%.100s\" ", key);
    if (strcmp(key, "days") == 0) {
        loading->position.days = (uint64_t)number;
        loading->has_days = true;
    } else if (strcmp(key, "reports") == 0) {
        loading->position.reports = (uint64_t)number;
        loading->has_reports = true;
    }
    return 0;
}

int
position_load(struct position *position, int directory, const char *feed, struct error *error)
{
    cleanup(json_release) struct json_object *root = NULL;
    struct loading loading = {.feed = feed};
    int result = checkpoint_load(directory, POSITION_FILE, &root, error);

    if (result == CHECKPOINT_E_NONE)
        return POSITION_E_NONE;
    if (result == 0) {
        result = json_each_member(root, load_member, &loading, error);
        if (result == 0 && (!loading.has_feed || !loading.has_days || !loading.has_reports))
            result = error_set(error, JSON_E_BAD, "lacks \"feed\", \"days\" or \"reports\"");
        if (result == JSON_E_BAD)
            error_prefix(error, result, POSITION_FILE ": ");
    }
    if (result > 0 && !strstr(error->text, "--fresh"))
        error_append(error, result, "; restore the file, or begin anew with --fresh");
    if (result > 0)
        return POSITION_E_CORRUPT;
    if (result == 0)
        *position = loading.position;
    return result;
}

struct writing {
    const struct position *position;
    const char *feed;
};

static void
write_position(void *userdata, struct json_writer *writer)
{
    const struct writing *writing = userdata;

    json_writer_begin(writer, NULL, '{');
    json_writer_text(writer, "feed", writing->feed);
    json_writer_integer(writer, "days", (int64_t)writing->position->days);
    json_writer_integer(writer, "reports", (int64_t)writing->position->reports);
    json_writer_end(writer, '}');
}

int
position_store(const struct position *position, int directory, const char *feed,
               struct error *error)
{
    struct writing writing = {.position = position, .feed = feed};

    return checkpoint_store(directory, POSITION_FILE, write_position, &writing, error);
}

uint64_t
window_open(struct window *window, unsigned n_messages)
{
    window->pending[window->next % WINDOW_SIZE] = (uint16_t)n_messages;
    return window->next++;
}

uint64_t
window_acknowledge(struct window *window, uint64_t number)
{
    uint64_t first = window->first;

    window->pending[number % WINDOW_SIZE]--;
    while (window->first < window->next && window->pending[window->first % WINDOW_SIZE] == 0)
        window->first++;
    return window->first - first;
}
