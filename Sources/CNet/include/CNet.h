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

/// A part of a datagram that came: `captured` bytes of it are at `bytes`.
struct cnet_arrival {
    void *bytes;
    uint32_t captured;
    /// The whole datagram's, which may be more; several datagrams' when `segment` isn't 0.
    uint32_t length;
    /// How long each of several datagrams of one sender is, but for the last; 0 for a single one.
    uint32_t segment;
    /// When the kernel had it, in nanoseconds of the clock on the wall; 0 when the socket doesn't say.
    int64_t time;
    const struct sockaddr_storage *address;
};

/// Memory to receive into, for any number of sockets of one thread.
struct cnet_inbox;
struct cnet_inbox *cnet_inbox_make(int slots, int slot_bytes);
void cnet_inbox_free(struct cnet_inbox *inbox);
/// How many came. Of each only the first `capture` bytes are copied, and its source only when `with_address` isn't 0:
/// what nobody reads costs nothing.
int cnet_inbox_receive(struct cnet_inbox *inbox, int descriptor, int capture, int with_address);
const struct cnet_arrival *cnet_inbox_arrivals(const struct cnet_inbox *inbox);

/// Has the kernel say when each datagram came, or hand over several of one sender at once. 0 when it does.
int cnet_set_timestamps(int descriptor);
int cnet_set_receive_offload(int descriptor);
/// How many datagrams a socket has lost because its buffer was full.
uint32_t cnet_dropped(int descriptor);

/// Asks for kernel buffers of this size, beyond the usual limit where that is allowed.
void cnet_set_buffers(int descriptor, int bytes);

/// A datagram that is too long for its path arrives in fragments rather than not at all: nobody on a path may be asked
/// to refuse it, and no message of theirs that it was too long has to arrive (RFC 1191's "don't fragment").
void cnet_allow_fragments(int descriptor);

/// Waits up to so long for room to send.
void cnet_wait_writable(int descriptor, int64_t nanoseconds);

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

/// For small frames that can't wait: little is kept before the wire, since what waits there can't be taken back, and a
/// peer who doesn't answer any more is let go.
void cnet_tune_stream(int descriptor);

/// Has the kernel keep what the connection carries in its round trip and so many milliseconds more.
void cnet_fit_send_buffer(int descriptor, int milliseconds);

/// A descriptor that is readable once when its time has come; 0 takes the time back.
int cnet_timer(void);
void cnet_timer_set(int timer, int64_t nanoseconds);
void cnet_timer_drain(int timer);

int cnet_eventfd(void);
void cnet_pin_thread(int core);
/// Has the calling thread give way to the others of this process.
void cnet_lower_priority(void);
/// Gives free memory back to the system.
void cnet_trim_memory(void);
