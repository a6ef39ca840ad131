/* SPDX-License-Identifier: MIT */

/*
 * The rules for what a report may hold, in one place: the decoders, the CSV
 * reader and the consumer ask here. Asked once a record, so a good report costs
 * three comparisons and one look at its station's bytes; words are made only
 * for a bad one.
 */

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/values.h"
#include "record/report.h"

#define SHOWN_MAX 48 /* bytes of a bad text that are put into a message */

/* An id that is not text must not reach a log as it is. */
void
report_show(const char *text, size_t length, char shown[REPORT_SHOWN_SIZE])
{
    size_t n = length < SHOWN_MAX ? length : SHOWN_MAX;

    for (size_t i = 0; i < n; i++) {
        unsigned char byte = (unsigned char)text[i];

        if (byte == '\\')
            shown += sprintf(shown, "\\\\");
        else if (byte >= 0x20 && byte < 0x7f)
            *shown++ = (char)byte;
        else
            shown += sprintf(shown, "\\x%02x", byte);
    }
    sprintf(shown, "%s", length > n ? "..." : "");
}

static int
refuse_station(const struct report *report, struct error *error)
{
    char shown[REPORT_SHOWN_SIZE];

    if (report->station_length == 0)
        return error_set(error, -EINVAL, "the station's id is empty, must have 1 to %d bytes",
                         REPORT_STATION_MAX);
    report_show(report->station, report->station_length, shown);
    if (report->station_length > REPORT_STATION_MAX)
        return error_set(error, -EINVAL, "the station's id \"%s\" has %zu bytes, at most %d", shown,
                         report->station_length, REPORT_STATION_MAX);
    return error_set(error, -EINVAL,
                     "the station's id \"%s\" must be valid UTF-8 without control characters",
                     shown);
}

int
report_check(const struct report *report, struct error *error)
{
    /* The subtraction makes one comparison of both limits: a length of 0 wraps around. */
    if (report->station_length - 1 >= REPORT_STATION_MAX ||
        !value_is_text(report->station, report->station_length))
        return refuse_station(report, error);
    if (!isfinite(report->degrees))
        return error_set(error, -EINVAL, "the degrees of %.*s are %f, must be a finite number",
                         (int)report->station_length, report->station, report->degrees);
    return 0;
}

void
report_copy_station(const struct report *report, char station[REPORT_STATION_MAX + 1])
{
    size_t length = report ? report->station_length : 0;

    if (length > REPORT_STATION_MAX || (report && !value_is_text(report->station, length)))
        length = 0;
    if (length > 0)
        memcpy(station, report->station, length);
    station[length] = '\0';
}
