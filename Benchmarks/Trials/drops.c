// What share of messages the kernel refuses.
#define _GNU_SOURCE
#include "trials.h"

#include <stdio.h>

enum { bursts = 5 };

/// The median share of messages that were refused, in percent; negative when it can't be tried.
static double refused_share(const struct plan *plan, double *worst) {
    struct statistic shares = {0};
    struct egress *egress = create_egress(plan, plan);
    int is_good = egress != NULL;
    for (int i = -1; is_good && i < bursts; i++) { // the first only finds the neighbour (ARP) and warms caches
        uint64_t refused = egress->refused, before = drained();
        is_good = send_frame(egress);
        refused = egress->refused - refused;
        await_drain(before + ((uint64_t)egress->plan.viewers - refused) * frame_packets);
        if (i >= 0) add_value(&shares, 100 * (double)refused / egress->plan.viewers);
    }
    destroy_egress(egress);
    if (!is_good) return -1;
    double middle = median(&shares);
    *worst = shares.values[bursts - 1];
    return middle;
}

void count_drops(const struct trial *trial) {
    static const int viewers[] = {500, 2000}, buffers[] = {64 << 10, 208 << 10, 1 << 20, 4 << 20};
    printf("| path | viewers | 64 KiB | 208 KiB | 1 MiB | 4 MiB |\n| --- | --- | --- | --- | --- | --- |\n");
    for (const struct plan *path = trial->variants; path->name; path++)
        for (int i = 0; i < 2; i++) {
            printf("| %s | %d |", path->name, viewers[i]);
            for (int j = 0; j < 4; j++) {
                struct plan plan = *path;
                plan.viewers = viewers[i];
                plan.send_buffer = buffers[j];
                plan.is_dropping = 1;
                double worst, share = refused_share(&plan, &worst);
                if (share < 0) printf(" %s |", trouble);
                else printf(" %.1f %% (at most %.1f) |", share, worst);
                fflush(stdout);
            }
            printf("\n");
        }
}
