/* SPDX-License-Identifier: MIT */

/* The table of stations, against an array that is looked through from its beginning. */

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "record/stations.h"

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

struct station {
    struct station_id id;
    int64_t count;
    char rest[100];
};

static void
init(struct stations *stations, uint64_t seed)
{
    stations_init(stations, sizeof(struct station), seed);
}

static struct station *
find(const struct stations *stations, const char *id, size_t length)
{
    return stations_find(stations, id, length);
}

static struct station *
at(const struct stations *stations, size_t index)
{
    return (struct station *)stations->elements + index;
}

static void
add(struct stations *stations, const char *id, size_t length, int64_t count)
{
    static const char zero[100];
    struct station *station;

    assert_null(find(stations, id, length));
    station = stations_add(stations, id, length);
    assert_non_null(station);
    assert_int_equal(station->count, 0);
    assert_memory_equal(station->rest, zero, sizeof(zero));
    station->count = count;
    memset(station->rest, '#', sizeof(station->rest));
}

static void
an_empty_table_finds_nothing(void **state)
{
    struct stations stations;

    init(&stations, 1);
    assert_null(find(&stations, "A", 1));
    assert_null(find(&stations, "", 0));
    assert_int_equal(stations.n_stations, 0);
    stations_fini(&stations);
}

/* Ids are bytes with a length: neither a prefix nor a terminated string will do. */
static void
ids_are_compared_whole(void **state)
{
    static const struct {
        const char *id;
        size_t length;
    } ids[] = {{"A", 1}, {"AB", 2}, {"ABC", 3}, {"a", 1}, {"A\0B", 3}, {"A\0C", 3}, {"B", 1}};
    struct stations stations;

    init(&stations, 1);
    for (size_t i = 0; i < N_ELEMENTS(ids); i++)
        add(&stations, ids[i].id, ids[i].length, (int64_t)i + 1);
    for (size_t i = 0; i < N_ELEMENTS(ids); i++) {
        struct station *station = find(&stations, ids[i].id, ids[i].length);

        assert_non_null(station);
        assert_ptr_equal(station, at(&stations, i));
        assert_int_equal(station->id.length, ids[i].length);
        assert_memory_equal(station->id.text, ids[i].id, ids[i].length);
        assert_int_equal(station->id.text[ids[i].length], '\0');
        assert_int_equal(station->count, i + 1);
    }
    assert_ptr_equal(find(&stations, "ABX", 2), at(&stations, 1));
    assert_null(find(&stations, "ABX", 3));
    assert_null(find(&stations, "A\0", 2));
    stations_fini(&stations);
}

static void
the_id_is_copied(void **state)
{
    char id[] = "StationA";
    struct stations stations;

    init(&stations, 1);
    add(&stations, id, 8, 1);
    memset(id, '#', 8);
    assert_non_null(find(&stations, "StationA", 8));
    assert_string_equal(at(&stations, 0)->id.text, "StationA");
    stations_fini(&stations);
}

/* Through every growth: all that was added is there, in the order of its coming. */
static void
many_stations_are_found(void **state)
{
    enum { N = 100000 };
    static const uint64_t seeds[] = {0, 1, UINT64_MAX};

    for (size_t s = 0; s < N_ELEMENTS(seeds); s++) {
        struct stations stations;
        char id[32];

        init(&stations, seeds[s]);
        for (int i = 0; i < N; i++) {
            add(&stations, id, (size_t)snprintf(id, sizeof(id), "Station%d", i), i + 1);
            assert_true(stations.n_slots >= 2 * stations.n_stations);
            assert_int_equal(stations.n_slots & (stations.n_slots - 1), 0);
        }
        assert_int_equal(stations.n_stations, N);
        for (int i = 0; i < N; i++) {
            size_t length = (size_t)snprintf(id, sizeof(id), "Station%d", i);
            struct station *station = find(&stations, id, length);

            assert_ptr_equal(station, at(&stations, i));
            assert_int_equal(station->count, i + 1);
            id[0] = 'X';
            assert_null(find(&stations, id, length));
        }
        stations_fini(&stations);
    }
}

/* Found, added and changed at random; the oracle looks through all of them. */
static void
random_use_agrees_with_an_array(void **state)
{
    enum { N = 700, STEPS = 60000 };
    static struct {
        char id[4];
        size_t length;
        int64_t count;
    } oracle[N];

    for (int round = 0; round < 3; round++) {
        size_t n = 0;
        struct stations stations;

        init(&stations, (uint64_t)random());
        for (int step = 0; step < STEPS; step++) {
            size_t length = 1 + (size_t)(random() % 3), place = 0;
            struct station *station;
            char id[4];

            for (size_t i = 0; i < length; i++)
                id[i] = (char)(random() % 8);
            while (place < n &&
                   (oracle[place].length != length || memcmp(oracle[place].id, id, length) != 0))
                place++;
            station = find(&stations, id, length);
            assert_ptr_equal(station, place < n ? at(&stations, place) : NULL);
            if (station) {
                assert_int_equal(station->count, oracle[place].count);
                station->count++;
                oracle[place].count++;
            } else if (n < N) {
                memcpy(oracle[n].id, id, length);
                oracle[n].length = length;
                oracle[n++].count = 1;
                add(&stations, id, length, 1);
            }
        }
        assert_int_equal(stations.n_stations, n);
        assert_true(n > 500);
        stations_fini(&stations);
    }
}

/* Ids chosen to collide under one seed do not under another. */
static void
the_seed_changes_the_hash(void **state)
{
    struct stations one, two;
    size_t n_equal = 0;
    char id[2];

    init(&one, 1);
    init(&two, 2);
    for (id[0] = 'A'; id[0] <= 'Z'; id[0]++) {
        add(&one, id, 1, 1);
        add(&two, id, 1, 1);
    }
    for (size_t i = 0; i < one.n_stations; i++)
        n_equal += at(&one, i)->id.hash == at(&two, i)->id.hash;
    assert_int_equal(n_equal, 0);
    stations_fini(&one);
    stations_fini(&two);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_table_finds_nothing),
        cmocka_unit_test(ids_are_compared_whole),
        cmocka_unit_test(the_id_is_copied),
        cmocka_unit_test(many_stations_are_found),
        cmocka_unit_test(random_use_agrees_with_an_array),
        cmocka_unit_test(the_seed_changes_the_hash),
    };
    const char *given = getenv("SEED");
    unsigned seed = given ? (unsigned)strtoul(given, NULL, 10) : (unsigned)time(NULL);

    print_message("seed %u (SEED=%u repeats it)\n", seed, seed);
    srandom(seed);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
