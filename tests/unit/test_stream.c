/* SPDX-License-Identifier: MIT */

/*
 * A stream from its files to its first contact with a log, and on. Kafka is a struct here: a log
 * with a first offset, an end and a gap; its records follow from their offset and from the epoch,
 * which changes when the topic is deleted and made again.
 */

#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "directory.h"
#include "stream/stream.h"

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

#define FILE_NAME   "partition-3.json"
#define SOURCE_NAME ".partition-3.source"
#define NO_FILE     (-1)
#define SEEKS_MAX   20
#define N_ANCHORS   3

struct kafka_log {
    int64_t first, end;
    int64_t gap, gap_end; /* no records from gap to gap_end - 1 */
    int64_t key_epoch, epoch, timestamp_epoch;
};

/* Takes the place of the one that asks librdkafka. */
int64_t
source_timestamp(const struct source *source, const struct source_record *record)
{
    const struct kafka_log *log = (const void *)source;

    return 1000 * record->offset + log->timestamp_epoch;
}

static const struct source *
as_source(const struct kafka_log *log)
{
    return (const void *)log;
}

/* A record, whose bytes live until the next one is made. */
static struct source_record
make_record(const struct kafka_log *log, int64_t offset)
{
    static char key[32], payload[64];

    return (struct source_record){
        .kind = SOURCE_RECORD,
        .offset = offset,
        .key = key,
        .key_length = (size_t)snprintf(key, sizeof(key), "k%" PRId64, log->key_epoch),
        .payload = payload,
        .payload_length =
            (size_t)snprintf(payload, sizeof(payload), "%" PRId64 " %" PRId64, log->epoch, offset),
    };
}

/* What the records add up to; their order counts. */
struct state {
    int64_t count, sum;
    int64_t first; /* applied since the start */
};

static int
load_member(void *userdata, const char *key, struct json_object *value, struct error *error)
{
    int64_t *numbers = userdata;
    size_t i = strcmp(key, "offset") == 0 ? 0 : strcmp(key, "count") == 0 ? 1 : 2;

    return json_get_integer(value, 0, INT64_MAX - 1, &numbers[i], error);
}

static int
load_state(void *userdata, const char *text, size_t length, int64_t *offsetp, struct error *error)
{
    struct state *state = userdata;
    int64_t numbers[3] = {-1, 0, 0};
    int result = json_read_members(text, length, load_member, numbers, error);

    if (result != 0)
        return result;
    if (numbers[0] < 0)
        return error_set(error, JSON_E_BAD, "lacks \"offset\"");
    *offsetp = numbers[0];
    state->count = numbers[1];
    state->sum = numbers[2];
    return 0;
}

static void
write_state(void *userdata, int64_t offset, struct json_writer *writer)
{
    const struct state *state = userdata;

    json_writer_begin(writer, NULL, '{');
    json_writer_integer(writer, "offset", offset);
    json_writer_integer(writer, "count", state->count);
    json_writer_integer(writer, "sum", state->sum);
    json_writer_end(writer, '}');
}

static const struct stream_state_ops state_ops = {.load = load_state, .write = write_state};

static struct stream_settings
settings_of(const struct directory *directory)
{
    return (struct stream_settings){
        .topic = "temperatures",
        .partition = 3,
        .directory = directory->path,
        .directory_fd = directory->fd,
        .instance = "test",
    };
}

static void
open_stream(struct stream *stream, const struct directory *directory, struct state *state)
{
    const struct stream_settings settings = settings_of(directory);
    struct error notice = ERROR_INIT, error = ERROR_INIT;

    *state = (struct state){.first = -1};
    if (stream_open(stream, &settings, &state_ops, state, &notice, &error) != 0)
        fail_msg("stream_open: %s", error.text);
}

static int
store(struct stream *stream, struct error *error)
{
    struct stream_store store = {.stream = stream};

    stream_store_all(&store, 1);
    *error = store.error;
    return store.result;
}

static void
store_stream(struct stream *stream)
{
    struct error error = ERROR_INIT;

    if (store(stream, &error) != 0)
        fail_msg("store: %s", error.text);
    assert_false(stream->dirty);
}

static void
apply(struct stream *stream, int64_t offset)
{
    struct state *state = stream->state;

    if (state->first < 0)
        state->first = offset;
    state->count++;
    state->sum = (state->sum * 31 + offset) % 1000003;
    stream_pass(stream, offset);
}

/* How reading went: its end, and all that was said on the way. */
struct reading {
    enum stream_verdict verdict; /* STREAM_SKIP: to the end of the log; STREAM_APPLY: interrupted */
    unsigned seeks;
    char messages[4096];
};

static void
note(struct reading *reading, const struct error *message)
{
    size_t length = strlen(reading->messages);

    snprintf(reading->messages + length, sizeof(reading->messages) - length, "%s", message->text);
}

/* One record, as the consumer does it. */
static enum stream_verdict
meet_record(struct stream *stream, const struct kafka_log *log, int64_t offset,
            struct reading *reading)
{
    struct source_record record = make_record(log, offset);
    enum stream_verdict verdict = STREAM_APPLY;
    bool is_next = stream_is_next(stream, offset);
    struct error message = ERROR_INIT;

    verdict = stream_meet(stream, as_source(log), &record, &message);
    if (is_next)
        assert_true(verdict == STREAM_APPLY && !message.text[0]);
    note(reading, &message);
    if (verdict == STREAM_APPLY) {
        apply(stream, offset);
        stream_remember(stream, as_source(log), &record);
    }
    return verdict;
}

/* From where the stream wants to begin until it wants something else, or n_records were met. */
static enum stream_verdict
read_on(struct stream *stream, const struct kafka_log *log, int64_t n_records,
        struct reading *reading)
{
    int64_t start = stream_start(stream);
    struct error message = ERROR_INIT;
    enum stream_verdict verdict;

