/* SPDX-License-Identifier: MIT */

/*
 * Reports in JSON, a line each on stdin, to predictions on stdout, and the document of their partition,
 * number 7, to a file: what weatherd-forecast does with them, without Kafka. A line "#" stands for a
 * restart: the document is written and loaded again.
 *
 *     foresee MODEL DOCUMENT <REPORTS >PREDICTIONS
 */

#include <stdio.h>
#include <stdlib.h>

#include "forecast/outlook_json.h"

static const struct outlook_settings settings = {.number = 7, .format = REPORT_FORMAT_JSON};

static _Noreturn void
fail(const struct error *error)
{
    fprintf(stderr, "foresee: %s\n", error->text);
    exit(1);
}

static int
append(void *userdata, const void *data, size_t length)
{
    return fwrite(data, 1, length, userdata) == length ? 0 : -1;
}

static void
write_document(struct outlook *outlook, int64_t offset, FILE *file)
{
    struct json_writer writer;

    json_writer_init(&writer, append, file);
    outlook_json_ops.write(outlook, offset, &writer);
    if (json_writer_finish(&writer) != 0 || fclose(file) != 0)
        abort();
}

static void
start_again(struct outlook *outlook, int64_t offset)
{
    cleanup(free) char *text = NULL;
    struct error error = ERROR_INIT;
    size_t length;

    write_document(outlook, offset, open_memstream(&text, &length));
    outlook_fini(outlook);
    outlook_init(outlook, &settings, 100, (uint64_t)offset);
    if (outlook_json_ops.load(outlook, text, length, &offset, &error) != 0)
        fail(&error);
}

static void
apply(struct outlook *outlook, const char *line, size_t length)
{
    struct outlook_prediction prediction;
    struct error error = ERROR_INIT;
    char text[OUTLOOK_SIZE_MAX];

    if (outlook_apply(outlook, line, length, &prediction, &error) == OUTLOOK_INVALID)
        fail(&error);
    if (prediction.made)
        printf("%.*s\n", (int)outlook_format(&prediction, text), text);
}

int
main(int argc, char **argv)
{
    cleanup(free) char *line = NULL;
    struct error error = ERROR_INIT;
    struct outlook outlook;
    struct model *model;
    size_t room = 0;
    int64_t offset = 0;
    ssize_t length;
    FILE *file;

    if (argc != 3) {
        fputs("Usage: foresee MODEL DOCUMENT\n", stderr);
        return 64;
    }
    if (model_load(argv[1], &model, &error) != 0)
        fail(&error);
    outlook_init(&outlook, &settings, 100, 1);
    outlook_set_model(&outlook, model);
    model_release(model);
    while ((length = getline(&line, &room, stdin)) > 0) {
        if (line[0] == '#')
            start_again(&outlook, offset);
        else
            apply(&outlook, line, (size_t)length);
        offset += line[0] != '#';
    }
    file = fopen(argv[2], "w");
    if (!file)
        abort();
    write_document(&outlook, offset, file);
    outlook_fini(&outlook);
    return 0;
}
