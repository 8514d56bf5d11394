#pragma once
// The calls of Linux that Swift's Glibc doesn't show: many datagrams at once, segmentation by the kernel, epoll.
#include <netinet/in.h>
#include <stdint.h>
#include <sys/socket.h>

/// One datagram that came. `buffer` and `capacity` are the caller's; the rest is filled in.
struct cnet_received {
    void *buffer;
    uint32_t capacity;
    uint32_t length;
    int is_truncated;
    struct sockaddr_storage address;
};

/// One message to send: `bytes` cut into datagrams of `segment` bytes, of which the last may be shorter.
struct cnet_outgoing {
    const void *data;
    uint32_t bytes;
    uint16_t segment;
    uint16_t address_length;
    struct sockaddr_in6 address;
};

enum { cnet_batch = 64 };

/// How many came, up to `cnet_batch`; 0 when there are none now.
int cnet_receive(int descriptor, struct cnet_received *messages, int count);

/// How many of the first messages were taken, or minus errno when the first was refused.
int cnet_send(int descriptor, const struct cnet_outgoing *messages, int count);

/// Asks for kernel buffers of this size, beyond the usual limit where that is allowed.
void cnet_set_buffers(int descriptor, int bytes);

int cnet_epoll_create(void);
/// Minus errno when it fails.
int cnet_epoll_set(int epoll, int descriptor, int wants_writing, int is_new);
int cnet_epoll_remove(int epoll, int descriptor);

struct cnet_ready {
    int descriptor;
    int is_readable;
    int is_writable;
};
/// Waits up to `nanoseconds` (less than 0: without end). How many are ready, up to `cnet_batch`.
int cnet_epoll_wait(int epoll, struct cnet_ready *ready, int64_t nanoseconds);

/// A connection that never waits.
int cnet_accept(int listener, struct sockaddr *address, socklen_t *length);

int cnet_eventfd(void);
void cnet_pin_thread(int core);
/// Has the calling thread give way to the others of this process.
void cnet_lower_priority(void);
/// Gives free memory back to the system.
void cnet_trim_memory(void);
