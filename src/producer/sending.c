/* SPDX-License-Identifier: MIT */

/*
 * Two positions move through the feed: what has been sent, and, behind it, what has been
 * acknowledged without a gap. Only the second is written to disk, so that after any death the
 * reports in between are sent again, in order; their dates are known to the consumers, which count
 * each once.
 */

#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "producer/producer_private.h"
#include "record/report_format.h"

#define SLICE_USEC 5000 /* of sending, until other events have their turn */

#define N_RENDERINGS 3 /* two schemas of protobuf, and JSON */

/* A report as a topic has it. Topics of one format share the payload. */
struct rendering {
    enum report_format format; /* REPORT_FORMAT_AUTO: none yet */
    enum report_schema schema;
    size_t length;
    uint8_t payload[REPORT_SIZE_MAX];
};

/* A report on its way into messages. */
struct outgoing {
    const struct report *report;
    struct rendering renderings[N_RENDERINGS];
    char partition[sizeof("2147483647")];
};

/* All days are sent, or it was told to stop: leave once nothing is on its way. */
void
producer_leave_when_done(struct producer *producer)
{
    if (producer->stopping && window_used(&producer->window) == 0)
        producer_leave(producer, EX_OK);
}

static bool
begin_day(struct producer *producer)
{
    if (producer->days_left == 0)
        producer->stopping = true;
    else
        producer->day_size = feed_day_size(producer->feed, producer->sent.days);
    if (producer->day_size == 0) {
        if (!producer->stopping)
            log_info(producer->log, "the feed ends after %llu %s",
                     (unsigned long long)producer->sent.days,
                     producer->records ? producer->records : "days");
        producer->stopping = true;
        return false;
    }
    if (!producer->records)
        producer->day = feed_day(producer->feed, producer->sent.days);
    producer->day_started = loop_now();
    return true;
}

static void
end_day(struct producer *producer)
{
    producer->day_size = 0;
    producer->sent.days++;
    producer->sent.reports = 0;
    if (producer->days_left != UINT64_MAX)
        producer->days_left--;
    if (producer->config.interval > 0)
        loop_set_timer(producer->day_timer, producer->day_started + producer->config.interval);
}

static const struct rendering *
render(struct outgoing *outgoing, const struct topic_settings *topic)
{
    struct rendering *rendering = outgoing->renderings;

    while (rendering->format != REPORT_FORMAT_AUTO &&
           (rendering->format != topic->format || rendering->schema != topic->schema))
        rendering++;
    if (rendering->format == REPORT_FORMAT_AUTO) {
        rendering->format = topic->format;
        rendering->schema = topic->schema;
        rendering->length =
            report_write(topic->format, topic->schema, outgoing->report, rendering->payload);
    }
    return rendering;
}

static void
put_key(struct outgoing *outgoing, const struct topic_settings *topic, struct sink_message *message)
{
    const struct report *report = outgoing->report;

    switch (topic->key) {
    case TOPIC_KEY_STATION:
        message->key = report->station;
        message->key_length = report->station_length;
        break;
    case TOPIC_KEY_MONTH:
        message->key = date_month_name(date_to_civil(report->date).month);
        message->key_length = strlen(message->key);
        break;
    case TOPIC_KEY_PARTITION:
        message->has_partition = true;
        message->partition =
            sink_place(report->station, report->station_length, (int32_t)topic->partitions);
        message->key = outgoing->partition;
        message->key_length = (size_t)snprintf(outgoing->partition, sizeof(outgoing->partition),
                                               "%d", (int)message->partition);
        break;
    }
}

static int
send_to_topic(struct producer *producer, struct outgoing *outgoing, size_t number,
              struct error *error)
{
    const struct topic_settings *topic = &producer->config.topics[number];
    const struct feed_record *record = &producer->record;
    struct sink_message message = {.topic = number, .number = producer->number};

    if (producer->records) {
        message.key = record->key;
        message.key_length = record->key ? strlen(record->key) : 0;
        message.payload = record->payload;
        message.payload_length = record->payload_length;
    } else {
        const struct rendering *rendering = render(outgoing, topic);

        message.payload = rendering->payload;
        message.payload_length = rendering->length;
        put_key(outgoing, topic, &message);
    }
    return sink_send(producer->sink, &message, error);
}

/* Of a record now is when its turn comes: it is the same in all topics, however long they wait. */
static bool
prepare(struct producer *producer)
{
    struct timespec now;
    int result;

    if (!producer->records)
        return true;
    clock_gettime(CLOCK_REALTIME, &now);
    result = feed_record(producer->feed, producer->sent.days,
                         now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000, &producer->record);
    if (result == 0)
        return true;
    log_event(producer->log, MESSAGE_FAULT, "number %llu of the %s: %s",
              (unsigned long long)producer->sent.days + 1, producer->records, strerror(-result));
    producer_leave(producer, EX_SOFTWARE);
    return false;
}

