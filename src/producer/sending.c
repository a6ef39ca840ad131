/* SPDX-License-Identifier: MIT */

/*
 * Two positions move through the feed: what has been sent, and, behind it, what has been
 * acknowledged without a gap. Only the second is written to disk, so that after any death the
 * reports in between are sent again, in order; their dates are known to the consumers, which count
 * each once.
 */

#include <sysexits.h>

#include "producer/producer_private.h"
#include "record/report_protobuf.h"

#define SLICE_USEC 5000 /* of sending, until other events have their turn */

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
        producer->day = feed_day(producer->feed, producer->sent.days);
    if (!producer->day) {
        if (!producer->stopping)
            log_info(producer->log, "the feed ends after %llu days",
                     (unsigned long long)producer->sent.days);
        producer->stopping = true;
        return false;
    }
    producer->day_size = feed_day_size(producer->feed, producer->sent.days);
    producer->day_started = loop_now();
    return true;
}

static void
end_day(struct producer *producer)
{
    producer->day = NULL;
    producer->sent.days++;
    producer->sent.reports = 0;
    if (producer->days_left != UINT64_MAX)
        producer->days_left--;
    if (producer->config.interval > 0)
        loop_set_timer(producer->day_timer, producer->day_started + producer->config.interval);
}

/* False when there is no room for now. */
static bool
send_report(struct producer *producer)
{
    const struct report *report = &producer->day[producer->sent.reports];
    uint8_t payload[REPORT_PROTOBUF_MAX];
    bool twice = feed_is_duplicated(producer->feed, producer->sent.days, producer->sent.reports);
    size_t n_topics = producer->config.n_topics, n_messages = n_topics * (twice ? 2 : 1);
    struct sink_message message = {
        .key = report->station,
        .key_length = report->station_length,
        .payload = payload,
        .payload_length = report_protobuf_write(report, payload),
    };
    struct error error = ERROR_INIT;
    int result;

    if (!producer->opened) {
        if (window_used(&producer->window) == WINDOW_SIZE)
            return false;
        producer->number = window_open(&producer->window, (unsigned)n_messages);
        producer->opened = true;
    }
    message.number = producer->number;
    for (; producer->message < n_messages; producer->message++) {
        message.topic = producer->message % n_topics;
        result = sink_send(producer->sink, &message, &error);
        if (result < 0) {
            log_err(producer->log, "%s", error.text);
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
    if (producer->day)
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
        if (!producer->day && !begin_day(producer))
            break;
        if (!send_report(producer))
            return; /* it is tried again when there is room */
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
        log_notice(producer->log, "connected again");
    }
    if (!loop_timer_is_set(producer->save_timer))
        loop_set_timer(producer->save_timer, loop_now() + SAVE_USEC);
}

/* The report of that number, by the way from the first that is not acknowledged. */
static const struct report *
find_report(struct producer *producer, uint64_t number)
{
    struct position position = producer->acknowledged;
    const struct report *reports;

    position.reports += number - producer->window.first;
    for (;;) {
        size_t size = feed_day_size(producer->feed, position.days);

        if (size == 0 || position.reports < size)
            break;
        position.reports -= size;
        position.days++;
    }
    reports = feed_day(producer->feed, position.days);
    return reports ? &reports[position.reports] : NULL;
}

void
producer_fail(struct producer *producer, uint64_t number, const char *reason)
{
    const struct report *report;
    char date[DATE_LENGTH + 1] = "";

    if (producer->again || producer->leaving)
        return; /* what the failed client gives back will be sent by the next */
    report = find_report(producer, number);
    producer->day = NULL; /* find_report() has taken its place; nothing more is sent */
    if (report)
        date_format(report->date, date);
    log_err(producer->log,
            "the report of station %.*s for %s can't be delivered: %s; nothing behind it is sent",
            report ? (int)report->station_length : 1, report ? report->station : "?", date, reason);
    sink_purge(producer->sink);
    producer_leave(producer, EX_UNAVAILABLE);
}
