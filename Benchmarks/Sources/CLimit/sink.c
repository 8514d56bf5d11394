#define _GNU_SOURCE
#include "CLimit.h"

#include <netinet/udp.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef UDP_GRO
#define UDP_GRO 104
#endif

enum { messages = 64, buffer_bytes = 65536, receive_bytes = 64 << 20 };

struct climit_sink {
    int sockets, offload, core, epoll;
    int *descriptors;
    struct sockaddr_in *addresses;
    pthread_t thread;
    int runs;
    atomic_bool stops;
    atomic_ullong count, cpu;
};

static int segments(struct msghdr *header, unsigned bytes) {
    for (struct cmsghdr *control = CMSG_FIRSTHDR(header); control; control = CMSG_NXTHDR(header, control)) {
        if (control->cmsg_level != SOL_UDP || control->cmsg_type != UDP_GRO) continue;
        int size;
        memcpy(&size, CMSG_DATA(control), sizeof size);
        if (size > 0) return ((int)bytes + size - 1) / size;
    }
    return 1;
}

/// Takes what has come without copying more than a little of it: both senders are measured, not this.
static unsigned drain(struct climit_sink *sink, int descriptor) {
    static _Thread_local uint8_t buffer[buffer_bytes];
    struct mmsghdr headers[messages];
    struct iovec vector = {buffer, sink->offload ? buffer_bytes : 64};
    char controls[messages][64];
    unsigned total = 0;
    for (;;) {
        for (int i = 0; i < messages; i++)
            headers[i].msg_hdr = (struct msghdr){.msg_iov = &vector,
                                                 .msg_iovlen = 1,
                                                 .msg_control = controls[i],
                                                 .msg_controllen = sizeof controls[i]};
        int count = recvmmsg(descriptor, headers, messages, MSG_DONTWAIT | MSG_TRUNC, NULL);
        for (int i = 0; i < count; i++) total += (unsigned)segments(&headers[i].msg_hdr, headers[i].msg_len);
        if (count < messages) return total;
    }
}

static void *run(void *opaque) {
    struct climit_sink *sink = opaque;
    if (sink->core >= 0) climit_pin(sink->core);
    struct epoll_event events[messages];
    while (!atomic_load(&sink->stops)) {
        int ready = epoll_wait(sink->epoll, events, messages, 20);
        for (int i = 0; i < ready; i++) atomic_fetch_add(&sink->count, drain(sink, events[i].data.fd));
        atomic_store(&sink->cpu, climit_thread_cpu_ns());
    }
    return NULL;
}

static int open_socket(struct climit_sink *sink, int number) {
    int descriptor = socket(AF_INET, SOCK_DGRAM, 0);
    if (descriptor < 0) return 0;
    sink->descriptors[number] = descriptor;
    int bytes = receive_bytes, yes = 1;
    if (setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) != 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    if (sink->offload && setsockopt(descriptor, SOL_UDP, UDP_GRO, &yes, sizeof yes) != 0) return 0;
    struct sockaddr_in *address = &sink->addresses[number];
    *address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof *address;
    if (bind(descriptor, (struct sockaddr *)address, length) != 0) return 0;
    if (getsockname(descriptor, (struct sockaddr *)address, &length) != 0) return 0;
    struct epoll_event event = {.events = EPOLLIN, .data.fd = descriptor};
    return epoll_ctl(sink->epoll, EPOLL_CTL_ADD, descriptor, &event) == 0;
}

struct climit_sink *climit_sink_create(int sockets, int offload, int core) {
    struct climit_sink *sink = calloc(1, sizeof *sink);
    if (!sink) return NULL;
    sink->offload = offload;
    sink->core = core;
    sink->epoll = epoll_create1(EPOLL_CLOEXEC);
    sink->descriptors = calloc((size_t)sockets, sizeof *sink->descriptors);
    sink->addresses = calloc((size_t)sockets, sizeof *sink->addresses);
    int is_ready = sink->epoll >= 0 && sink->descriptors && sink->addresses;
    while (is_ready && sink->sockets < sockets) is_ready = open_socket(sink, sink->sockets++);
    if (is_ready) is_ready = sink->runs = pthread_create(&sink->thread, NULL, run, sink) == 0;
    if (is_ready) return sink;
    climit_sink_destroy(sink);
    return NULL;
}

struct sockaddr_in climit_sink_address(const struct climit_sink *sink, int number) { return sink->addresses[number]; }

uint64_t climit_sink_count(const struct climit_sink *sink) { return atomic_load(&sink->count); }

uint64_t climit_sink_cpu_ns(const struct climit_sink *sink) { return atomic_load(&sink->cpu); }

void climit_sink_destroy(struct climit_sink *sink) {
    if (!sink) return;
    atomic_store(&sink->stops, 1);
    if (sink->runs) pthread_join(sink->thread, NULL);
    for (int i = 0; sink->descriptors && i < sink->sockets; i++)
        if (sink->descriptors[i] > 0) close(sink->descriptors[i]);
    if (sink->epoll >= 0) close(sink->epoll);
    free(sink->descriptors);
    free(sink->addresses);
    free(sink);
}
