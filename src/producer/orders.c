/* SPDX-License-Identifier: MIT */

/* An order is a hash of its number, so that any can be had without those before it. */

#include <stdio.h>

#include "common/date.h"
#include "producer/draw.h"
#include "producer/orders.h"

#define DAY_MSEC INT64_C(86400000)
#define ITEMS    1000
#define SECOND   1000 /* milliseconds */

static const struct address {
    const char *city;
    const char *state;
    int zipcode;
} addresses[] = {
    {"Mountain View", "CA", 94041}, {"Palo Alto", "CA", 94301},    {"San Francisco", "CA", 94103},
    {"Portland", "OR", 97205},      {"Seattle", "WA", 98101},      {"Denver", "CO", 80202},
    {"Austin", "TX", 78701},        {"Chicago", "IL", 60601},      {"Minneapolis", "MN", 55401},
    {"Nashville", "TN", 37203},     {"Philadelphia", "PA", 19103}, {"New York", "NY", 10001},
};

static int
orders_open(void **sourcep, const void *settings, struct error *error)
{
    *sourcep = (void *)settings;
    return 0;
}

static void
orders_close(void *source)
{
}

static void
orders_describe(const void *source, FILE *file)
{
    const struct orders_settings *settings = source;
    char start[DATE_LENGTH + 1];

    date_format(settings->start, start);
    fprintf(file, "orders, seed %llu, from %s", (unsigned long long)settings->seed, start);
}

/* Until the last millisecond that the calendar has. */
static uint64_t
orders_count(const void *source)
{
    const struct orders_settings *settings = source;

    return (uint64_t)(DATE_MAX - settings->start + 1) * (uint64_t)(DAY_MSEC / SECOND);
}

static void
orders_write(void *source, uint64_t number, int64_t now, struct record_draft *draft)
{
    const struct orders_settings *settings = source;
    uint64_t drawn = draw_seeded(settings->seed, number);
    const struct address *address =
        &addresses[(drawn >> 32) % (sizeof(addresses) / sizeof(addresses[0]))];
    struct json_writer *writer = &draft->writer;
    char item[32];

    draft->key = draft->room;
    snprintf(draft->room, sizeof(draft->room), "%llu", (unsigned long long)number);
    snprintf(item, sizeof(item), "Item_%d", (int)(drawn >> 16 & 0xffff) % ITEMS);
    json_writer_integer(writer, "ordertime",
                        settings->start * DAY_MSEC +
                            (int64_t)(number * SECOND + (drawn & 0xffff) % SECOND));
    json_writer_integer(writer, "orderid", (int64_t)number);
    json_writer_text(writer, "itemid", item);
    json_writer_begin(writer, "address", '{');
    json_writer_text(writer, "city", address->city);
    json_writer_text(writer, "state", address->state);
    json_writer_integer(writer, "zipcode", address->zipcode);
    json_writer_end(writer, '}');
}

const struct record_source orders_source = {
    .things = "orders",
    .open = orders_open,
    .close = orders_close,
    .describe = orders_describe,
    .count = orders_count,
    .write = orders_write,
};
