// trials: what else the relay's egress could do, each against what CLimit does, on this machine.
//
//     scripts/trials           all of them, in one to four minutes as the machine is quiet or not
//     scripts/trials uring     some (--help lists them)
//
// The baseline seals a frame of 9 packets (1,150 bytes of payload) for each of 500 viewers, AES-128-GCM with an EVP
// context each, and sends it as one message (UDP_SEGMENT) a viewer, 32 in a sendmmsg, to 64 sockets of loopback that
// take one datagram at a time. A variant is the same loop with one thing changed. Both are run in turns, the second of
// a pair first in every other round, and compared within a round. The sender has core 0, the thread that drains core 1;
// after each frame the sender waits until all has come. Costs are the CPU of the process, user and system with its
// kernel workers (io-wq) and what the receive path does in its softirqs, less that of the thread that drains.
//
// Needs root for what is larger than wmem_max, and for network namespaces; those have no name and end with the process.
#define _GNU_SOURCE
#include "trials.h"

#include <linux/io_uring.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

enum { seconds_at_most = 420 };

#define PLANS (const struct plan[])

static const struct plan prefetches[] = {
    {.name = "1 ahead", .prefetch = 1}, {.name = "2 ahead", .prefetch = 2}, {.name = "4 ahead", .prefetch = 4}, {0}};

static const struct trial trials[] = {
    {"noise", "the baseline against itself: what a ratio here can be trusted to", compare, {0},
     PLANS{{.name = "the same"}, {0}}},
    {"connected", "one connected socket a viewer, all on one port (SO_REUSEPORT): no route to look up, but no sendmmsg",
     compare, {0},
     PLANS{{.name = "one socket, one sendmsg a viewer", .send = send_each},
           {.name = "connected, one sendmsg each", .send = send_each, .is_connected = 1},
           {.name = "connected, one send each, UDP_SEGMENT set on the socket",
            .send = send_each, .is_connected = 1, .is_segmented_by_socket = 1},
           {0}}},
    {"uring", "io_uring, 32 sends in an io_uring_enter, the socket registered, no SQPOLL", compare, {0},
     PLANS{{.name = "SENDMSG", .send = send_ring, .operation = IORING_OP_SENDMSG},
           {.name = "SENDMSG_ZC", .send = send_ring, .operation = IORING_OP_SENDMSG_ZC},
           {.name = "SEND_ZC, the arena registered, UDP_SEGMENT set on the socket",
            .send = send_ring, .operation = IORING_OP_SEND_ZC, .is_segmented_by_socket = 1},
           {0}}},
    {"txtime", "SO_TXTIME on each message, on loopback", compare, {0},
     PLANS{{.name = "a time 1 ms ago", .time = time_past},
           {.name = "now, the clock read for each message", .time = time_now},
           {.name = "SO_MAX_PACING_RATE of 1 GB/s", .pacing_rate = 1000000000},
           {0}}},
    {"veth", "the same through a pair of veth, for the queueing disciplines that heed a time", compare,
     {.name = "veth, noqueue", .qdisc = "noqueue"},
     PLANS{{.name = "pfifo_fast", .qdisc = "pfifo_fast"},
           {.name = "pfifo_fast, SO_TXTIME now", .qdisc = "pfifo_fast", .time = time_now},
           {.name = "fq", .qdisc = "fq"},
           {.name = "fq, SO_TXTIME now", .qdisc = "fq", .time = time_now},
           {.name = "fq, SO_MAX_PACING_RATE of 1 GB/s", .qdisc = "fq", .pacing_rate = 1000000000},
           {.name = "etf, SO_TXTIME now", .qdisc = "etf clockid CLOCK_TAI delta 500000", .time = time_now},
           {0}}},
    {"sndbuf", "SO_SNDBUF, in the bytes that getsockopt reports; the baseline has the system's default", compare, {0},
     PLANS{{.name = "64 KiB", .send_buffer = 64 << 10},
           {.name = "208 KiB", .send_buffer = 208 << 10},
           {.name = "1 MiB", .send_buffer = 1 << 20},
           {.name = "4 MiB", .send_buffer = 4 << 20},
           {0}}},
    {"drops", "share of messages refused (EAGAIN) when one frame for all is sent without waiting", count_drops, {0},
     PLANS{{.name = "loopback"},
           {.name = "veth", .qdisc = "noqueue"},
           {.name = "10 Gbit/s (veth, tbf)", .qdisc = "tbf rate 10gbit burst 256kb limit 256mb"},
           {.name = "2.5 Gbit/s (veth, tbf)", .qdisc = "tbf rate 2500mbit burst 256kb limit 256mb"},
           {.name = "1 Gbit/s (veth, tbf)", .qdisc = "tbf rate 1gbit burst 256kb limit 256mb"},
           {0}}},
    {"ring", "the source a ring of 2,048 slots of 1,500 bytes that is walked, not the same 9 payloads", compare, {0},
     PLANS{{.name = "walked", .walks_ring = 1}, {0}}},
    {"pages", "that ring, and the arena, in huge pages", compare, {.name = "ring, small pages", .walks_ring = 1},
     PLANS{{.name = "MADV_HUGEPAGE", .pages = transparent_huge_pages},
           {.name = "MAP_HUGETLB", .pages = hugetlb_pages},
           {0}}},
    {"prefetch", "128 bytes of state a viewer; asking for the memory of a viewer ahead. EVP, 500 viewers", compare,
     {.has_state = 1}, prefetches},
    {"prefetch-2000", "the same with 2,000 viewers", compare, {.has_state = 1, .viewers = 2000}, prefetches},
    {"prefetch-mb", "with libipsec-mb, 500 viewers", compare, {.has_state = 1, .is_ipsec_mb = 1}, prefetches},
    {"prefetch-mb-2000", "with libipsec-mb, 2,000 viewers", compare,
     {.has_state = 1, .is_ipsec_mb = 1, .viewers = 2000}, prefetches},
    {"batch", "messages in a sendmmsg (and so frames in the arena), instead of 32", compare, {0},
     PLANS{{.name = "8", .batch = 8},
           {.name = "16", .batch = 16},
           {.name = "64", .batch = 64},
           {.name = "128", .batch = 128},
           {0}}},
};
enum { trial_count = sizeof trials / sizeof *trials };

static int is_chosen(const char *name, int count, char **names) {
    for (int i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0) return 1;
    return count == 0;
}

static int list(FILE *output) {
    fprintf(output, "trials [NAME...]\n");
    for (int i = 0; i < trial_count; i++) fprintf(output, "    %-17s %s\n", trials[i].name, trials[i].says);
    return output == stdout ? 0 : 2;
}

int main(int count, char **arguments) {
    for (int i = 1; i < count; i++) {
        int is_known = 0;
        for (int j = 0; j < trial_count; j++) is_known |= strcmp(arguments[i], trials[j].name) == 0;
        if (!is_known) return list(strcmp(arguments[i], "--help") == 0 ? stdout : stderr);
    }
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    alarm(seconds_at_most); // whatever hangs
    remember_namespace();
    pin(0);
    if (!start_drain()) return perror("the thread that drains"), 1;
    struct utsname system;
    uname(&system);
    printf("Linux %s, %s\n", system.release, OpenSSL_version(OPENSSL_VERSION));
    for (int i = 0; i < trial_count; i++) {
        if (!is_chosen(trials[i].name, count - 1, arguments + 1)) continue;
        printf("\n**%s**: %s\n\n", trials[i].name, trials[i].says);
        trials[i].run(&trials[i]);
    }
    return 0;
}