    if (start == SOURCE_BEGINNING)
        start = log->first;
    assert_true(start >= 0);
    if (start < log->first || start > log->end) {
        verdict = stream_meet_range(stream, log->first, log->end, &message);
        assert_true(verdict != STREAM_APPLY && verdict != STREAM_SKIP);
        note(reading, &message);
        return verdict;
    }
    for (int64_t offset = start; offset < log->end; offset++) {
        if (offset >= log->gap && offset < log->gap_end)
            continue;
        if (n_records-- == 0)
            return STREAM_APPLY;
        verdict = meet_record(stream, log, offset, reading);
        if (verdict != STREAM_APPLY && verdict != STREAM_SKIP)
            return verdict;
    }
    verdict = stream_meet_end(stream, log->end, &message);
    assert_true(verdict != STREAM_APPLY && verdict != STREAM_LOST);
    note(reading, &message);
    return verdict;
}

static struct reading
read_log(struct stream *stream, const struct kafka_log *log, int64_t n_records)
{
    struct reading reading = {.seeks = 0};

    while ((reading.verdict = read_on(stream, log, n_records, &reading)) == STREAM_SEEK)
        if (++reading.seeks > SEEKS_MAX)
            fail_msg("it seeks for ever, to offset %" PRId64, stream_start(stream));
    return reading;
}

/* The files of one that had come to offset, with anchors as of the first epoch; the first 0: no
 * source file. */
static void
write_files(const struct directory *directory, int64_t offset, const int64_t anchors[N_ANCHORS])
{
    const struct kafka_log log = {.epoch = 0};
    struct state state = {.count = 0};
    struct stream stream = {
        .ops = &state_ops,
        .state = &state,
        .directory = directory->path,
        .directory_fd = directory->fd,
        .offset = offset,
    };

    identity_init(&stream.identity, "temperatures", 3);
    for (size_t i = 0; i < N_ANCHORS && anchors[i]; i++) {
        struct source_record record = make_record(&log, anchors[i]);
        struct identity_anchor *anchor = &stream.identity.anchors[stream.identity.n_anchors++];

        anchor->offset = anchors[i];
        anchor->timestamp = source_timestamp(as_source(&log), &record);
        anchor->crc =
            identity_crc(record.key, record.key_length, record.payload, record.payload_length);
    }
    store_stream(&stream);
    if (!anchors[0])
        unlinkat(directory->fd, SOURCE_NAME, 0);
    if (offset == NO_FILE)
        unlinkat(directory->fd, FILE_NAME, 0);
}

#define UNVERIFIED "it could not be verified that this is the topic that was read before: "
#define NONE_LEFT  UNVERIFIED "none of the records remembered is still there; going on at offset "
#define NO_SOURCE  UNVERIFIED "there is no source file beside the checkpoint; going on at offset "

