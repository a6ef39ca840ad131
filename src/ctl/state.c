/* SPDX-License-Identifier: MIT */

/* Where a command looks, and whom it asks. */

#include <sysexits.h>

#include "common/cleanup.h"
#include "ctl/state.h"
#include "stream/ends.h"

int
state_read(struct ctl *ctl, struct snapshot *snapshot)
{
    const struct snapshot_place place = {
        .directory = ctl_directory(ctl),
        .topic = ctl->config.common->topic,
        /* Who names a directory means that one. */
        .config = ctl->daemon.n_arguments == 0 ? &ctl->config : NULL,
    };
    struct error error = ERROR_INIT;

    if (snapshot_read(snapshot, &place, &error) == 0)
        return EX_OK;
    log_err(&ctl->daemon.log, "%s", error.text);
    return EX_CANTCREAT;
}

void
state_ask_ends(struct ctl *ctl, struct snapshot *snapshot)
{
    cleanup(free) struct ends_partition *partitions =
        calloc(snapshot->n_files + 1, sizeof(*partitions));
    struct rd_kafka_conf_s *conf;
    struct error error = ERROR_INIT;

    if (!partitions || snapshot->n_files == 0 || ctl_kafka_conf(ctl, &conf) != 0)
        return;
    for (size_t i = 0; i < snapshot->n_files; i++)
        partitions[i] = (struct ends_partition){
            .topic = snapshot->files[i].topic,
            .partition = snapshot->files[i].number,
        };
    if (ends_ask(conf, partitions, snapshot->n_files, STATE_ASK_MSEC, &error) < 0)
        log_warning(&ctl->daemon.log, "can't ask Kafka for the ends of the partitions: %s",
                    error.text);
    for (size_t i = 0; i < snapshot->n_files; i++)
        snapshot->files[i].end = partitions[i].end;
}

/* A file may be newer than the answer. */
int64_t
state_lag(const struct snapshot_file *file)
{
    if (!file->good || file->end < 0)
        return -1;
    return file->end > file->offset ? file->end - file->offset : 0;
}
