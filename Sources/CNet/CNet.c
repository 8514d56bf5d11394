#define _GNU_SOURCE
#include "CNet.h"

#include <errno.h>
#include <malloc.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

static int smaller(int a, int b) { return a < b ? a : b; }

int cnet_receive(int descriptor, struct cnet_received *messages, int count) {
    struct mmsghdr headers[cnet_batch];
    struct iovec vectors[cnet_batch];
    count = smaller(count, cnet_batch);
    for (int i = 0; i < count; i++) {
        vectors[i] = (struct iovec){messages[i].buffer, messages[i].capacity};
        headers[i] = (struct mmsghdr){.msg_hdr = {.msg_name = &messages[i].address,
                                                  .msg_namelen = sizeof messages[i].address,
                                                  .msg_iov = &vectors[i],
                                                  .msg_iovlen = 1}};
    }
    int received = recvmmsg(descriptor, headers, count, MSG_DONTWAIT, 0);
    for (int i = 0; i < received; i++) {
        messages[i].length = headers[i].msg_len;
        messages[i].is_truncated = (headers[i].msg_hdr.msg_flags & MSG_TRUNC) != 0;
    }
    return received < 0 ? 0 : received;
}

int cnet_send(int descriptor, const struct cnet_outgoing *messages, int count) {
    struct mmsghdr headers[cnet_batch];
    struct iovec vectors[cnet_batch];
    union {
        char bytes[CMSG_SPACE(sizeof(uint16_t))];
        struct cmsghdr alignment;
    } controls[cnet_batch];
    count = smaller(count, cnet_batch);
    for (int i = 0; i < count; i++) {
        const struct cnet_outgoing *message = &messages[i];
        vectors[i] = (struct iovec){(void *)message->data, message->bytes};
        headers[i] = (struct mmsghdr){.msg_hdr = {.msg_name = (void *)&message->address,
                                                  .msg_namelen = message->address_length,
                                                  .msg_iov = &vectors[i],
                                                  .msg_iovlen = 1}};
        if (message->bytes <= message->segment) continue;
        headers[i].msg_hdr.msg_control = &controls[i];
        headers[i].msg_hdr.msg_controllen = sizeof controls[i].bytes;
        struct cmsghdr *control = CMSG_FIRSTHDR(&headers[i].msg_hdr);
        control->cmsg_level = SOL_UDP;
        control->cmsg_type = UDP_SEGMENT;
        control->cmsg_len = CMSG_LEN(sizeof(uint16_t));
        memcpy(CMSG_DATA(control), &message->segment, sizeof(uint16_t));
    }
    int sent = sendmmsg(descriptor, headers, count, MSG_DONTWAIT);
    return sent < 0 ? -errno : sent;
}

void cnet_set_buffers(int descriptor, int bytes) {
    const int options[][2] = {{SO_RCVBUF, SO_RCVBUFFORCE}, {SO_SNDBUF, SO_SNDBUFFORCE}};
    for (int i = 0; i < 2; i++) {
        if (setsockopt(descriptor, SOL_SOCKET, options[i][1], &bytes, sizeof bytes) != 0)
            setsockopt(descriptor, SOL_SOCKET, options[i][0], &bytes, sizeof bytes);
    }
}

void cnet_allow_fragments(int descriptor) {
    // The one that isn't the socket's family fails, and doesn't matter.
    int four = IP_PMTUDISC_DONT, six = IPV6_PMTUDISC_DONT;
    setsockopt(descriptor, IPPROTO_IP, IP_MTU_DISCOVER, &four, sizeof four);
    setsockopt(descriptor, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &six, sizeof six);
}

void cnet_wait_writable(int descriptor, int64_t nanoseconds) {
    struct pollfd one = {.fd = descriptor, .events = POLLOUT};
    struct timespec limit = {nanoseconds / 1000000000, nanoseconds % 1000000000};
    ppoll(&one, 1, &limit, 0);
}

int cnet_epoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

int cnet_epoll_set(int epoll, int descriptor, int wants_writing, int is_new) {
    struct epoll_event event = {.events = EPOLLIN | (wants_writing ? EPOLLOUT : 0), .data.fd = descriptor};
    return epoll_ctl(epoll, is_new ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, descriptor, &event) == 0 ? 0 : -errno;
}

int cnet_epoll_remove(int epoll, int descriptor) {
    return epoll_ctl(epoll, EPOLL_CTL_DEL, descriptor, 0) == 0 ? 0 : -errno;
}

int cnet_epoll_wait(int epoll, struct cnet_ready *ready, int64_t nanoseconds) {
    struct epoll_event events[cnet_batch];
    struct timespec limit = {nanoseconds / 1000000000, nanoseconds % 1000000000};
    int count;
#ifdef SYS_epoll_pwait2
    count = (int)syscall(SYS_epoll_pwait2, epoll, events, cnet_batch, nanoseconds < 0 ? 0 : &limit, 0, 0);
    if (count < 0 && errno == ENOSYS)
#endif
        count = epoll_wait(epoll, events, cnet_batch, nanoseconds < 0 ? -1 : (int)((nanoseconds + 999999) / 1000000));
    for (int i = 0; i < count; i++) {
        ready[i].descriptor = events[i].data.fd;
        ready[i].is_readable = (events[i].events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0;
        ready[i].is_writable = (events[i].events & EPOLLOUT) != 0;
    }
    return count < 0 ? 0 : count;
}

int cnet_accept(int listener, struct sockaddr *address, socklen_t *length) {
    return accept4(listener, address, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

void cnet_tune_stream(int descriptor) {
    const struct {
        int level, name, value;
    } options[] = {
        {IPPROTO_TCP, TCP_NODELAY, 1},
        {SOL_SOCKET, SO_SNDBUF, 16 << 10},
        {IPPROTO_TCP, TCP_NOTSENT_LOWAT, 8 << 10},
        {IPPROTO_TCP, TCP_USER_TIMEOUT, 10000},
        {SOL_SOCKET, SO_KEEPALIVE, 1},
        {IPPROTO_TCP, TCP_KEEPIDLE, 10},
        {IPPROTO_TCP, TCP_KEEPINTVL, 5},
        {IPPROTO_TCP, TCP_KEEPCNT, 3},
    };
    for (unsigned i = 0; i < sizeof options / sizeof *options; i++)
        setsockopt(descriptor, options[i].level, options[i].name, &options[i].value, sizeof options[i].value);
}

int cnet_timer(void) { return timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC); }

void cnet_timer_set(int timer, int64_t nanoseconds) {
    struct itimerspec when = {.it_value = {nanoseconds / 1000000000, nanoseconds % 1000000000}};
    timerfd_settime(timer, 0, &when, 0);
}

void cnet_timer_drain(int timer) {
    uint64_t count;
    if (read(timer, &count, sizeof count) < 0) return;  // it was set anew meanwhile
}

int cnet_eventfd(void) { return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); }

void cnet_pin_thread(int core) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(core, &set);
    pthread_setaffinity_np(pthread_self(), sizeof set, &set);
}

void cnet_lower_priority(void) { setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), 10); }

void cnet_trim_memory(void) {
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}
