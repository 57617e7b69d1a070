// SPDX-License-Identifier: Apache-2.0
// Random numbers; see the header.
#include "base/random.h"

#include <math.h>

static uint64_t mix(uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

uint64_t ed_random_splitmix64(uint64_t *state) {
    *state += 0x9e3779b97f4a7c15u;
    return mix(*state);
}

void ed_random_init(struct ed_random *random, uint64_t seed) {
    for (int i = 0; i < 4; i++) {
        random->state[i] = ed_random_splitmix64(&seed);
    }
}

uint64_t ed_random_derive(uint64_t seed, const char *label) {
    uint64_t hash = 0xcbf29ce484222325u;
    for (const char *p = label; *p != '\0'; p++) {
        hash = (hash ^ (unsigned char)*p) * 0x100000001b3u;
    }
    // The seed is mixed first: else seed and hash could cancel each other.
    uint64_t state = ed_random_splitmix64(&seed) ^ hash;
    return ed_random_splitmix64(&state);
}

static uint64_t rotate(uint64_t x, int bits) {
    return (x << bits) | (x >> (64 - bits));
}

uint64_t ed_random_u64(struct ed_random *random) {
    uint64_t *s = random->state;
    uint64_t result = rotate(s[1] * 5, 7) * 9;
    uint64_t shifted = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rotate(s[3], 45);
    return result;
}

uint64_t ed_random_below(struct ed_random *random, uint64_t bound) {
    if (bound == 0) {
        return 0;
    }
    // 2^64 mod bound numbers at the start are thrown back, so that a whole number of runs of `bound` is left.
    uint64_t rejected = (0 - bound) % bound;
    uint64_t value;
    do {
        value = ed_random_u64(random);
    } while (value < rejected);
    return value % bound;
}

double ed_random_uniform(struct ed_random *random) {
    return (double)(ed_random_u64(random) >> 11) * 0x1.0p-53;
}

double ed_random_normal(struct ed_random *random) {
    double x;
    double square;
    do {
        x = 2.0 * ed_random_uniform(random) - 1.0;
        double y = 2.0 * ed_random_uniform(random) - 1.0;
        square = x * x + y * y;
    } while (square >= 1.0 || square == 0.0);
    return x * sqrt(-2.0 * log(square) / square);
}

void ed_random_shuffle(struct ed_random *random, size_t *indices, size_t n) {
    for (size_t i = n; i > 1; i--) {
        size_t j = (size_t)ed_random_below(random, i);
        size_t kept = indices[i - 1];
        indices[i - 1] = indices[j];
        indices[j] = kept;
    }
}
