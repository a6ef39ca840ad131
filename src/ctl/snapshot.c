/* SPDX-License-Identifier: MIT */

/*
 * A directory is read file by file, as anybody may at any time: each file is one checkpoint, the set
 * of them is not. Whose it is and its layout are not in the settings of whoever looks, so they are
 * taken from the document: weatherd-forecast's has "score" and "stations"; with "partition", a first
 * member that holds objects, not numbers, is a month.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "common/values.h"
#include "consumer/layout.h"
#include "ctl/snapshot.h"
#include "forecast/outlook_json.h"
#include "stream/checkpoint.h"
#include "stream/lock.h"

#define TRIES 3 /* at a file that is replaced while it is read */

static inline void
closedir_pointer(DIR **stream)
{
    if (*stream)
        closedir(*stream);
}

static const struct partition_policy policy = {.max_stations = INT64_MAX};

int32_t
snapshot_number(const char *name)
{
    struct error error;
    char digits[16], whole[64];
    int64_t number;

    if (sscanf(name, "partition-%15[0-9].json", digits) != 1 ||
        value_parse_integer(digits, 0, INT32_MAX, &number, &error) < 0)
        return -1;
    snprintf(whole, sizeof(whole), "partition-%" PRId64 ".json", number);
    return strcmp(name, whole) == 0 ? (int32_t)number : -1;
}

struct shape {
    bool has_partition, decided, monthly;
    bool has_score, has_stations;
};

enum { LOOKED_ENOUGH = JSON_E_BAD + 1 };

/* The first member of a station is a number or a text, that of a month an object. */
static int
look_at_inner(void *userdata, const char *key, struct json_object *value, struct error *error)
{
    struct shape *shape = userdata;

    shape->decided = true;
    shape->monthly = json_is_object(value);
    return LOOKED_ENOUGH;
}

static int
look_at_member(void *userdata, const char *key, struct json_object *value, struct error *error)
{
    struct shape *shape = userdata;
    struct json_object *count;

    if (strcmp(key, "partition") == 0)
        shape->has_partition = true;
    if (strcmp(key, "score") == 0)
        shape->has_score = !json_find(value, "count", &count);
    if (strcmp(key, "stations") == 0)
        shape->has_stations = true;
    if (strcmp(key, "offset") != 0 && strcmp(key, "partition") != 0 && !shape->decided &&
        json_is_object(value)) {
        shape->monthly = date_month_parse(key) != 0; /* it may be one without years */
        json_each_member(value, look_at_inner, shape, error);
    }
    return shape->decided && (shape->has_partition || !shape->monthly) &&
                   shape->has_score == shape->has_stations
               ? LOOKED_ENOUGH
               : 0;
}

/* Stations of the consumer's may be called "score" and "stations", but such a score has a count. */
static bool
is_forecast(const struct shape *shape)
{
    return shape->has_score && shape->has_stations;
}

/* Called again, it begins anew. */
static int
load_document(struct snapshot_file *file, int directory, const char *name)
{
    cleanup(free) char *text = NULL;
    struct shape shape = {.decided = false};
    struct partition_settings settings = {
        .number = file->number,
        .shape = {.dates = MOMENT_ANY, .degrees = STATS_ANY, .has_windows = true},
        .window = {.kind = WINDOW_ANY},
    };
    size_t length;
    int result = checkpoint_load_text(directory, name, &text, &length, &file->error);

    partition_fini(&file->partition);
    outlook_fini(&file->outlook);
    if (result == 0)
        result = json_read_members(text, length, look_at_member, &shape, &file->error);
    if (result == LOOKED_ENOUGH)
        result = 0;
    settings.layout = shape.monthly && shape.has_partition ? PARTITION_MONTHLY : PARTITION_ANY;
    partition_init(&file->partition, &settings, &policy, 0);
    outlook_init(&file->outlook, &(struct outlook_settings){.number = file->number}, INT64_MAX, 0);
    file->is_forecast = is_forecast(&shape);
    if (result == 0 && file->is_forecast)
        result = outlook_json_ops.load(&file->outlook, text, length, &file->offset, &file->error);
    else if (result == 0)
        result = layout_ops.load(&file->partition, text, length, &file->offset, &file->error);
    if (result == JSON_E_BAD)
        return error_prefix(&file->error, CHECKPOINT_E_CORRUPT, "%s: ", name);
    return result;
}

