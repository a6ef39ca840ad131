/* SPDX-License-Identifier: MIT */

/* Which lines of the log are one too many. */

#include "common/sampler.h"

bool
sampler_pass(struct sampler *sampler, uint64_t now_usec, uint64_t *suppressedp)
{
    if (now_usec < sampler->next_usec) {
        sampler->suppressed++;
        return false;
    }
    *suppressedp = sampler->suppressed;
    sampler->suppressed = 0;
    sampler->next_usec = now_usec + SAMPLER_INTERVAL * UINT64_C(1000000);
    return true;
}

struct sampler *
sampler_of_kind(struct sampler *samplers, size_t n, const char *line)
{
    uint32_t kind = 0;

    for (char before = ' '; *line; line++) {
        bool is_digit = *line >= '0' && *line <= '9';

        if (is_digit && (before == ' ' || before == '('))
            continue;
        kind = kind * 31 + (unsigned char)*line;
        before = *line;
    }
    return &samplers[kind % n];
}
