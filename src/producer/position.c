/* SPDX-License-Identifier: MIT */

/* producer.json, and the window between what was sent and what is safe. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/values.h"
#include "producer/position.h"
#include "stream/checkpoint.h"

void
position_file_init(struct position_file *file, int directory, const char *feed)
{
    *file = (struct position_file){.directory = directory, .feed = feed};
}

void
position_file_fini(struct position_file *file)
{
    for (size_t i = 0; i < file->n_topics; i++)
        free(file->topics[i]);
    free(file->topics);
    position_file_init(file, file->directory, file->feed);
}

/* ---- the topics that it covers ---- */

static bool
is_listed(const struct position_file *file, const char *topic)
{
    for (size_t i = 0; i < file->n_topics; i++)
        if (strcmp(file->topics[i], topic) == 0)
            return true;
    return false;
}

bool
position_covers(const struct position_file *file, const char *topic)
{
    return file->covers_all || is_listed(file, topic);
}

int
position_cover(struct position_file *file, const char *topic, struct error *error)
{
    char **topics;

    if (is_listed(file, topic))
        return 0;
    if (file->n_topics == POSITION_TOPICS_MAX)
        return error_set(error, -E2BIG,
                         POSITION_FILE ": covers %d topics, which is the most there may be, and "
                                       "topic %s would be one more; begin anew with --fresh",
                         POSITION_TOPICS_MAX, topic);
    topics = reallocarray(file->topics, file->n_topics + 1, sizeof(*topics));
    if (!topics)
        return error_set(error, -ENOMEM, "out of memory");
    file->topics = topics;
    topics[file->n_topics] = strdup(topic);
    if (!topics[file->n_topics])
        return error_set(error, -ENOMEM, "out of memory");
    file->n_topics++;
    return 0;
}

/* ---- in ---- */

struct loading {
    struct position position;
    struct position_file *file;
    bool has_feed, has_days, has_reports, has_topics;
};

static int
load_feed(struct loading *loading, struct json_object *value, struct error *error)
{
    const char *feed;
    int result = json_get_text(value, &feed, error);

    if (result == 0 && strcmp(feed, loading->file->feed) != 0)
        return error_set(error, JSON_E_BAD,
                         "is \"%.400s\", but the settings say \"%.400s\": a position in the one is "
                         "none in the other; restore the settings, or begin anew with --fresh",
                         feed, loading->file->feed);
    loading->has_feed = true;
    return result;
}

static int
load_topic(void *userdata, size_t index, struct json_object *value, struct error *error)
{
    struct loading *loading = userdata;
    const char *topic;
    int result = json_get_text(value, &topic, error);

    if (result == 0 && value_check_topic(topic, error) < 0)
        result = error_prefix(error, JSON_E_BAD, "is wrong: ");
    if (result == 0 && is_listed(loading->file, topic))
        result = error_set(error, JSON_E_BAD, "is \"%s\", which stands there already", topic);
    if (result == 0 && index >= POSITION_TOPICS_MAX)
        result = error_set(error, JSON_E_BAD, "is one too many: at most %d", POSITION_TOPICS_MAX);
    if (result != 0)
        return error_prefix(error, result, "element %zu ", index);
    return position_cover(loading->file, topic, error);
}

static int
load_topics(struct loading *loading, struct json_object *value, struct error *error)
{
    loading->has_topics = true;
    return json_each_element(value, load_topic, loading, error);
}

static int
load_number(struct json_object *value, uint64_t *numberp, bool *hasp, struct error *error)
{
    int64_t number;
    int result = json_get_integer(value, 0, INT64_MAX - 1, &number, error);

    if (result == 0) {
        *numberp = (uint64_t)number;
        *hasp = true;
    }
    return result;
}

static int
load_member(void *userdata, const char *key, struct json_object *value, struct error *error)
{
    struct loading *loading = userdata;
    struct position *position = &loading->position;
    int result;

    if (strcmp(key, "feed") == 0)
        result = load_feed(loading, value, error);
    else if (strcmp(key, "days") == 0)
        result = load_number(value, &position->days, &loading->has_days, error);
    else if (strcmp(key, "reports") == 0)
        result = load_number(value, &position->reports, &loading->has_reports, error);
    else if (strcmp(key, "topics") == 0)
        result = load_topics(loading, value, error);
    else
        result = error_set(error, JSON_E_BAD, "is an unknown key");
    return result == 0 ? 0 : error_prefix(error, result, "\"%.100s\" ", key);
}

static int
load(struct loading *loading, struct error *error)
{
    cleanup(json_release) struct json_object *root = NULL;
    int result = checkpoint_load(loading->file->directory, POSITION_FILE, &root, error);

    if (result == CHECKPOINT_E_NONE)
        return POSITION_E_NONE;
    if (result == 0) {
        result = json_each_member(root, load_member, loading, error);
        if (result == 0 && (!loading->has_feed || !loading->has_days || !loading->has_reports))
            result = error_set(error, JSON_E_BAD, "lacks \"feed\", \"days\" or \"reports\"");
        if (result == JSON_E_BAD)
            error_prefix(error, result, POSITION_FILE ": ");
    }
    if (result > 0 && !strstr(error->text, "--fresh"))
        error_append(error, result, "; restore the file, or begin anew with --fresh");
    return result > 0 ? POSITION_E_CORRUPT : result;
}

int
position_load(struct position_file *file, struct position *position, struct error *error)
{
    struct position_file loaded = {.directory = file->directory, .feed = file->feed};
    struct loading loading = {.file = &loaded};
    int result = load(&loading, error);

    if (result != 0) {
        position_file_fini(&loaded);
        return result;
    }
    loaded.covers_all = !loading.has_topics;
    position_file_fini(file);
    *file = loaded;
    *position = loading.position;
    return 0;
}

/* ---- out ---- */

struct writing {
    const struct position_file *file;
    const struct position *position;
};

static void
write_position(void *userdata, struct json_writer *writer)
{
    const struct writing *writing = userdata;
    const struct position_file *file = writing->file;

    json_writer_begin(writer, NULL, '{');
    json_writer_text(writer, "feed", file->feed);
    json_writer_integer(writer, "days", (int64_t)writing->position->days);
    json_writer_integer(writer, "reports", (int64_t)writing->position->reports);
    if (!file->covers_all) {
        json_writer_begin(writer, "topics", '[');
        for (size_t i = 0; i < file->n_topics; i++)
            json_writer_text(writer, NULL, file->topics[i]);
        json_writer_end(writer, ']');
    }
    json_writer_end(writer, '}');
}

int
position_store(const struct position_file *file, const struct position *position,
               struct error *error)
{
    struct writing writing = {.file = file, .position = position};

    return checkpoint_store(file->directory, POSITION_FILE, write_position, &writing, error);
}

int
position_forget(struct position_file *file, bool *removedp, struct error *error)
{
    int result = unlinkat(file->directory, POSITION_FILE, 0) < 0 ? -errno : 0;
    int synced;

    /*
     * Also when there is none: an earlier --fresh may have been killed between the two calls, and a
     * file that a crash of the machine brings back would cover topics that were deleted since.
     */
    synced = (int)TEMP_FAILURE_RETRY(fsync(file->directory));
    if (result == 0 || result == -ENOENT) {
        *removedp = result == 0;
        result = synced < 0 ? -errno : 0;
    }
    if (result < 0)
        return error_set(error, result, POSITION_FILE ": can't be removed: %s; remove it by hand",
                         strerror(-result));
    position_file_fini(file);
    return 0;
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
