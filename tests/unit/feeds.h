/* SPDX-License-Identifier: MIT */
#pragma once

/* A feed of settings that are good, for the tests of what it gives. After cmocka's header. */

#include "producer/feed.h"

static inline struct feed *
make(const struct feed_settings *settings)
{
    struct error error = ERROR_INIT;
    struct feed *feed = NULL;

    if (feed_new(&feed, settings, &error) != 0)
        fail_msg("feed_new: %s", error.text);
    return feed;
}
