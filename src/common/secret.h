/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Secrets of the settings, kept out of them: the value "@NAME" is the content of a file, "@@…" a
 * secret that begins with an "@", and all else is the secret itself.
 */

#include "common/error.h"

#define SECRET_SIZE_MAX 65536 /* bytes of a file */

/*
 * Finds the secret that a value means: 0, and the secret in *secretp (free() it); -EINVAL with a
 * message that never shows it; -ENOMEM. NAME lies below $CREDENTIALS_DIRECTORY unless it is
 * absolute; one line feed at the file's end is dropped.
 */
int secret_read(const char *value, char **secretp, struct error *error);