/* clang-format off */
static const struct contact {
    const char *name;
    int64_t checkpoint;         /* the offset in it */
    int64_t anchors[N_ANCHORS]; /* the first 0: no source file */
    struct kafka_log log;
    /* what is expected */
    int64_t start;
    enum stream_verdict verdict;
    unsigned seeks;
    int64_t applied, n_applied, offset;
    const char *message; /* what it begins with; "": there is none */
} contacts[] = {
    /* Without a checkpoint. */
    {"the first contact of all", NO_FILE, {0}, {0, 5}, -2, STREAM_SKIP, 0, 0, 5, 5, ""},
    {"a log that has lost its beginning", NO_FILE, {0}, {100, 105}, -2, STREAM_SKIP, 0, 100, 5, 105,
     ""},
    {"an empty log", NO_FILE, {0}, {0, 0}, -2, STREAM_SKIP, 0, -1, 0, 0, ""},
    {"a log that has become empty", NO_FILE, {0}, {7, 7}, -2, STREAM_SKIP, 0, -1, 0, 7, ""},
    {"a log of nothing but a gap", NO_FILE, {0}, {0, 9, 0, 9}, -2, STREAM_SKIP, 0, -1, 0, 9, ""},
    {"anchors do not matter without a checkpoint",
     NO_FILE, {3, 9}, {0, 5, .epoch = 1}, -2, STREAM_SKIP, 0, 0, 5, 5, ""},
    /* Anchor met, equal. */
    {"the last record is met", 10, {3, 9}, {0, 15}, 9, STREAM_SKIP, 0, 10, 5, 15, ""},
    {"nothing new", 10, {3, 9}, {0, 10}, 9, STREAM_SKIP, 0, -1, 0, 10, ""},
    {"a gap right behind the anchor", 10, {9}, {0, 15, 10, 13}, 9, STREAM_SKIP, 0, 13, 2, 15, ""},
    {"an anchor a little before the offset", 10, {5}, {0, 15}, 5, STREAM_SKIP, 0, 10, 5, 15, ""},
    {"an anchor 10,000 before the offset is read over",
     20001, {10001}, {0, 20005}, 10001, STREAM_SKIP, 0, 20001, 4, 20005, ""},
    {"an anchor further before it is left by a seek",
     20002, {10001}, {0, 20005}, 10001, STREAM_SKIP, 1, 20002, 3, 20005, ""},
    {"a checkpoint older than its source file goes back",
     5, {3, 9}, {0, 15}, 9, STREAM_SKIP, 1, 5, 10, 15, ""},
    {"a checkpoint whose next record is the anchor",
     9, {3, 9}, {0, 15}, 9, STREAM_SKIP, 1, 9, 6, 15, ""},
    /* Anchor met, different. */
    {"other payloads", 10, {3, 9}, {0, 15, .epoch = 1}, 9, STREAM_REFUSE, 0, -1, 0, 10,
     "the record at offset 9 is not the one that was read before (timestamp 9000, CRC "},
    {"other keys", 10, {9}, {0, 15, .key_epoch = 1}, 9, STREAM_REFUSE, 0, -1, 0, 10,
     "the record at offset 9 is not the one that was read before (timestamp 9000, CRC "},
    {"other timestamps", 10, {9}, {0, 15, .timestamp_epoch = 1}, 9, STREAM_REFUSE, 0, -1, 0, 10,
     "the record at offset 9 is not the one that was read before (timestamp 9001, CRC "},
    /* The log jumps over the anchor. */
    {"compacted, an older anchor is left", 10, {3, 9}, {0, 15, 8, 10}, 9, STREAM_SKIP, 1, 10, 5, 15,
     ""},
    {"compacted, the older anchor differs",
     10, {3, 9}, {0, 15, 8, 10, .epoch = 1}, 9, STREAM_REFUSE, 1, -1, 0, 10,
     "the record at offset 3 is not"},
    {"compacted, the third anchor is left",
     10, {1, 3, 9}, {0, 15, 3, 10}, 9, STREAM_SKIP, 2, 10, 5, 15, ""},
    {"compacted, none is left", 10, {3, 9}, {0, 15, 2, 10}, 9, STREAM_SKIP, 2, 10, 5, 15,
     NONE_LEFT "10"},
    {"compacted beyond the offset", 10, {9}, {0, 15, 8, 12}, 9, STREAM_SKIP, 1, 12, 3, 15,
     NONE_LEFT "10"},
    {"the gap reaches to the end, an older anchor is left",
     10, {3, 9}, {0, 10, 8, 10}, 9, STREAM_SKIP, 1, -1, 0, 10, ""},
    {"the gap reaches to the end, none is left",
     10, {9}, {0, 12, 8, 12}, 9, STREAM_SKIP, 1, -1, 0, 10, NONE_LEFT "10"},
    /* The anchor is below the log's start. */
    {"all anchors passed by retention", 20, {3, 9}, {15, 25}, 9, STREAM_SKIP, 1, 20, 5, 25,
     NONE_LEFT "20"},
    {"retention has come to the offset itself",
     15, {3, 14}, {15, 25}, 14, STREAM_SKIP, 1, 15, 10, 25, NONE_LEFT "15"},
    {"the newest compacted, the others passed by retention",
     20, {1, 3, 19}, {15, 25, 18, 20}, 19, STREAM_SKIP, 2, 20, 5, 25, NONE_LEFT "20"},
    {"all has been deleted by retention", 15, {14}, {15, 15}, 14, STREAM_SKIP, 1, -1, 0, 15,
     NONE_LEFT "15"},
    {"the offset itself is gone", 10, {9}, {15, 25}, 9, STREAM_LOST, 0, -1, 0, 10,
     "the broker no longer has the records from offset 10 to 14 (5 of them), which were not read"},
    {"the offset is gone, and so is all that followed",
     10, {9}, {15, 15}, 9, STREAM_LOST, 0, -1, 0, 10,
     "the broker no longer has the records from offset 10 to 14 (5 of them)"},
    /* The log is shorter than it was. */
    {"the end is the offset of the last record", 10, {3, 9}, {0, 9}, 9, STREAM_REFUSE, 0, -1, 0, 10,
     "the log ends at offset 9, but the record before offset 10 has been read: "},
    {"the end is before the last record", 10, {3, 9}, {0, 8}, 9, STREAM_REFUSE, 0, -1, 0, 10,
     "the log ends at offset 8, but the record before offset 10 has been read: "},
    {"an empty log in the place of another", 10, {3, 9}, {0, 0}, 9, STREAM_REFUSE, 0, -1, 0, 10,
     "the log ends at offset 0, but the record before offset 10 has been read: "},
    {"the end is between anchor and offset", 10, {3}, {0, 5}, 3, STREAM_REFUSE, 0, -1, 0, 10,
     "the log ends at offset 5, but the record before offset 10 has been read: "},
    {"the end is before an anchor that is newer than the checkpoint",
     5, {3, 9}, {0, 8}, 9, STREAM_REFUSE, 0, -1, 0, 5,
     "the log ends at offset 8, but the record before offset 10 has been read: "},
    {"the end is at an anchor that is newer than the checkpoint",
     5, {3, 9}, {0, 9}, 9, STREAM_REFUSE, 0, -1, 0, 5,
     "the log ends at offset 9, but the record before offset 10 has been read: "},
    /* Without a source file. */
    {"a file of another program", 10, {0}, {0, 15}, 10, STREAM_SKIP, 0, 10, 5, 15, NO_SOURCE "10"},
    {"a file of another program, nothing new", 10, {0}, {0, 10}, 10, STREAM_SKIP, 0, -1, 0, 10,
     NO_SOURCE "10"},
    {"a file of another program, a shorter log", 10, {0}, {0, 9}, 10, STREAM_REFUSE, 0, -1, 0, 10,
     "the log ends at offset 9, but the record before offset 10 has been read: "},
    {"a file of another program, retention", 10, {0}, {11, 20}, 10, STREAM_LOST, 0, -1, 0, 10,
     "the broker no longer has the records from offset 10 to 10 (1 of them)"},
};

/* clang-format on */

static void
check_contact(const struct contact *contact, const struct reading *reading,
              const struct stream *stream)
{
    const struct state *state = stream->state;
    size_t length = strlen(contact->message);

    if (reading->verdict != contact->verdict)
        fail_msg("%s: verdict %d, not %d (%s)", contact->name, reading->verdict, contact->verdict,
                 reading->messages);
    if (reading->seeks != contact->seeks)
        fail_msg("%s: %u seeks, not %u", contact->name, reading->seeks, contact->seeks);
    if (state->count != contact->n_applied || state->first != contact->applied)
        fail_msg("%s: %" PRId64 " records applied from %" PRId64 " on, not %" PRId64
                 " from %" PRId64,
                 contact->name, state->count, state->first, contact->n_applied, contact->applied);
    if (stream->offset != contact->offset)
        fail_msg("%s: came to offset %" PRId64 ", not %" PRId64, contact->name, stream->offset,
                 contact->offset);
    if (strncmp(reading->messages, contact->message, length) != 0 ||
        (length == 0 && reading->messages[0]))
        fail_msg("%s: it says \"%s\", not \"%s\"", contact->name, reading->messages,
                 contact->message);
    /* A file is written at first contact even when there was no record. */
    if (reading->verdict == STREAM_SKIP && (stream->phase != STREAM_RUNNING || !stream->dirty))
        fail_msg("%s: in phase %d, dirty is %d", contact->name, stream->phase, stream->dirty);
}

static void
first_contact_follows_the_table(void **unused)
{
    for (size_t i = 0; i < N_ELEMENTS(contacts); i++) {
        cleanup(directory_remove) struct directory directory = directory_make();
        const struct contact *contact = &contacts[i];
        struct reading reading;
        struct stream stream;
        struct state state;

        write_files(&directory, contact->checkpoint, contact->anchors);
        open_stream(&stream, &directory, &state);
        assert_int_equal(stream.phase, STREAM_VERIFYING);
        if (stream_start(&stream) != contact->start)
            fail_msg("%s: starts at %" PRId64 ", not %" PRId64, contact->name,
                     stream_start(&stream), contact->start);
        reading = read_log(&stream, &contact->log, INT64_MAX);
        check_contact(contact, &reading, &stream);
        stream_close(&stream);
    }
}

