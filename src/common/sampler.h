/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Keeps a line that may repeat a million times from filling the log: passes the first of each
 * interval of SAMPLER_INTERVAL seconds and counts the rest, to be told with the next that passes.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SAMPLER_INTERVAL 10
struct sampler {
    uint64_t next_usec; /* CLOCK_MONOTONIC; zero-initialise */
    uint64_t suppressed;
};

/*
 * True when the line may be written now; *suppressedp is then how many were not since the last one.
 */
bool sampler_pass(struct sampler *sampler, uint64_t now_usec, uint64_t *suppressedp);

/*
 * For lines whose words are not ours: of n samplers the one of all lines that differ from this one at most in the
 * numbers that begin a word ("for 49ms", but not "kafka2:9092").
 */
struct sampler *sampler_of_kind(struct sampler *samplers, size_t n, const char *line);
