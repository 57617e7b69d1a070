// SPDX-License-Identifier: Apache-2.0
// Random numbers that a seed makes again: xoshiro256** (Blackman & Vigna, ACM TOMS 47(4), 2021), its state
// filled by splitmix64 (Steele, Lea, Flood, OOPSLA 2014). For orders, samples and simulations; not for
// secrets. Whole numbers, shuffles and uniform doubles are the same on every machine; ed_random_normal goes
// through libm's log and may differ in the last bit. A generator belongs to one thread.
#ifndef EDGEDYNO_BASE_RANDOM_H
#define EDGEDYNO_BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

struct ed_random {
    uint64_t state[4];
};

// Advances *state and returns splitmix64's next number.
uint64_t ed_random_splitmix64(uint64_t *state);

// Any seed is good, 0 too.
void ed_random_init(struct ed_random *random, uint64_t seed);

// A seed for an independent stream of a campaign's seed: the same seed and label ("order", "bootstrap") give
// the same stream, another label another one. The label is hashed by 64-bit FNV-1a and mixed with the seed by
// splitmix64.
uint64_t ed_random_derive(uint64_t seed, const char *label);

// Uniform on all 64-bit numbers.
uint64_t ed_random_u64(struct ed_random *random);

// Uniform on 0 .. bound - 1, without bias (numbers from the incomplete last run are thrown back). 0 if bound
// is 0.
uint64_t ed_random_below(struct ed_random *random, uint64_t bound);

// Uniform on [0, 1), a multiple of 2^-53.
double ed_random_uniform(struct ed_random *random);

// Standard normal (Marsaglia's polar method; the second number of each pair is not used, so there is no
// hidden state).
double ed_random_normal(struct ed_random *random);

// Puts the n indices into a uniformly random order (Fisher-Yates). Fill them first, for instance with 0 .. n
// - 1.
void ed_random_shuffle(struct ed_random *random, size_t *indices, size_t n);

#endif