/* What was met is on file: the next start has nothing to say and nothing to do. */
static void
the_next_start_says_nothing(void **unused)
{
    for (size_t i = 0; i < N_ELEMENTS(contacts); i++) {
        cleanup(directory_remove) struct directory directory = directory_make();
        const struct contact *contact = &contacts[i];
        struct state state, before;
        struct reading reading;
        struct stream stream;

        if (contact->verdict != STREAM_SKIP || contact->n_applied == 0)
            continue;
        write_files(&directory, contact->checkpoint, contact->anchors);
        open_stream(&stream, &directory, &state);
        read_log(&stream, &contact->log, INT64_MAX);
        store_stream(&stream);
        stream_close(&stream);
        before = state;

        open_stream(&stream, &directory, &state);
        reading = read_log(&stream, &contact->log, INT64_MAX);
        if (reading.verdict != STREAM_SKIP || reading.seeks > 0 || reading.messages[0])
            fail_msg("%s: at the next start verdict %d, %u seeks, \"%s\"", contact->name,
                     reading.verdict, reading.seeks, reading.messages);
        assert_int_equal(state.first, -1);
        assert_int_equal(state.count, before.count);
        assert_int_equal(state.sum, before.sum);
        assert_int_equal(stream.offset, contact->offset);
        stream_close(&stream);
    }
}

/* A log without a record leaves no anchor, and nothing that could have been verified. */
static void
an_empty_log_is_met_again(void **unused)
{
    static const struct kafka_log logs[][2] = {
        {{0, 0}, {0, 0}},
        {{0, 0}, {0, 5}},
        {{7, 7}, {7, 7}},
        {{7, 7}, {7, 12}},
    };

    for (size_t i = 0; i < N_ELEMENTS(logs); i++) {
        cleanup(directory_remove) struct directory directory = directory_make();
        struct reading reading;
        struct stream stream;
        struct state state;

        open_stream(&stream, &directory, &state);
        read_log(&stream, &logs[i][0], INT64_MAX);
        store_stream(&stream);
        stream_close(&stream);
        assert_true(directory_has(&directory, FILE_NAME));
        assert_true(directory_has(&directory, SOURCE_NAME));

        open_stream(&stream, &directory, &state);
        reading = read_log(&stream, &logs[i][1], INT64_MAX);
        assert_int_equal(reading.verdict, STREAM_SKIP);
        assert_int_equal(state.count, logs[i][1].end - logs[i][1].first);
        /* At offset 0 nothing had been read that could be another's now. */
        if (logs[i][1].first == 0 && reading.messages[0])
            fail_msg("log %zu: it says \"%s\"", i, reading.messages);
        stream_close(&stream);
    }
}

/* The first offset was asked for, and by the time that it was read the log had moved on. */
static void
a_log_that_shrinks_to_nothing_at_first_contact_has_an_offset(void **unused)
{
    cleanup(directory_remove) struct directory directory = directory_make();
    struct error message = ERROR_INIT;
    struct stream stream;
    struct state state;

    open_stream(&stream, &directory, &state);
    assert_int_equal(stream_meet_range(&stream, 7, 7, &message), STREAM_SEEK);
    assert_int_equal(stream_meet_end(&stream, 7, &message), STREAM_SKIP);
    assert_string_equal(message.text, "");
    assert_int_equal(stream.offset, 7);
    stream_close(&stream);
}

static void
doubt_verifies_again(void **unused)
{
    static const struct {
        struct kafka_log log;
        enum stream_verdict verdict;
        int64_t count;
        const char *message;
    } cases[] = {
        {{0, 8}, STREAM_SKIP, 8, ""},
        {{0, 12}, STREAM_SKIP, 12, ""},
        {{0, 12, .epoch = 1}, STREAM_REFUSE, 8, "the record at offset 7 is not the one"},
        {{0, 3}, STREAM_REFUSE, 8, "the log ends at offset 3, but the record before offset 8"},
        {{0, 7, .epoch = 1}, STREAM_REFUSE, 8, "the log ends at offset 7, but the record before"},
        {{8, 12}, STREAM_SKIP, 12, NONE_LEFT "8"},
        {{9, 12}, STREAM_LOST, 8, "the broker no longer has the records from offset 8 to 8 (1 of"},
    };

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        cleanup(directory_remove) struct directory directory = directory_make();
        const struct kafka_log before = {0, 8};
        struct reading reading;
        struct stream stream;
        struct state state;

        open_stream(&stream, &directory, &state);
        read_log(&stream, &before, INT64_MAX);
        assert_int_equal(stream_start(&stream), 8);
        stream_doubt(&stream);
        assert_int_equal(stream.phase, STREAM_VERIFYING);
        assert_int_equal(stream_start(&stream), 7);
        assert_false(stream_is_next(&stream, 8));
        reading = read_log(&stream, &cases[i].log, INT64_MAX);
        if (reading.verdict != cases[i].verdict || state.count != cases[i].count ||
            strncmp(reading.messages, cases[i].message, strlen(cases[i].message)) != 0 ||
            (!cases[i].message[0] && reading.messages[0]))
            fail_msg("case %zu: verdict %d, %" PRId64 " records, \"%s\"", i, reading.verdict,
                     state.count, reading.messages);
        stream_close(&stream);
    }
}

/* Out of range while running: the log is doubted, whatever its range is. */
static void
a_range_met_while_running_is_doubted(void **unused)
{
    static const struct {
        int64_t low, high;
        enum stream_verdict verdict;
    } cases[] = {
        {0, 8, STREAM_SEEK},   {0, 20, STREAM_SEEK}, {8, 8, STREAM_SEEK},  {0, 7, STREAM_REFUSE},
        {0, 0, STREAM_REFUSE}, {9, 9, STREAM_LOST},  {9, 30, STREAM_LOST},
    };

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        cleanup(directory_remove) struct directory directory = directory_make();
        const struct kafka_log log = {0, 8};
        struct error message = ERROR_INIT;
        struct stream stream;
        struct state state;
        enum stream_verdict verdict;

        open_stream(&stream, &directory, &state);
        read_log(&stream, &log, INT64_MAX);
        verdict = stream_meet_range(&stream, cases[i].low, cases[i].high, &message);
        if (verdict != cases[i].verdict)
            fail_msg("case %zu: verdict %d (%s)", i, verdict, message.text);
        assert_int_equal(message.text[0] != '\0', verdict != STREAM_SEEK);
        if (verdict == STREAM_SEEK)
            assert_int_equal(stream_start(&stream), 7);
        stream_close(&stream);
    }
}

