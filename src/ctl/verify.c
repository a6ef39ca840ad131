/* SPDX-License-Identifier: MIT */

/* weatherctl verify: what the daemon that a file is of would say before it goes on from it. */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sysexits.h>

#include "common/cleanup.h"
#include "ctl/ctl.h"
#include "ctl/snapshot.h"

static const char *
describe_entries(const struct snapshot_file *file)
{
    bool one = snapshot_entries(file) == 1;

    if (!file->is_forecast && file->partition.layout == PARTITION_MONTHLY)
        return one ? "month" : "months";
    return one ? "station" : "stations";
}

/* Opens the directory of a path and finds the name in it. */
static int
open_directory(const char *path, const char **namep)
{
    cleanup(free) char *directory = strdup(path);
    char *slash = directory ? strrchr(directory, '/') : NULL;

    *namep = slash ? path + (slash + 1 - directory) : path;
    if (!directory)
        return -1;
    if (slash)
        slash[slash == directory] = '\0'; /* of "/NAME" the slash stays */
    return open(slash ? directory : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static bool
verify(const struct log *log, const char *path)
{
    const char *name;
    cleanup(close) int directory = open_directory(path, &name);
    struct snapshot_file file;
    bool good = false;

    if (directory < 0) {
        log_err(log, "%s: %s", path, strerror(errno));
        return false;
    }
    if (snapshot_read_file(&file, directory, name, "") == SNAPSHOT_E_NONE)
        log_err(log, "%s: %s", path, strerror(ENOENT));
    else if (!file.good)
        log_err(log, "%.*s%s", (int)(name - path), path, file.error.text);
    else
        good = true;
    if (good)
        printf("%s: ok, offset %" PRId64 ", %zu %s\n", path, file.offset, snapshot_entries(&file),
               describe_entries(&file));
    snapshot_file_fini(&file);
    return good;
}

static int
run(struct ctl *ctl)
{
    int exit_code = EX_OK;

    for (int i = 0; i < ctl->daemon.n_arguments; i++)
        if (!verify(&ctl->daemon.log, ctl->daemon.arguments[i]))
            exit_code = EX_DATAERR;
    return exit_code;
}

const struct ctl_command ctl_verify = {
    .name = "verify",
    .synopsis = "FILE...",
    .purpose = "Check files as the daemons do before they go on from them",
    .settings = CTL_NO_SETTINGS,
    .n_arguments_min = 1,
    .n_arguments_max = INT32_MAX,
    .run = run,
};
