#pragma once
// What the trials share, and what each file offers. trials.c says what it is all for.
#include <netinet/in.h>
#include <netinet/udp.h>
#include <openssl/evp.h>
#include <stdalign.h>
#include <stdint.h>
#include <sys/socket.h>
#include <time.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

enum {
    header_bytes = 12,
    payload_bytes = 1150,
    tag_bytes = 16,
    datagram_bytes = header_bytes + payload_bytes + tag_bytes,
    frame_packets = 9,
    frame_bytes = datagram_bytes * frame_packets,
    maximum_batch = 128,
    sinks = 64,
    rounds = 11,
};

enum pages { small_pages, transparent_huge_pages, hugetlb_pages };
enum time_to_send { no_time, time_past, time_now };
struct egress;

/// A way to send. What a variant leaves zero is as in its trial's baseline, and what that leaves zero as in CLimit.
struct plan {
    const char *name;
    int (*send)(struct egress *, int first, int count);
    int viewers, batch, send_buffer, pacing_rate;
    int is_ipsec_mb, is_connected, is_segmented_by_socket, is_dropping;
    int walks_ring, has_state, prefetch;
    enum pages pages;
    enum time_to_send time;
    uint8_t operation; // of io_uring
    const char *qdisc; // through a pair of veth, with this at the root of the sender's, instead of loopback
};

struct trial {
    const char *name, *says;
    void (*run)(const struct trial *);
    struct plan baseline;
    const struct plan *variants; // the last has no name
};

struct memory {
    uint8_t *bytes;
    void *mapped;
    size_t mapped_bytes;
};

/// What the relay keeps for a viewer beside its key.
struct viewer {
    alignas(64) uint64_t state[16];
    struct sockaddr_in address;
    EVP_CIPHER_CTX *context;
    const void *key;
};

struct uring {
    int descriptor;
    void *rings;
    size_t rings_bytes, entries_bytes;
    unsigned *submission_tail, *completion_head, *completion_tail, submission_mask, completion_mask;
    struct io_uring_sqe *entries;
    struct io_uring_cqe *completions;
};

struct egress {
    struct plan plan;
    int near, far; // network namespaces; -1 on loopback
    int sinks[sinks];
    int *descriptors, sockets;
    struct viewer *viewers;
    size_t key_bytes;
    struct IMB_MGR *manager;
    struct gcm_key_data *keys;
    struct memory source, arena;
    int slot, slots, slot_bytes;
    struct uring ring;
    uint32_t sequence;
    uint64_t sealing_ns, refused, lost;
    struct mmsghdr messages[maximum_batch];
    struct iovec vectors[maximum_batch];
    uint64_t *times[maximum_batch];
    union {
        char bytes[CMSG_SPACE(sizeof(uint16_t)) + CMSG_SPACE(sizeof(uint64_t))];
        struct cmsghdr alignment;
    } controls[maximum_batch];
};

struct statistic {
    double values[rounds * 8]; // a baseline has those of all its variants, eight at most
    int count;
};

// trouble.c

extern char trouble[256]; // why the last thing could not be had, for the table
/// Keeps what went wrong, with what errno says. Always 0, for `return`.
int refuse(const char *what);

// drain.c

void pin(int core);
uint64_t clock_ns(clockid_t clock);
int start_drain(void);
/// Has the thread take what comes to this socket, until it is closed.
int drain_socket(int descriptor);
/// Datagrams that have come so far.
uint64_t drained(void);
/// Until `count` datagrams have come, or a second has passed in which none did. How many are missing.
uint64_t await_drain(uint64_t count);
/// What CPU the process has used, less that of the thread that drains.
uint64_t sender_cpu_ns(void);

// memory.c

int map_memory(struct memory *memory, size_t bytes, enum pages pages);
void unmap_memory(struct memory *memory);
/// What the kernel says that it gave in huge pages.
long huge_kilobytes(const struct memory *memory);

// network.c

/// The namespace that the thread is in now is the one to come back to.
void remember_namespace(void);
int open_network(struct egress *egress);
void close_network(struct egress *egress);

// seal.c

int make_keys(struct egress *egress);
void free_keys(struct egress *egress);
/// Seals the frame for `count` viewers into the arena.
void seal_batch(struct egress *egress, int first, int count);

// send.c: by calls of the system. The batch that lies in the arena, for `count` viewers; false when the kernel won't.

int send_batch(struct egress *egress, int first, int count);
int send_each(struct egress *egress, int first, int count);

// uring.c

int make_ring(struct egress *egress);
void destroy_ring(struct uring *ring);
/// As `send_batch`.
int send_ring(struct egress *egress, int first, int count);

// egress.c

/// What `chosen` leaves zero is as in `base`. NULL when it can't be had here; `trouble` says why.
struct egress *create_egress(const struct plan *chosen, const struct plan *base);
void destroy_egress(struct egress *egress);
/// Seals a frame for every viewer and sends it.
int send_frame(struct egress *egress);

// statistic.c

void add_value(struct statistic *statistic, double value);
/// Leaves the values in order.
double median(struct statistic *statistic);
/// Minimum, median and maximum, with `decimals`.
const char *spread(struct statistic *statistic, int decimals, char text[64]);

// compare.c and drops.c: what a trial can be. Each prints its table.

void compare(const struct trial *trial);
void count_drops(const struct trial *trial);