static void
the_end_is_no_news_while_running(void **unused)
{
    cleanup(directory_remove) struct directory directory = directory_make();
    const struct kafka_log log = {0, 8};
    struct error message = ERROR_INIT;
    struct stream stream;
    struct state state;

    open_stream(&stream, &directory, &state);
    read_log(&stream, &log, INT64_MAX);
    store_stream(&stream);
    assert_int_equal(stream_meet_end(&stream, 8, &message), STREAM_SKIP);
    assert_int_equal(stream_meet_end(&stream, 9, &message), STREAM_SKIP);
    assert_string_equal(message.text, "");
    assert_int_equal(stream.offset, 8);
    assert_false(stream.dirty);
    stream_close(&stream);
}

/* Records that come again, as after a seek, are not applied again. */
static void
a_record_is_applied_once(void **unused)
{
    cleanup(directory_remove) struct directory directory = directory_make();
    const struct kafka_log log = {0, 8};
    struct reading reading = {.seeks = 0};
    struct stream stream;
    struct state state;

    open_stream(&stream, &directory, &state);
    read_log(&stream, &log, INT64_MAX);
    for (int64_t offset = 0; offset < 8; offset++) {
        assert_false(stream_is_next(&stream, offset));
        assert_int_equal(meet_record(&stream, &log, offset, &reading), STREAM_SKIP);
    }
    assert_true(stream_is_next(&stream, 8));
    assert_true(stream_is_next(&stream, 100)); /* over a gap */
    assert_int_equal(state.count, 8);
    stream_close(&stream);
}

/* What the broker had sent before a seek is older than what is asked for, and is passed over. */
static void
records_before_the_start_are_skipped(void **unused)
{
    cleanup(directory_remove) struct directory directory = directory_make();
    const struct kafka_log log = {0, 20, .epoch = 1};
    struct reading reading = {.seeks = 0};
    struct stream stream;
    struct state state;

    write_files(&directory, 10, (const int64_t[N_ANCHORS]){9});
    open_stream(&stream, &directory, &state);
    for (int64_t offset = 0; offset < 9; offset++)
        assert_int_equal(meet_record(&stream, &log, offset, &reading), STREAM_SKIP);
    assert_int_equal(stream.phase, STREAM_VERIFYING);
    assert_int_equal(meet_record(&stream, &log, 9, &reading), STREAM_REFUSE);
    stream_close(&stream);
}

/*
 * Runs over one log, each read to somewhere, stored or not, and killed; retention follows what is
 * stored. In the end the state is that of one straight run.
 */
static void
random_lives_come_to_the_same_state(void **unused)
{
    for (int i = 0; i < 40; i++) {
        cleanup(directory_remove) struct directory directory = directory_make();
        struct kafka_log log = {0, 1 + random() % 300};
        struct state state, straight = {.first = -1};
        struct stream stream = {.state = &straight};
        int64_t stored = 0;

        log.gap = random() % log.end;
        log.gap_end = log.gap + random() % 30;
        for (int64_t offset = 0; offset < log.end; offset++)
            if (offset < log.gap || offset >= log.gap_end)
                apply(&stream, offset);
        for (int life = 0;; life++) {
            bool last = life == 25;
            struct reading reading;

            open_stream(&stream, &directory, &state);
            do {
                reading = read_log(&stream, &log, last ? INT64_MAX : random() % 20);
                if (last || random() % 2) {
                    store_stream(&stream);
                    stored = stream.offset;
                }
                if (random() % 8 == 0)
                    stream_doubt(&stream);
            } while (reading.verdict == STREAM_APPLY && random() % 3);
            assert_true(reading.verdict == STREAM_APPLY || reading.verdict == STREAM_SKIP);
            stream_close(&stream);
            if (last)
                break;
            if (stored > log.first && random() % 3 == 0)
                log.first += random() % (stored - log.first + 1);
        }
        if (state.count != straight.count || state.sum != straight.sum)
            fail_msg("log %d: %" PRId64 " records, %" PRId64 " in a straight run", i, state.count,
                     straight.count);
    }
}

static void
bad_files_are_refused_and_left_alone(void **unused)
{
    static const struct {
        const char *name, *text, *message;
    } cases[] = {
        {FILE_NAME, "",
         "partition-3.json: is empty; restore the file, or move it away to start again from offset "
         "0"},
        {FILE_NAME, "{\"offset\": -1}",
         "partition-3.json: is -1, must be at least 0; restore the file, or move it away to start "
         "again from offset 0"},
        {FILE_NAME, "{}",
         "partition-3.json: lacks \"offset\"; restore the file, or move it away to start again "
         "from "
         "offset 0"},
        {FILE_NAME, "[]",
         "partition-3.json: is not an object; restore the file, or move it away to start again "
         "from "
         "offset 0"},
        {SOURCE_NAME, "",
         ".partition-3.source: is empty; restore the file, or remove it to go on without knowing "
         "whether the topic is still the same"},
        {SOURCE_NAME, "{\"topic\": \"stations\", \"partition\": 3, \"anchors\": []}",
         ".partition-3.source: \"topic\" is \"stations\", not \"temperatures\": this directory "
         "holds another topic's files; give each topic a directory of its own"},
    };

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        cleanup(directory_remove) struct directory directory = directory_make();
        const struct stream_settings settings = settings_of(&directory);
        struct error notice = ERROR_INIT, error = ERROR_INIT;
        struct state state = {.count = 0};
        struct stream stream;
        size_t length = strlen(directory.path);

        write_files(&directory, 10, (const int64_t[N_ANCHORS]){9});
        directory_write(&directory, cases[i].name, cases[i].text);
        assert_int_equal(stream_open(&stream, &settings, &state_ops, &state, &notice, &error),
                         STREAM_E_CORRUPT);
        assert_memory_equal(error.text, directory.path, length);
        assert_int_equal(error.text[length], '/');
        assert_string_equal(error.text + length + 1, cases[i].message);
        directory_assert_holds(&directory, cases[i].name, cases[i].text);

        /* The lock was given back. */
        unlinkat(directory.fd, cases[i].name, 0);
        open_stream(&stream, &directory, &state);
        stream_close(&stream);
    }
}

