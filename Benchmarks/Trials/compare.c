// What variants cost against their baseline, by turns.
#define _GNU_SOURCE
#include "trials.h"

#include <stdio.h>

enum { round_packets = 45000 };

/// Nanoseconds of CPU a packet.
struct cost {
    double total, sealing;
};

static int measure(struct egress *egress, struct cost *cost) {
    int packets = egress->plan.viewers * frame_packets, frames = round_packets / packets;
    uint64_t used = 0, sealing = egress->sealing_ns;
    for (int i = 0; i < frames; i++) {
        uint64_t expected = drained() + (uint64_t)packets, begin = sender_cpu_ns();
        if (!send_frame(egress)) return 0;
        used += sender_cpu_ns() - begin;
        egress->lost += await_drain(expected);
    }
    double sent = (double)frames * packets;
    *cost = (struct cost){(double)used / sent, (double)(egress->sealing_ns - sealing) / sent};
    return 1;
}

struct result {
    struct statistic total, sealing, ratio, sealing_ratio;
};

static int run_rounds(struct egress *pair[2], struct result *baseline, struct result *variant) {
    struct cost costs[2];
    for (int i = 0; i < 2; i++)
        if (!measure(pair[i], &costs[i])) return 0;
    for (int round = 0; round < rounds; round++) {
        int first = round & 1;
        if (!measure(pair[first], &costs[first]) || !measure(pair[!first], &costs[!first])) return 0;
        add_value(&baseline->total, costs[0].total);
        add_value(&baseline->sealing, costs[0].sealing);
        add_value(&variant->total, costs[1].total);
        add_value(&variant->sealing, costs[1].sealing);
        add_value(&variant->ratio, costs[1].total / costs[0].total);
        add_value(&variant->sealing_ratio, costs[1].sealing / costs[0].sealing);
    }
    return 1;
}

static void print_variant(const struct egress *egress, struct result *result) {
    char total[64], ratio[64];
    printf("| %s | %s | %.0f | %s | %.2f |", egress->plan.name, spread(&result->total, 0, total),
           median(&result->sealing), spread(&result->ratio, 2, ratio), median(&result->sealing_ratio));
    if (egress->plan.walks_ring)
        printf(" huge: %ld kB of the ring, %ld of the arena", huge_kilobytes(&egress->source),
               huge_kilobytes(&egress->arena));
    if (egress->plan.prefetch) printf(" asks for %zu bytes", sizeof *egress->viewers + egress->key_bytes);
    if (egress->lost) printf(" lost %llu", (unsigned long long)egress->lost);
    printf(" |\n");
}

void compare(const struct trial *trial) {
    struct result baseline = {0};
    char total[64];
    printf("| variant | ns a packet (min / median / max) | of which sealing | times the baseline (min / median / max) "
           "| times its sealing | |\n| --- | --- | --- | --- | --- | --- |\n");
    for (const struct plan *plan = trial->variants; plan->name; plan++) {
        struct result result = {0};
        struct egress *pair[2] = {create_egress(&trial->baseline, &trial->baseline),
                                  create_egress(plan, &trial->baseline)};
        if (pair[0] && pair[1] && run_rounds(pair, &baseline, &result)) print_variant(pair[1], &result);
        else printf("| %s | could not be tried: %s | | | | |\n", plan->name, trouble);
        fflush(stdout);
        destroy_egress(pair[0]);
        destroy_egress(pair[1]);
    }
    if (!baseline.total.count) return;
    printf("| baseline%s%s | %s | %.0f | 1 | 1 | |\n", trial->baseline.name ? ": " : "",
           trial->baseline.name ? trial->baseline.name : "", spread(&baseline.total, 0, total),
           median(&baseline.sealing));
}
