/* Latencies in microseconds, counted by size: exact below 64, within 3 % above. */
#pragma once
#include <stdint.h>
#include <string.h>

#define BUCKETS 2048

struct histogram { uint64_t counts[BUCKETS], longest; };

static int bucket_of(uint64_t us) {
    if (us < 64) return (int)us;
    int exponent = 63 - __builtin_clzll(us);
    int bucket = 64 + (exponent - 6) * 32 + (int)((us >> (exponent - 5)) & 31);
    return bucket < BUCKETS ? bucket : BUCKETS - 1;
}

static uint64_t value_of(int bucket) {
    if (bucket < 64) return (uint64_t)bucket;
    int exponent = (bucket - 64) / 32 + 6;
    return ((uint64_t)(32 + (bucket - 64) % 32)) << (exponent - 5);
}

static void note(struct histogram *histogram, uint64_t us) {
    histogram->counts[bucket_of(us)]++;
    if (us > histogram->longest) histogram->longest = us;
}

/* Return the milliseconds that a share of what was noted does not exceed; 0 where nothing was. */
static double share_below(const struct histogram *histogram, double share) {
    uint64_t total = 0, seen = 0;
    for (int i = 0; i < BUCKETS; i++) total += histogram->counts[i];
    for (int i = 0; i < BUCKETS && total; i++) {
        seen += histogram->counts[i];
        if ((double)seen >= share * (double)total) return (double)value_of(i) / 1000.0;
    }
    return 0.0;
}

static void forget(struct histogram *histogram) { memset(histogram, 0, sizeof *histogram); }