/* Without the file that counted its reports there is no reason to refuse those of another one. */
static void
the_station_goes_with_the_checkpoint(void **unused)
{
    static const char source[] = "{\"topic\": \"temperatures\", \"partition\": 3, "
                                 "\"station\": \"StationA\", \"anchors\": []}";
    cleanup(directory_remove) struct directory directory = directory_make();
    struct stream stream;
    struct state state;

    directory_write(&directory, FILE_NAME, "{\"offset\": 1, \"count\": 1, \"sum\": 0}");
    directory_write(&directory, SOURCE_NAME, source);
    open_stream(&stream, &directory, &state);
    assert_string_equal(stream.identity.station, "StationA");
    stream_close(&stream);

    unlinkat(directory.fd, FILE_NAME, 0);
    open_stream(&stream, &directory, &state);
    assert_string_equal(stream.identity.station, "");
    stream_close(&stream);
}

static void
a_second_one_is_told_who_holds_the_partition(void **unused)
{
    cleanup(directory_remove) struct directory directory = directory_make();
    const struct stream_settings settings = settings_of(&directory);
    struct error notice = ERROR_INIT, error = ERROR_INIT;
    struct stream first, second;
    struct state state;
    char expected[256];

    open_stream(&first, &directory, &state);
    assert_int_equal(stream_open(&second, &settings, &state_ops, &state, &notice, &error),
                     STREAM_E_HELD);
    snprintf(expected, sizeof(expected),
             "%s/.partition-3.lock: is held by process %lld test; stop it first", directory.path,
             (long long)getpid());
    assert_string_equal(error.text, expected);
    stream_close(&second);
    stream_close(&first);
    open_stream(&second, &directory, &state);
    stream_close(&second);
}

static void
a_missing_checkpoint_is_told(void **unused)
{
    cleanup(directory_remove) struct directory directory = directory_make();
    const struct stream_settings settings = settings_of(&directory);
    struct error notice = ERROR_INIT, error = ERROR_INIT;
    struct state state = {.count = 0};
    struct stream stream;
    char expected[256];

    write_files(&directory, NO_FILE, (const int64_t[N_ANCHORS]){3, 9});
    assert_int_equal(stream_open(&stream, &settings, &state_ops, &state, &notice, &error), 0);
    snprintf(expected, sizeof(expected),
             "%s/partition-3.json is missing, but the source file beside it says that offset 10 "
             "had been reached; starting again from the first record",
             directory.path);
    assert_string_equal(notice.text, expected);
    assert_int_equal(stream_start(&stream), SOURCE_BEGINNING);
    stream_close(&stream);

    /* Neither without any file nor with both is there a word. */
    notice.text[0] = '\0';
    write_files(&directory, 10, (const int64_t[N_ANCHORS]){3, 9});
    assert_int_equal(stream_open(&stream, &settings, &state_ops, &state, &notice, &error), 0);
    stream_close(&stream);
    unlinkat(directory.fd, FILE_NAME, 0);
    unlinkat(directory.fd, SOURCE_NAME, 0);
    assert_int_equal(stream_open(&stream, &settings, &state_ops, &state, &notice, &error), 0);
    stream_close(&stream);
    assert_string_equal(notice.text, "");
}

static void
what_the_broker_says_is_kept_and_compared(void **unused)
{
    cleanup(directory_remove) struct directory directory = directory_make();
    struct error message = ERROR_INIT;
    struct stream stream;
    struct state state;

    open_stream(&stream, &directory, &state);
    stream_learn(&stream, "", 0, &message);
    assert_false(stream.dirty);
    stream_learn(&stream, "first", 4, &message);
    assert_string_equal(message.text, "");
    assert_true(stream.dirty);
    store_stream(&stream);
    stream_close(&stream);

    open_stream(&stream, &directory, &state);
    stream_learn(&stream, "first", 4, &message);
    stream_learn(&stream, "", 0, &message);
    assert_string_equal(message.text, "");
    assert_false(stream.dirty);
    stream_learn(&stream, "second", 4, &message);
    assert_string_equal(message.text, "the cluster's id was first and is second now");
    assert_true(stream.dirty);
    stream.dirty = false;
    message.text[0] = '\0';
    stream_learn(&stream, "second", 6, &message);
    assert_string_equal(message.text, "the topic had 4 partitions and has 6 now: stations move to "
                                      "other partitions, where they are counted anew");
    assert_true(stream.dirty);
    store_stream(&stream);
    stream_close(&stream);

    message.text[0] = '\0';
    open_stream(&stream, &directory, &state);
    stream_learn(&stream, "second", 6, &message);
    assert_string_equal(message.text, "");
    stream_close(&stream);
}

static void
a_store_that_fails_leaves_it_dirty(void **unused)
{
    cleanup(directory_remove) struct directory directory = directory_make();
    const struct kafka_log log = {0, 8};
    struct error error = ERROR_INIT;
    struct stream stream;
    struct state state;
    char expected[256];

    open_stream(&stream, &directory, &state);
    read_log(&stream, &log, INT64_MAX);
    /* No file can take the name of a directory that is not empty. */
    assert_int_equal(mkdirat(directory.fd, FILE_NAME, 0755), 0);
    assert_int_equal(store(&stream, &error), -EISDIR);
    snprintf(expected, sizeof(expected), "%s/partition-3.json: can't be replaced: Is a directory",
             directory.path);
    assert_string_equal(error.text, expected);
    assert_true(stream.dirty);
    assert_false(directory_has(&directory, SOURCE_NAME));
    assert_int_equal(unlinkat(directory.fd, FILE_NAME, AT_REMOVEDIR), 0);
    store_stream(&stream);
    directory_assert_holds(&directory, FILE_NAME,
                           "{\n  \"offset\": 8,\n  \"count\": 8,\n  \"sum\": 653867\n}\n");
    assert_true(directory_has(&directory, SOURCE_NAME));
    stream_close(&stream);
}