/* The document, and when it was written: of the same file, though it may be replaced any time. */
static int
load_unchanged(struct snapshot_file *file, int directory, const char *name)
{
    struct stat before, after;
    int result;

    for (int i = 0;; i++) {
        if (fstatat(directory, name, &before, AT_SYMLINK_NOFOLLOW) < 0)
            return errno == ENOENT
                       ? CHECKPOINT_E_NONE
                       : error_set(&file->error, -errno, "%s: %s", name, strerror(errno));
        result = load_document(file, directory, name);
        file->written_at = before.st_mtim;
        file->inode = before.st_ino;
        if (i == TRIES || fstatat(directory, name, &after, AT_SYMLINK_NOFOLLOW) < 0 ||
            (before.st_ino == after.st_ino && before.st_mtim.tv_sec == after.st_mtim.tv_sec &&
             before.st_mtim.tv_nsec == after.st_mtim.tv_nsec))
            return result;
    }
}

static int
load_identity(struct snapshot_file *file, int directory, const char *topic)
{
    struct identity identity;
    int result;

    identity_init(&identity, "", file->number);
    result = identity_load(&identity, directory, &file->error);
    if (result == 0)
        strcpy(file->station, identity.station);
    snprintf(file->topic, sizeof(file->topic), "%s", result == 0 ? identity.topic : topic);
    return result == CHECKPOINT_E_NONE ? 0 : result;
}

int
snapshot_read_file(struct snapshot_file *file, int directory, const char *name, const char *topic)
{
    char lock[64];
    int result;

    *file = (struct snapshot_file){.number = snapshot_number(name), .end = -1, .rate = -1};
    snprintf(file->topic, sizeof(file->topic), "%s", topic);
    partition_init(&file->partition, &(struct partition_settings){.number = file->number}, &policy,
                   0);
    outlook_init(&file->outlook, &(struct outlook_settings){.number = file->number}, INT64_MAX, 0);
    if (file->number < 0) {
        error_set(&file->error, 0, "%s: is not called partition-N.json", name);
        return 0;
    }
    result = load_unchanged(file, directory, name);
    if (result == CHECKPOINT_E_NONE)
        return SNAPSHOT_E_NONE;
    file->good = result == 0;
    if (file->good)
        file->good = load_identity(file, directory, topic) == 0;
    snprintf(lock, sizeof(lock), ".partition-%" PRId32 ".lock", file->number);
    file->holder = lock_find_holder(directory, lock);
    return 0;
}

void
snapshot_file_fini(struct snapshot_file *file)
{
    partition_fini(&file->partition);
    outlook_fini(&file->outlook);
    free(file->path);
}

size_t
snapshot_entries(const struct snapshot_file *file)
{
    return file->is_forecast ? file->outlook.stations.n_stations
                             : partition_entries(&file->partition);
}

static int
add_file(struct snapshot *snapshot, const struct snapshot_place *place, int directory,
         const char *name)
{
    struct snapshot_file *files =
        reallocarray(snapshot->files, snapshot->n_files + 1, sizeof(*files));
    struct snapshot_file *file;

    if (!files)
        return -ENOMEM;
    snapshot->files = files;
    file = &files[snapshot->n_files];
    if (snapshot_read_file(file, directory, name, place->topic) == SNAPSHOT_E_NONE) {
        snapshot_file_fini(file);
        return 0;
    }
    snapshot->n_files++;
    if (snapshot->n_directories > 1)
        file->found_in =
            strcmp(file->topic, place->topic) == 0 ? SNAPSHOT_TOPIC : SNAPSHOT_ELSEWHERE;
    if (asprintf(&file->path, "%s/%s", place->directory, name) >= 0)
        return 0;
    file->path = NULL;
    return -ENOMEM;
}

static int
by_number(const void *left, const void *right)
{
    const struct snapshot_file *a = left, *b = right;

    return a->number < b->number ? -1 : a->number > b->number;
}

/* Whether it is met for the first time: a link or [topic NAME] may lead to one that was read. */
static bool
is_new_directory(struct snapshot *snapshot, int directory)
{
    struct snapshot_directory *directories =
        reallocarray(snapshot->directories, snapshot->n_directories + 1, sizeof(*directories));
    struct stat st;

    if (!directories)
        return false;
    snapshot->directories = directories;
    if (fstat(directory, &st) < 0)
        return false;
    for (size_t i = 0; i < snapshot->n_directories; i++)
        if (directories[i].device == st.st_dev && directories[i].inode == st.st_ino)
            return false;
    directories[snapshot->n_directories++] = (struct snapshot_directory){st.st_dev, st.st_ino};
    return true;
}

static bool
same_topic(const struct snapshot_file *a, const struct snapshot_file *b)
{
    return strcmp(a->topic, b->topic) == 0;
}

/* Within a directory numbers differ, so a copy is in another one than those before first. */
static void
mark_copies(struct snapshot *snapshot, size_t first)
{
    for (size_t i = first; i < snapshot->n_files; i++)
        for (size_t j = 0; j < first; j++) {
            struct snapshot_file *file = &snapshot->files[i], *earlier = &snapshot->files[j];

            if (file->number == earlier->number && same_topic(file, earlier) &&
                file->is_forecast == earlier->is_forecast)
                (file->found_in < earlier->found_in ? earlier : file)->is_copy = true;
        }
}

