/* SPDX-License-Identifier: MIT */

/*
 * A strict reader of lines before inih, whose buffer has 200 bytes, whose
 * section names have 49, and which takes much for something it was not.
 *
 * inih is given each line by itself: ini_parse_string() tells whether the one
 * line was good, ini_parse_stream() over a file only which was the first bad
 * one. And it is given not the line but a stand-in of the same form: "[s]" for a
 * section, "key = v" for a key, whatever their length. That is short, begins at
 * the first column and has no value that could be cut. inih says which of the
 * forms it is and which part is the key; the key is then followed in the real
 * line, and where the two don't agree (inih takes "key: x" as well) it is
 * a mistake. The name of the section and the value come from the real line.
 */

#include <errno.h>
#include <ini.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/ini.h"
#include "common/values.h"

#define BLANKS          " \t"
#define BYTE_ORDER_MARK "\xef\xbb\xbf"
#define STAND_IN_SIZE   (INI_KEY_MAX + 1 + sizeof("= v\n")) /* well below inih's 200 */

#define STRING(number)        STRING_LITERAL(number)
#define STRING_LITERAL(token) #token

enum form {
    FORM_NOTHING, /* blank or a comment */
    FORM_SECTION,
    FORM_KEY,
    FORM_BAD,
};

struct inih_key {
    bool set;
    char text[STAND_IN_SIZE];
};

struct name {
    char *text;
    unsigned line;
};

struct names {
    struct name *names;
    size_t n_names;
};

struct reader {
    FILE *file;
    const struct ini_handler *handler;
    unsigned line;
    bool mistaken;
    bool in_section;       /* one has begun */
    bool section_accepted; /* otherwise its keys have nowhere to go and are passed over */
    char section[INI_SECTION_MAX + 1];
    struct names sections, keys; /* seen in the file, seen in the section */
    char text[INI_LINE_MAX + 2]; /* a CR and the terminating zero */
};

static void
names_clear(struct names *names)
{
    for (size_t i = 0; i < names->n_names; i++)
        free(names->names[i].text);
    free(names->names);
    *names = (struct names){.names = NULL};
}