/* ---- a gap that is passed, and the one station */

/* The files say 10, the log begins at 15: five are lost, and the rest is read once. */
static void
a_gap_is_passed_once_it_is_known(void **unused)
{
    static const struct {
        int64_t anchors[N_ANCHORS];
        struct kafka_log log;
        int64_t lost;
    } cases[] = {
        {{3, 9}, {15, 25}, 5},
        {{9}, {11, 25}, 1},
        {{0}, {15, 25}, 5},
        {{9}, {15, 15}, 5},
        {{9}, {1000000000000, 1000000000007}, 999999999990},
    };

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        cleanup(directory_remove) struct directory directory = directory_make();
        const struct kafka_log *log = &cases[i].log;
        struct reading reading;
        struct stream stream;
        struct state state;

        write_files(&directory, 10, cases[i].anchors);
        open_stream(&stream, &directory, &state);
        assert_int_equal(read_log(&stream, log, INT64_MAX).verdict, STREAM_LOST);
        assert_int_equal(stream.offset, 10); /* nobody has said yet to go on */
        assert_true(stream_pass_gap(&stream, log->first) == cases[i].lost);
        assert_true(stream.offset == log->first);
        assert_true(stream_start(&stream) == log->first);
        assert_true(stream_is_next(&stream, log->first));
        assert_false(stream_is_next(&stream, log->first - 1));
        assert_true(stream.dirty && stream.urgent);

        reading = read_log(&stream, log, INT64_MAX);
        assert_int_equal(reading.verdict, STREAM_SKIP);
        assert_string_equal(reading.messages, "");
        assert_int_equal(state.count, log->end - log->first);
        store_stream(&stream);
        assert_false(stream.urgent);
        stream_close(&stream);

        /* A start behind it knows nothing of a gap. */
        open_stream(&stream, &directory, &state);
        reading = read_log(&stream, log, INT64_MAX);
        assert_int_equal(reading.verdict, STREAM_SKIP);
        assert_true(stream.offset == log->end);
        assert_int_equal(state.first, -1);
        if (log->end > log->first)
            assert_string_equal(reading.messages, "");
        stream_close(&stream);
    }
}

/* Retention overtakes a stream that runs. */
static void
a_gap_is_passed_while_running(void **unused)
{
    cleanup(directory_remove) struct directory directory = directory_make();
    const struct kafka_log before = {0, 8}, after = {20, 30};
    struct error message = ERROR_INIT;
    struct reading reading;
    struct stream stream;
    struct state state;

    open_stream(&stream, &directory, &state);
    read_log(&stream, &before, INT64_MAX);
    store_stream(&stream);
    assert_int_equal(stream_meet_range(&stream, 20, 30, &message), STREAM_LOST);
    assert_string_equal(message.text, "the broker no longer has the records from offset 8 to 19 "
                                      "(12 of them), which were not read");
    assert_int_equal(stream_pass_gap(&stream, 20), 12);
    reading = read_log(&stream, &after, INT64_MAX);
    assert_int_equal(reading.verdict, STREAM_SKIP);
    assert_int_equal(state.count, 18);
    assert_int_equal(stream.offset, 30);
    stream_close(&stream);
}

static char *
read_station(const struct directory *directory)
{
    struct identity identity;
    struct error error = ERROR_INIT;

    identity_init(&identity, "temperatures", 3);
    if (identity_load(&identity, directory->fd, &error) != 0)
        fail_msg("%s", error.text);
    return strdup(identity.station);
}

/*
 * A checkpoint that stands on the station must not be on the disk before it. So when it can't be
 * written the station is there, and when the source file can't, the checkpoint is not.
 */
static void
the_station_is_on_disk_before_the_checkpoint(void **unused)
{
    cleanup(directory_remove) struct directory directory = directory_make();
    cleanup(free) char *before = NULL, *after = NULL, *station = NULL;
    const struct kafka_log log = {0, 8}, more = {0, 12};
    struct error error = ERROR_INIT;
    struct stream stream;
    struct state state;

    open_stream(&stream, &directory, &state);
    read_log(&stream, &log, INT64_MAX);
    store_stream(&stream);
    before = directory_read(&directory, FILE_NAME);

    /* The source file can't be written. */
    read_log(&stream, &more, INT64_MAX);
    stream_learn_station(&stream, "StationA");
    assert_int_equal(unlinkat(directory.fd, SOURCE_NAME, 0), 0);
    assert_int_equal(mkdirat(directory.fd, SOURCE_NAME, 0755), 0);
    assert_int_equal(store(&stream, &error), -EISDIR);
    assert_non_null(strstr(error.text, "/.partition-3.source: can't be replaced: Is a directory"));
    directory_assert_holds(&directory, FILE_NAME, before);
    assert_true(stream.dirty);
    assert_int_equal(unlinkat(directory.fd, SOURCE_NAME, AT_REMOVEDIR), 0);

    /* The checkpoint can't be written. */
    assert_int_equal(unlinkat(directory.fd, FILE_NAME, 0), 0);
    assert_int_equal(mkdirat(directory.fd, FILE_NAME, 0755), 0);
    assert_int_equal(store(&stream, &error), -EISDIR);
    assert_non_null(strstr(error.text, "/partition-3.json: can't be replaced: Is a directory"));
    station = read_station(&directory);
    assert_string_equal(station, "StationA");
    assert_true(stream.dirty);
    assert_int_equal(unlinkat(directory.fd, FILE_NAME, AT_REMOVEDIR), 0);

    /* That attempt was none: the next one begins with the source file as well. */
    assert_int_equal(unlinkat(directory.fd, SOURCE_NAME, 0), 0);
    assert_int_equal(mkdirat(directory.fd, SOURCE_NAME, 0755), 0);
    assert_int_equal(store(&stream, &error), -EISDIR);
    assert_false(directory_has(&directory, FILE_NAME));
    assert_int_equal(unlinkat(directory.fd, SOURCE_NAME, AT_REMOVEDIR), 0);
    store_stream(&stream);

    /* Once it is there, the order is the usual one again: a source file too new does no harm. */
    stream.dirty = true;
    assert_int_equal(unlinkat(directory.fd, SOURCE_NAME, 0), 0);
    assert_int_equal(unlinkat(directory.fd, FILE_NAME, 0), 0);
    assert_int_equal(mkdirat(directory.fd, FILE_NAME, 0755), 0);
    assert_int_equal(store(&stream, &error), -EISDIR);
    assert_false(directory_has(&directory, SOURCE_NAME));
    assert_int_equal(unlinkat(directory.fd, FILE_NAME, AT_REMOVEDIR), 0);
    store_stream(&stream);
    stream_close(&stream);

    open_stream(&stream, &directory, &state);
    assert_string_equal(stream.identity.station, "StationA");
    assert_int_equal(read_log(&stream, &more, INT64_MAX).verdict, STREAM_SKIP);
    stream_close(&stream);
}