static void
drop_copies(struct snapshot *snapshot)
{
    size_t n_files = 0;

    for (size_t i = 0; i < snapshot->n_files; i++) {
        struct snapshot_file *file = &snapshot->files[i];

        if (!file->is_copy) {
            snapshot->files[n_files++] = *file;
            continue;
        }
        if (snapshot->n_copies++ == 0) {
            snapshot->copy = file->path;
            file->path = NULL;
        }
        snapshot_file_fini(file);
    }
    snapshot->n_files = n_files;
}

/* Files of a topic stand together, but for odd ones. */
static size_t
count_topics(const struct snapshot *snapshot)
{
    const struct snapshot_file *files = snapshot->files;
    size_t n_topics = 0;

    for (size_t i = 0; i < snapshot->n_files; i++) {
        size_t j = i > 0 && same_topic(&files[i - 1], &files[i]) ? i - 1 : 0;

        while (!same_topic(&files[j], &files[i]))
            j++;
        n_topics += j == i;
    }
    return n_topics;
}

static int
read_files(struct snapshot *snapshot, const struct snapshot_place *place, struct error *error)
{
    cleanup(closedir) DIR *stream = opendir(place->directory);
    size_t first = snapshot->n_files;
    struct dirent *entry;
    int result = 0;

    if (!stream)
        return error_set(error, -errno, "%s: %s", place->directory, strerror(errno));
    if (!is_new_directory(snapshot, dirfd(stream)))
        return 0;
    while (result == 0 && (entry = readdir(stream)))
        if (snapshot_number(entry->d_name) >= 0)
            result = add_file(snapshot, place, dirfd(stream), entry->d_name);
    if (snapshot->n_files > first)
        qsort(snapshot->files + first, snapshot->n_files - first, sizeof(*snapshot->files),
              by_number);
    mark_copies(snapshot, first);
    return result;
}

static int
is_topic(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && value_check_topic(entry->d_name, NULL) == 0;
}

/* A subdirectory that can't be read, or is none, has nothing to show. */
static int
read_subdirectories(struct snapshot *snapshot, const char *directory)
{
    struct dirent **entries = NULL;
    int n = scandir(directory, &entries, is_topic, alphasort);
    int result = 0;

    for (int i = 0; i < n; i++) {
        cleanup(free) char *path = NULL;
        struct snapshot_place place = {.topic = entries[i]->d_name};
        struct error ignored;

        if (asprintf(&path, "%s/%s", directory, entries[i]->d_name) < 0)
            path = NULL;
        place.directory = path;
        if (!path || read_files(snapshot, &place, &ignored) == -ENOMEM)
            result = -ENOMEM;
    }
    for (int i = 0; i < n; i++)
        free(entries[i]);
    free(entries);
    return result;
}

static int
read_further(struct snapshot *snapshot, const struct reader_settings *config)
{
    int result = 0;

    for (size_t i = 0; config && result != -ENOMEM && i < config->n_topics; i++) {
        struct snapshot_place place = {config->topics[i]->directory, config->topics[i]->name, NULL};
        struct error ignored;

        if (place.directory)
            result = read_files(snapshot, &place, &ignored);
    }
    return result == -ENOMEM ? result : 0;
}

int
snapshot_read(struct snapshot *snapshot, const struct snapshot_place *place, struct error *error)
{
    int result;

    *snapshot = (struct snapshot){.n_files = 0};
    result = read_files(snapshot, place, error);
    if (result == 0)
        result = read_subdirectories(snapshot, place->directory);
    if (result == 0)
        result = read_further(snapshot, place->config);
    if (result == -ENOMEM)
        error_set(error, result, "%s: %s", place->directory, strerror(ENOMEM));
    drop_copies(snapshot);
    snapshot->n_topics = count_topics(snapshot);
    return result;
}

void
snapshot_fini(struct snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->n_files; i++)
        snapshot_file_fini(&snapshot->files[i]);
    free(snapshot->files);
    free(snapshot->copy);
    free(snapshot->directories);
}

size_t
snapshot_complain(const struct snapshot *snapshot, const struct log *log)
{
    size_t n_bad = 0;

    if (snapshot->n_copies > 0)
        log_warning(log,
                    "%s: there is another file of this partition, so this one is left out%s; keep "
                    "copies elsewhere",
                    snapshot->copy, snapshot->n_copies > 1 ? ", and others like it" : "");
    for (size_t i = 0; i < snapshot->n_files; i++) {
        const struct snapshot_file *file = &snapshot->files[i];
        int directory_length = (int)(strrchr(file->path, '/') + 1 - file->path);

        if (file->good)
            continue;
        log_err(log, "%.*s%s", directory_length, file->path, file->error.text);
        n_bad++;
    }
    return n_bad;
}
