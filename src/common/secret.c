/* SPDX-License-Identifier: MIT */

/* Secrets from files. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/secret.h"

static int
read_file(const char *path, char **secretp, struct error *error)
{
    cleanup(fclose) FILE *file = fopen(path, "re");
    cleanup(free) char *text = NULL;
    size_t length;

    if (!file)
        return error_set(error, -EINVAL, "%s: %s", path, strerror(errno));
    text = malloc(SECRET_SIZE_MAX + 2);
    if (!text)
        return -ENOMEM;
    length = fread(text, 1, SECRET_SIZE_MAX + 1, file);
    if (ferror(file))
        return error_set(error, -EINVAL, "%s: %s", path, strerror(errno));
    if (length > SECRET_SIZE_MAX)
        return error_set(error, -EINVAL, "%s: is larger than %d bytes", path, SECRET_SIZE_MAX);
    if (length > 0 && text[length - 1] == '\n')
        length--;
    text[length] = '\0';
    if (strlen(text) != length)
        return error_set(error, -EINVAL, "%s: has a NUL character in it", path);
    *secretp = text;
    text = NULL;
    return 0;
}

int
secret_read(const char *value, char **secretp, struct error *error)
{
    cleanup(free) char *path = NULL;
    const char *directory = getenv("CREDENTIALS_DIRECTORY");

    if (value[0] != '@' || value[1] == '@') {
        *secretp = strdup(value[0] == '@' ? value + 1 : value);
        return *secretp ? 0 : -ENOMEM;
    }
    if (value[1] != '/' && !directory)
        return error_set(error, -EINVAL,
                         "\"%s\" is a file below $CREDENTIALS_DIRECTORY, which is not set; give an "
                         "absolute path, or start the program with LoadCredential= in its unit",
                         value);
    if (asprintf(&path, "%s%s%s", value[1] == '/' ? "" : directory, value[1] == '/' ? "" : "/",
                 value + 1) < 0) {
        path = NULL;
        return -ENOMEM;
    }
    return read_file(path, secretp, error);
}