/* Not even when it is the first of all that fails: nothing was lost, so the next start misses nothing. */
static void
a_fact_tells_of_no_checkpoint(void **unused)
{
    cleanup(directory_remove) struct directory directory = directory_make();
    const struct stream_settings settings = settings_of(&directory);
    const struct kafka_log log = {0, 8};
    struct error notice = ERROR_INIT, error = ERROR_INIT;
    struct stream stream;
    struct state state;

    open_stream(&stream, &directory, &state);
    read_log(&stream, &log, INT64_MAX);
    stream_learn_station(&stream, "StationA");
    assert_int_equal(mkdirat(directory.fd, FILE_NAME, 0755), 0);
    assert_int_equal(store(&stream, &error), -EISDIR);
    assert_int_equal(unlinkat(directory.fd, FILE_NAME, AT_REMOVEDIR), 0);
    stream_close(&stream);
    assert_true(directory_has(&directory, SOURCE_NAME));

    assert_int_equal(stream_open(&stream, &settings, &state_ops, &state, &notice, &error), 0);
    assert_string_equal(notice.text, "");
    stream_close(&stream);
}

/* Died between the two files: the next start knows the station, and reads the records again. */
static void
a_station_newer_than_the_checkpoint_is_known(void **unused)
{
    cleanup(directory_remove) struct directory directory = directory_make();
    cleanup(free) char *old = NULL;
    const struct kafka_log log = {0, 8}, more = {0, 12};
    struct reading reading;
    struct stream stream;
    struct state state;

    open_stream(&stream, &directory, &state);
    read_log(&stream, &log, INT64_MAX);
    store_stream(&stream);
    old = directory_read(&directory, FILE_NAME);
    stream_learn_station(&stream, "StationA");
    read_log(&stream, &more, INT64_MAX);
    store_stream(&stream);
    stream_close(&stream);
    directory_write(&directory, FILE_NAME, old);

    open_stream(&stream, &directory, &state);
    assert_string_equal(stream.identity.station, "StationA");
    reading = read_log(&stream, &more, INT64_MAX);
    assert_int_equal(reading.verdict, STREAM_SKIP);
    assert_string_equal(reading.messages, "");
    assert_int_equal(state.first, 8);
    assert_int_equal(state.count, 12);
    stream_close(&stream);
}

/* Nothing is continued: it may be another station's topic now, and a death must not bring it back. */
static void
a_station_without_a_checkpoint_is_forgotten(void **unused)
{
    cleanup(directory_remove) struct directory directory = directory_make();
    cleanup(free) char *kept = NULL, *forgotten = NULL;
    const struct kafka_log log = {0, 8};
    struct error error = ERROR_INIT;
    struct stream stream;
    struct state state;

    open_stream(&stream, &directory, &state);
    read_log(&stream, &log, INT64_MAX);
    stream_learn_station(&stream, "StationA");
    store_stream(&stream);
    stream_close(&stream);
    assert_int_equal(unlinkat(directory.fd, FILE_NAME, 0), 0);

    open_stream(&stream, &directory, &state);
    read_log(&stream, &log, INT64_MAX);
    assert_string_equal(stream.identity.station, "");
    kept = read_station(&directory);
    assert_string_equal(kept, "StationA"); /* until the next checkpoint, before which it goes */
    assert_int_equal(mkdirat(directory.fd, FILE_NAME, 0755), 0);
    assert_int_equal(store(&stream, &error), -EISDIR);
    forgotten = read_station(&directory);
    assert_string_equal(forgotten, "");
    stream_close(&stream);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_files_are_refused_and_left_alone),
        cmocka_unit_test(the_station_goes_with_the_checkpoint),
        cmocka_unit_test(a_second_one_is_told_who_holds_the_partition),
        cmocka_unit_test(a_missing_checkpoint_is_told),
        cmocka_unit_test(first_contact_follows_the_table),
        cmocka_unit_test(the_next_start_says_nothing),
        cmocka_unit_test(an_empty_log_is_met_again),
        cmocka_unit_test(a_log_that_shrinks_to_nothing_at_first_contact_has_an_offset),
        cmocka_unit_test(doubt_verifies_again),
        cmocka_unit_test(a_range_met_while_running_is_doubted),
        cmocka_unit_test(the_end_is_no_news_while_running),
        cmocka_unit_test(a_record_is_applied_once),
        cmocka_unit_test(records_before_the_start_are_skipped),
        cmocka_unit_test(random_lives_come_to_the_same_state),
        cmocka_unit_test(what_the_broker_says_is_kept_and_compared),
        cmocka_unit_test(a_store_that_fails_leaves_it_dirty),
        cmocka_unit_test(a_gap_is_passed_once_it_is_known),
        cmocka_unit_test(a_gap_is_passed_while_running),
        cmocka_unit_test(the_station_is_on_disk_before_the_checkpoint),
        cmocka_unit_test(a_fact_tells_of_no_checkpoint),
        cmocka_unit_test(a_station_newer_than_the_checkpoint_is_known),
        cmocka_unit_test(a_station_without_a_checkpoint_is_forgotten),
    };
    const char *given = getenv("SEED");
    unsigned seed = given ? (unsigned)strtoul(given, NULL, 10) : (unsigned)time(NULL);

    print_message("seed %u (SEED=%u repeats it)\n", seed, seed);
    srandom(seed);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