/* Adds the name. Returns the line where it stood before, 0 if nowhere, or -ENOMEM. */
static int
names_add(struct names *names, const char *text, unsigned line)
{
    struct name *grown;

    for (size_t i = 0; i < names->n_names; i++)
        if (strcmp(names->names[i].text, text) == 0)
            return (int)names->names[i].line;
    grown = reallocarray(names->names, names->n_names + 1, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    names->names = grown;
    grown[names->n_names] = (struct name){.text = strdup(text), .line = line};
    if (!grown[names->n_names].text)
        return -ENOMEM;
    names->n_names++;
    return 0;
}

static void __attribute__((format(printf, 2, 3)))
mistake(struct reader *reader, const char *format, ...)
{
    struct error error;
    va_list args;

    va_start(args, format);
    vsnprintf(error.text, sizeof(error.text), format, args);
    va_end(args);
    reader->mistaken = true;
    reader->handler->mistake(reader->handler->userdata, reader->line, error.text);
}

/* What the handler answered: a refusal is a mistake of the file, other errors are the caller's. */
static int
judge(struct reader *reader, int answer, const struct error *error)
{
    if (answer != -EINVAL)
        return answer;
    mistake(reader, "%s", error->text);
    return 0;
}

char *
ini_trim(char *text)
{
    size_t length;

    text += strspn(text, BLANKS);
    length = strlen(text);
    while (length > 0 && strchr(BLANKS, text[length - 1]))
        length--;
    text[length] = '\0';
    return text;
}

static bool
is_line_of_text(const char *line)
{
    for (;;) {
        size_t length = strcspn(line, "\t");

        if (!value_is_text(line, length))
            return false;
        if (!line[length])
            return true;
        line += length + 1;
    }
}

int
ini_check_value(const char *value, struct error *error)
{
    if (strlen(value) > INI_LINE_MAX)
        return error_set(error, -EINVAL, "the value has more than %d bytes", INI_LINE_MAX);
    if (!is_line_of_text(value))
        return error_set(error, -EINVAL, "the value has a control character in it or is not UTF-8");
    if (*value == ';' || strstr(value, " ;") || strstr(value, "\t;"))
        return error_set(error, -EINVAL,
                         "a \";\" after a blank does not begin a comment, and can't be part of a "
                         "value; put the comment on a line of its own");
    return 0;
}

/* inih's handler: copies the key to user. */
static int
take_inih_key(void *user, const char *section, const char *key, const char *value)
{
    struct inih_key *found = user;

    found->set = true;
    memcpy(found->text, key, strlen(key) + 1); /* not longer than the stand-in that it was in */
    return 1;
}

static enum form
ask_inih(const char *line, struct inih_key *key)
{
    char stand_in[STAND_IN_SIZE];
    size_t length = strcspn(line, "=");
    int refused;

    if (*line == '[')
        snprintf(stand_in, sizeof(stand_in), "[s%s\n", strchr(line, ']') ? "]" : "");
    else
        snprintf(stand_in, sizeof(stand_in), "%.*s%s\n",
                 length > INI_KEY_MAX ? INI_KEY_MAX + 1 : (int)length, line,
                 line[length] ? "= v" : "");
    key->set = false;
    refused = ini_parse_string(stand_in, take_inih_key, key);
    if (refused)
        return FORM_BAD;
    if (key->set)
        return FORM_KEY;
    if (*line == '[')
        return FORM_SECTION;
    return *line && !strchr("#;", *line) ? FORM_BAD : FORM_NOTHING;
}

/* From here on keys belong to a new section, to be passed over until that one is found good. */
static void
leave_section(struct reader *reader)
{
    names_clear(&reader->keys);
    reader->in_section = true;
    reader->section_accepted = false;
}

/* Copies the name, each run of blanks as one space. */
static void
copy_section(char *section, const char *name)
{
    while (*name) {
        size_t n_blanks = strspn(name, BLANKS);

        *section++ = n_blanks > 0 ? ' ' : *name;
        name += n_blanks > 0 ? n_blanks : 1;
    }
    *section = '\0';
}

static int
take_section(struct reader *reader, char *line)
{
    struct error error = ERROR_INIT;
    char *end = strchr(line, ']'), *name;
    int before, r;

    *end = '\0';
    name = ini_trim(line + 1);
    if (!*name || strlen(name) > INI_SECTION_MAX) {
        mistake(reader, "the name of a section has from 1 to %d bytes", INI_SECTION_MAX);
        return 0;
    }
    if (end[1 + strspn(end + 1, BLANKS)])
        mistake(reader, "nothing may follow [%s] on its line, not even a comment", name);
    copy_section(reader->section, name);
    before = names_add(&reader->sections, reader->section, reader->line);
    if (before < 0)
        return before;
    if (before > 0)
        mistake(reader, "[%s] stands twice, first in line %d; put their keys together",
                reader->section, before);
    if (reader->handler->section) {
        r = reader->handler->section(reader->handler->userdata, reader->line, reader->section,
                                     &error);
        if (r < 0)
            return judge(reader, r, &error);
    }
    reader->section_accepted = true;
    return 0;
}

static int
take_key(struct reader *reader, char *line, const char *key)
{
    struct error error = ERROR_INIT;
    size_t length = strlen(key);
    char *value;
    int before, r;

    if (length == 0 || length > INI_KEY_MAX) {
        mistake(reader, "a key has from 1 to %d bytes", INI_KEY_MAX);
        return 0;
    }
    line += length;
    line += strspn(line, BLANKS);
    if (*line != '=') {
        mistake(reader, "only \"=\" separates a key from its value");
        return 0;
    }
    if (!reader->in_section) {
        mistake(reader, "\"%s\" stands before the first [section]", key);
        return 0;
    }
    before = names_add(&reader->keys, key, reader->line);
    if (before < 0)
        return before;
    if (before > 0) {
        mistake(reader, "\"%s\" in [%s]: stands twice, first in line %d", key, reader->section,
                before);
        return 0;
    }
    value = ini_trim(line + 1);
    r = ini_check_value(value, &error);
    if (r < 0)
        error_prefix(&error, r, "\"%s\" in [%s]: ", key, reader->section);
    else if (reader->section_accepted)
        r = reader->handler->key(reader->handler->userdata, reader->line, reader->section, key,
                                 value, &error);
    return judge(reader, r, &error);
}

/* Takes the line in the reader, or only its mistake where it has one already. */
static int
take_line(struct reader *reader, const char *problem)
{
    bool marked =
        reader->line == 1 && strncmp(reader->text, BYTE_ORDER_MARK, strlen(BYTE_ORDER_MARK)) == 0;
    char *line = ini_trim(reader->text + (marked ? strlen(BYTE_ORDER_MARK) : 0));
    struct inih_key key;
    enum form form = ask_inih(line, &key);

    if (*line == '[')
        leave_section(reader);
    if (!problem && form != FORM_NOTHING && !is_line_of_text(line))
        problem = "a control character in the line, or it is not UTF-8";
    if (!problem && form == FORM_BAD)
        problem = *line == '[' ? "the name of a section ends with \"]\""
                               : "neither KEY = VALUE nor [SECTION] nor a comment";
    if (problem) {
        mistake(reader, "%s", problem);
        return 0;
    }
    if (form == FORM_SECTION)
        return take_section(reader, line);
    if (form == FORM_KEY)
        return take_key(reader, line, key.text);
    return 0;
}

/*
 * Reads a line of any length, of which the reader keeps what it may have. 1, 0 at the end, or a
 * negative errno.
 */
static int
read_line(struct reader *reader, const char **problemp)
{
    bool zero = false;
    size_t length = 0;
    int c;

    while ((c = getc_unlocked(reader->file)) != EOF && c != '\n') {
        zero |= c == '\0';
        if (length < sizeof(reader->text) - 1)
            reader->text[length] = (char)c;
        length++;
    }
    if (c == EOF && ferror(reader->file))
        return -errno;
    if (c == EOF && length == 0)
        return 0;
    if (length > 0 && length < sizeof(reader->text) && reader->text[length - 1] == '\r')
        length--;
    reader->text[length < INI_LINE_MAX ? length : INI_LINE_MAX] = '\0';
    reader->line++;
    *problemp = NULL;
    if (length > INI_LINE_MAX)
        *problemp = "the line is too long: at most " STRING(INI_LINE_MAX) " bytes";
    else if (zero)
        *problemp = "a NUL byte in the line: this is no text file";
    return 1;
}

int
ini_read(FILE *file, const struct ini_handler *handler)
{
    struct reader reader = {.file = file, .handler = handler};
    const char *problem = NULL;
    int r;

    do {
        r = read_line(&reader, &problem);
        if (r > 0) {
            int taken = take_line(&reader, problem);

            if (taken < 0)
                r = taken;
        }
    } while (r > 0);
    names_clear(&reader.sections);
    names_clear(&reader.keys);
    if (r < 0)
        return r;
    return reader.mistaken ? INI_E_MISTAKES : 0;
}
