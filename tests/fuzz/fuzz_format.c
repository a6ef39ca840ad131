/* SPDX-License-Identifier: MIT */

/*
 * Any bytes as a whole record, key and value (the first byte is the key's length), through all that
 * stands behind the broker: a record is read as its first byte says; applied twice it counts once,
 * or is invalid twice; the file that it leads to can be loaded and is then the same; and weatherctl
 * tail makes one line of JSON of it.
 */

#include "ctl/line.h"
#include "fuzz.h"
#include "record/framing.h"

static int
read_as_told(struct report_reader *reader, const uint8_t *value, size_t size, struct report *report)
{
    struct framing framing = {.payload = value, .length = size};

    if (size == 0 || (value[0] == 0 && framing_read(value, size, &framing, NULL) != 0))
        return -1;
    if (value[0] == '{' || framing.is_json)
        return report_json_read(&reader->json, framing.payload, framing.length, report, NULL);
    return report_protobuf_read(&reader->protobuf, reader->schema, framing.payload, framing.length,
                                report, NULL);
}

static void
check_reader(enum report_schema schema, const uint8_t *value, size_t size)
{
    struct report_reader reader = {.schema = schema}, told = {.schema = schema};
    struct error error = ERROR_INIT;
    struct report report, expected;
    int result = report_reader_read(&reader, value, size, &report, &error);

    must((result == 0) == (read_as_told(&told, value, size, &expected) == 0), "%s", error.text);
    if (result == 0)
        must_be_same(&report, &expected);
    else
        must_explain(&error);
    report_reader_fini(&told);
    report_reader_fini(&reader);
}

static void
check_partition(const struct partition_settings *settings, const uint8_t *value, size_t size)
{
    struct error error = ERROR_INIT;
    struct partition partition;
    enum partition_outcome first, second;
    char *text;

    fuzz_partition_init(&partition, settings);
    first = partition_apply(&partition, value, size, &error);
    second = partition_apply(&partition, value, size, &error);
    must(first == PARTITION_COUNTED ? second == PARTITION_DUPLICATE
                                    : first == PARTITION_INVALID && second == PARTITION_INVALID,
         "%d, %d", (int)first, (int)second);
    if (first == PARTITION_INVALID)
        must_explain(&error);
    must(partition.outcomes[first] + partition.outcomes[second] == 2u + 2u * (first == second),
         "a record is not counted as one");
    text = fuzz_partition_write(&partition, 2);
    fuzz_partition_must_come_back(settings, text);
    free(text);
    partition_fini(&partition);
}

static void
check_line(const struct line_record *record, struct report_reader *reader)
{
    cleanup(json_release) struct json_object *root = NULL;
    struct error error = ERROR_INIT;
    static char text[1 << 16];
    static FILE *file;

    if (!file)
        file = fmemopen(text, sizeof(text), "w");
    rewind(file);
    must((reader ? line_write_report(file, record, reader) : line_write_raw(file, record)) == 0 &&
             fputc('\0', file) == 0 && fflush(file) == 0,
         "%m");
    must(strchr(text, '\n') == text + strlen(text) - 1, "%s", text);
    must(json_read(text, strlen(text), &root, &error) == 0, "%s: %s", error.text, text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t key = size > 0 && data[0] < size ? data[0] : 0, before = key + (size > 0);
    struct line_record record = {.key = data + (size > 0),
                                 .key_length = key,
                                 .payload = data + before,
                                 .payload_length = size - before};
    struct report_reader reader = {.format = REPORT_FORMAT_AUTO};

    for (enum report_schema schema = REPORT_SCHEMA_REPORT; schema <= REPORT_SCHEMA_STATION_REPORT;
         schema++)
        check_reader(schema, record.payload, record.payload_length);
    for (size_t i = 0; i < N_FUZZ_SETTINGS; i++)
        check_partition(&fuzz_settings[i], record.payload, record.payload_length);
    check_line(&record, NULL);
    check_line(&record, &reader);
    report_reader_fini(&reader);
    return 0;
}
