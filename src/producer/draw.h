/* SPDX-License-Identifier: MIT */
#pragma once

/* Random numbers without a state: a draw is a hash of what it is for, so that each can be had alone. */

#include <stdint.h>

/*
 * The finishing step of splitmix64 (Steele, Lea, Flood 2014): each bit of x sways each of the
 * result.
 */
static inline uint64_t
draw_mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

/* Seeds are hashed first: number 0 of seed 1 is not to be number 1 of seed 0. */
static inline uint64_t
draw_seeded(uint64_t seed, uint64_t number)
{
    return draw_mix(draw_mix(seed + UINT64_C(0x9e3779b97f4a7c15)) + number);
}