/* False when there is no room for now. */
static bool
send_report(struct producer *producer)
{
    bool twice = feed_is_duplicated(producer->feed, producer->sent.days, producer->sent.reports);
    size_t n_topics = producer->config.n_topics, n_messages = n_topics * (twice ? 2 : 1);
    struct outgoing outgoing;
    struct error error = ERROR_INIT;
    int result;

    if (!producer->opened) {
        if (window_used(&producer->window) == WINDOW_SIZE || !prepare(producer))
            return false;
        producer->number = window_open(&producer->window, (unsigned)n_messages);
        producer->opened = true;
    }
    outgoing.report = producer->records ? NULL : &producer->day[producer->sent.reports];
    for (size_t i = 0; i < N_RENDERINGS; i++)
        outgoing.renderings[i].format = REPORT_FORMAT_AUTO;
    for (; producer->message < n_messages; producer->message++) {
        result = send_to_topic(producer, &outgoing, producer->message % n_topics, &error);
        if (result < 0) {
            log_event(producer->log, MESSAGE_REPORT_FAILED, "%s", error.text);
            producer_leave(producer, EX_UNAVAILABLE);
        }
        if (result != 0)
            return false;
    }
    producer->message = 0;
    producer->opened = false;
    producer->sent.reports++;
    return true;
}

/*
 * With a bound on retries a failed report must have none behind it: each day is acknowledged before
 * the next.
 */
static bool
must_wait(const struct producer *producer)
{
    if (producer->paused || producer->topics || producer->leaving || producer->stopping)
        return true;
    if (producer->day_size > 0)
        return false;
    return loop_timer_is_set(producer->day_timer) ||
           (producer->config.retries != UINT64_MAX && window_used(&producer->window) > 0);
}

void
producer_send(struct producer *producer)
{
    uint64_t until = loop_now() + SLICE_USEC;
    unsigned count = 0;

    while (!must_wait(producer)) {
        if (producer->day_size == 0 && !begin_day(producer))
            break;
        if (!send_report(producer)) { /* it is tried again when there is room */
            log_repeated(producer->log, producer->samplers, MESSAGE_DEBUG, LOG_NO_FIELDS,
                         "sending waits: %zu %s are on their way", window_used(&producer->window),
                         producer->records ? producer->records : "reports");
            return;
        }
        if (producer->sent.reports == producer->day_size)
            end_day(producer);
        if (++count % 256 == 0 && loop_now() > until) {
            loop_go_on(producer->loop);
            return;
        }
    }
    producer_leave_when_done(producer);
}

void
producer_acknowledge(struct producer *producer, uint64_t number)
{
    uint64_t n = window_acknowledge(&producer->window, number);

    if (n == 0)
        return;
    producer->total += n;
    producer->dirty = true;
    producer->acknowledged.reports += n;
    for (;;) {
        size_t size = feed_day_size(producer->feed, producer->acknowledged.days);

        if (size == 0 || producer->acknowledged.reports < size)
            break;
        producer->acknowledged.reports -= size;
        producer->acknowledged.days++;
    }
    if (producer->down) {
        producer->down = false;
        if (producer->down_told)
            log_event(producer->log, MESSAGE_BROKER_REACHABLE, "connected again");
    }
    if (!loop_timer_is_set(producer->save_timer))
        loop_set_timer(producer->save_timer, loop_now() + SAVE_USEC);
}

/* The place of that number in the feed, by the way from the first that is not acknowledged. */
static struct position
find_place(struct producer *producer, uint64_t number)
{
    struct position position = producer->acknowledged;

    position.reports += number - producer->window.first;
    for (;;) {
        size_t size = feed_day_size(producer->feed, position.days);

        if (size == 0 || position.reports < size)
            break;
        position.reports -= size;
        position.days++;
    }
    return position;
}

static void
tell_failed_record(struct producer *producer, uint64_t index, const char *reason)
{
    struct feed_record record = {.key = NULL};
    struct log_fields fields = LOG_NO_FIELDS;

    feed_record(producer->feed, index, 0, &record);
    fields.station = record.key ? record.key : "none";
    log_event_at(producer->log, MESSAGE_REPORT_FAILED, fields,
                 "number %llu of the %s, with key %s, can't be delivered: %s; nothing behind it is "
                 "sent",
                 (unsigned long long)index + 1, producer->records, fields.station, reason);
}

static void
tell_failed_report(struct producer *producer, const struct position *position, const char *reason)
{
    char date[DATE_LENGTH + 1] = "", station[REPORT_STATION_MAX + 1] = "?";
    struct log_fields fields = LOG_NO_FIELDS;
    const struct report *reports = feed_day(producer->feed, position->days);

    if (reports) {
        const struct report *report = &reports[position->reports];

        date_format(report->date, date);
        snprintf(station, sizeof(station), "%.*s", (int)report->station_length, report->station);
        fields.station = station;
    }
    log_event_at(
        producer->log, MESSAGE_REPORT_FAILED, fields,
        "the report of station %s for %s can't be delivered: %s; nothing behind it is sent",
        station, date, reason);
}

void
producer_fail(struct producer *producer, uint64_t number, const char *reason)
{
    struct position position;

    if (producer->again || producer->leaving)
        return; /* what the failed client gives back will be sent by the next */
    position = find_place(producer, number);
    if (producer->records)
        tell_failed_record(producer, position.days, reason);
    else
        tell_failed_report(producer, &position, reason);
    producer->day_size = 0; /* the feed has gone there; nothing more is sent */
    sink_purge(producer->sink);
    producer_leave(producer, EX_UNAVAILABLE);
}
