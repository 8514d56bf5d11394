#pragma once
// The limit that the relay's egress is held against: the same datagrams, encrypted for each viewer and sent by a bare
// loop in C, with nothing else around it; and the sink that takes them, for both.
#include <netinet/in.h>
#include <stdint.h>

enum { climit_header_bytes = 12, climit_tag_bytes = 16, climit_maximum_packets = 16 };

/// What CPU this thread has used, user and system.
uint64_t climit_thread_cpu_ns(void);
/// False where there is no such core.
int climit_pin(int core);

/// Who encrypts.
enum climit_cipher { climit_evp_gcm = 0, climit_ipsec_mb_gcm = 1 };
/// Whether this machine has it, and whether it was there when this was built.
int climit_has_cipher(enum climit_cipher cipher);

struct climit;

/// `descriptor`: a bound UDP socket. `destinations`: `viewers` of them, each viewer with a key of its own. NULL when it
/// can't be had. `source`: `packets` payloads of `payload_bytes`, the most that will be sent at once.
struct climit *climit_create(int descriptor, const struct sockaddr_in *destinations, int viewers,
                             enum climit_cipher cipher, const void *source, int packets, int payload_bytes);
void climit_destroy(struct climit *limit);

/// Encrypts a frame, or one packet, for each viewer and sends it, one message (UDP_SEGMENT when it is more than a packet)
/// a viewer, 32 in a sendmmsg. How many packets were taken; -1 when the kernel won't.
long climit_send(struct climit *limit, int packets, int payload_bytes);

/// Sockets on ports of loopback that a thread drains and counts.
struct climit_sink;

/// Opens `sockets` sockets; `offload`: with UDP_GRO, so that the kernel hands over what was sent as one message as one.
/// The thread runs on `core` unless that is less than 0.
struct climit_sink *climit_sink_create(int sockets, int offload, int core);
/// Where socket `number` is.
struct sockaddr_in climit_sink_address(const struct climit_sink *sink, int number);
/// Datagrams that have come.
uint64_t climit_sink_count(const struct climit_sink *sink);
/// What CPU its thread has used.
uint64_t climit_sink_cpu_ns(const struct climit_sink *sink);
void climit_sink_destroy(struct climit_sink *sink);
