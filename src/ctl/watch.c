/* SPDX-License-Identifier: MIT */

/*
 * The files are replaced by rename, so that is what is watched for; changes in place and new
 * directories as well. Temporary files and locks begin with a dot and mean nothing.
 *
 * A picture goes out by one write, the cursor ends below it at the left margin, and nothing of the
 * terminal is changed for longer than that: whatever ends the program leaves it as it should be.
 */

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/loop.h"
#include "ctl/table.h"
#include "ctl/watch.h"

#define TERMINAL_USEC UINT64_C(250000)
#define SNAPSHOT_USEC UINT64_C(3000000)

CLEANUP_DEFINE(struct loop *, loop_free);

struct watch {
    const char *directory;
    watch_draw_fn draw;
    void *userdata;
    struct loop *loop;
    struct loop_timer *timer;
    int inotify;
    bool terminal;
    uint64_t drawn_at;
    size_t n_lines; /* of the last picture */
    char *last;     /* itself, elsewhere than on a terminal */
};

static void
watch_directory(const struct watch *watch, const char *path)
{
    inotify_add_watch(watch->inotify, path,
                      IN_MOVED_TO | IN_MOVED_FROM | IN_CLOSE_WRITE | IN_CREATE | IN_DELETE |
                          IN_ONLYDIR);
}

/* Once more for each picture: there may be new ones, and the kernel knows the old ones. */
static void
watch_directories(const struct watch *watch)
{
    DIR *stream = opendir(watch->directory);
    struct dirent *entry;

    watch_directory(watch, watch->directory);
    while (stream && (entry = readdir(stream))) {
        cleanup(free) char *path = NULL;

        if (entry->d_name[0] != '.' && entry->d_type != DT_REG &&
            asprintf(&path, "%s/%s", watch->directory, entry->d_name) >= 0)
            watch_directory(watch, path);
        else
            path = NULL;
    }
    if (stream)
        closedir(stream);
}

/* Over the last picture: each line cleared behind its end, and what was below. */
static void
show_in_place(struct watch *watch, const char *picture)
{
    size_t n_lines = 0;

    printf("\033[?7l"); /* lines too long for a terminal are cut, not wrapped */
    if (watch->n_lines > 0)
        printf("\033[%zuA", watch->n_lines);
    for (const char *line = picture; *line; n_lines++) {
        size_t length = strcspn(line, "\n");

        printf("%.*s\033[K\n", (int)length, line);
        line += length + (line[length] == '\n');
    }
    printf("\033[J\033[?7h");
    fflush(stdout);
    watch->n_lines = n_lines;
}

static void
show_below(struct watch *watch, char *picture)
{
    if (!watch->last || strcmp(watch->last, picture) != 0)
        printf("%s%s", watch->last ? "\n" : "", picture);
    fflush(stdout);
    free(watch->last);
    watch->last = picture;
}

static void
draw(struct watch *watch)
{
    char *picture = NULL;
    size_t length;
    FILE *file = open_memstream(&picture, &length);
    int width, height;

    if (!file)
        return;
    watch_directories(watch); /* before it is read, so that no change is missed */
    table_find_size(stdout, &width, &height);
    watch->draw(watch->userdata, file, width, height > 1 ? (size_t)height - 1 : 0);
    if (fclose(file) == EOF) {
        free(picture);
    } else if (watch->terminal) {
        show_in_place(watch, picture);
        free(picture);
    } else {
        show_below(watch, picture);
    }
    watch->drawn_at = loop_now();
}

static void
on_timer(void *userdata)
{
    draw(userdata);
}

static bool
read_events(const struct watch *watch)
{
    char buffer[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
    bool changed = false;
    ssize_t length;

    while ((length = read(watch->inotify, buffer, sizeof(buffer))) > 0)
        for (char *at = buffer; at < buffer + length;) {
            const struct inotify_event *event = (const struct inotify_event *)(void *)at;

            changed = changed || event->len == 0 || event->name[0] != '.';
            at += sizeof(*event) + event->len;
        }
    return changed;
}

static void
on_change(void *userdata)
{
    struct watch *watch = userdata;
    uint64_t due = watch->drawn_at + (watch->terminal ? TERMINAL_USEC : SNAPSHOT_USEC);

    if (read_events(watch) && !loop_timer_is_set(watch->timer))
        loop_set_timer(watch->timer, due > loop_now() ? due : loop_now());
}

static void
on_stop(void *userdata, int signal_number)
{
    struct watch *watch = userdata;

    /* Behind the "^C" that the terminal shows. */
    if (watch->terminal && signal_number == SIGINT)
        putchar('\n');
    loop_quit(watch->loop, 0);
}

static void
on_nothing(void *userdata)
{
}

int
watch_run(const char *directory, watch_draw_fn draw_picture, void *userdata, struct error *error)
{
    static const struct loop_handlers handlers = {on_stop, on_nothing, on_nothing, on_nothing};
    cleanup(loop_free) struct loop *loop = NULL;
    cleanup(close) int inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    struct watch watch = {
        .directory = directory,
        .draw = draw_picture,
        .userdata = userdata,
        .inotify = inotify,
        .terminal = isatty(STDOUT_FILENO),
    };
    int result = loop_new(&loop, &handlers, &watch, error);

    signal(SIGPIPE, SIG_DFL); /* which the loop ignores */
    watch.loop = loop;
    if (inotify < 0)
        result = error_set(error, -errno, "inotify: %s", strerror(errno));
    if (result == 0)
        result = loop_add_timer(loop, on_timer, &watch.timer, error);
    if (result == 0)
        result = loop_watch(loop, inotify, on_change, error);
    if (result == 0) {
        draw(&watch);
        result = loop_run(loop);
    }
    free(watch.last);
    return result;
}
