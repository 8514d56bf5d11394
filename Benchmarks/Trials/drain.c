// The thread that takes what is sent, and the clocks that tell its CPU from the sender's.
#define _GNU_SOURCE
#include "trials.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <unistd.h>

static struct {
    int epoll;
    pthread_t thread;
    clockid_t clock;
    atomic_ullong count;
} drain;

uint64_t clock_ns(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

void pin(int core) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(core, &set);
    if (pthread_setaffinity_np(pthread_self(), sizeof set, &set) != 0) fprintf(stderr, "no core %d to pin to\n", core);
}

static void *run_drain(void *unused) {
    static struct mmsghdr headers[64];
    static uint8_t bytes[64];
    struct iovec vector = {bytes, sizeof bytes};
    struct epoll_event events[64];
    pin(1);
    for (int i = 0; i < 64; i++) headers[i].msg_hdr = (struct msghdr){.msg_iov = &vector, .msg_iovlen = 1};
    for (;;) {
        int ready = epoll_wait(drain.epoll, events, 64, -1);
        for (int i = 0; i < ready; i++) {
            int count;
            do {
                count = recvmmsg(events[i].data.fd, headers, 64, MSG_DONTWAIT | MSG_TRUNC, NULL);
                if (count > 0) atomic_fetch_add(&drain.count, (unsigned)count);
            } while (count == 64);
        }
    }
    return unused;
}

int start_drain(void) {
    drain.epoll = epoll_create1(EPOLL_CLOEXEC);
    return drain.epoll >= 0 && pthread_create(&drain.thread, NULL, run_drain, NULL) == 0 &&
           pthread_getcpuclockid(drain.thread, &drain.clock) == 0;
}

int drain_socket(int descriptor) {
    struct epoll_event event = {.events = EPOLLIN, .data.fd = descriptor};
    return epoll_ctl(drain.epoll, EPOLL_CTL_ADD, descriptor, &event) == 0 ? 1 : refuse("epoll_ctl");
}

uint64_t drained(void) { return atomic_load(&drain.count); }

uint64_t await_drain(uint64_t count) {
    uint64_t last = 0;
    for (int idle = 0; idle < 10000; idle++) {
        uint64_t now = drained();
        if (now >= count) return 0;
        if (now != last) idle = 0;
        last = now;
        usleep(100);
    }
    return count - last;
}

/// The order matters: asking for the thread's clock also brings its part of the process's up to date.
uint64_t sender_cpu_ns(void) {
    uint64_t receiving = clock_ns(drain.clock);
    return clock_ns(CLOCK_PROCESS_CPUTIME_ID) - receiving;
}
