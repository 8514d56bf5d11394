#define _GNU_SOURCE
#include "CNet.h"

#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#ifndef UDP_GRO
#define UDP_GRO 104
#endif
#ifndef SO_MEMINFO
#define SO_MEMINFO 55
#endif

enum { control_bytes = 128, drops_word = 8, memory_words = 9 };

struct cnet_inbox {
    int slots;
    int slot_bytes;
    struct mmsghdr *headers;
    struct iovec *vectors;
    struct cnet_arrival *arrivals;
    char *controls;
    char *bytes;
    struct sockaddr_storage *addresses;
};

struct cnet_inbox *cnet_inbox_make(int slots, int slot_bytes) {
    struct cnet_inbox *inbox = calloc(1, sizeof *inbox);
    if (!inbox) return 0;
    inbox->slots = slots;
    inbox->slot_bytes = slot_bytes;
    inbox->headers = calloc((size_t)slots, sizeof *inbox->headers);
    inbox->vectors = calloc((size_t)slots, sizeof *inbox->vectors);
    inbox->arrivals = calloc((size_t)slots, sizeof *inbox->arrivals);
    inbox->controls = calloc((size_t)slots, control_bytes);
    inbox->bytes = calloc((size_t)slots, (size_t)slot_bytes);
    inbox->addresses = calloc((size_t)slots, sizeof *inbox->addresses);
    if (!inbox->headers || !inbox->vectors || !inbox->arrivals || !inbox->controls || !inbox->bytes ||
        !inbox->addresses) {
        cnet_inbox_free(inbox);
        return 0;
    }
    for (int i = 0; i < slots; i++) {
        inbox->arrivals[i].bytes = inbox->bytes + (size_t)i * (size_t)slot_bytes;
        inbox->arrivals[i].address = &inbox->addresses[i];
        inbox->vectors[i].iov_base = inbox->arrivals[i].bytes;
        inbox->headers[i].msg_hdr.msg_iov = &inbox->vectors[i];
        inbox->headers[i].msg_hdr.msg_iovlen = 1;
        inbox->headers[i].msg_hdr.msg_control = inbox->controls + i * control_bytes;
    }
    return inbox;
}

void cnet_inbox_free(struct cnet_inbox *inbox) {
    if (!inbox) return;
    free(inbox->headers);
    free(inbox->vectors);
    free(inbox->arrivals);
    free(inbox->controls);
    free(inbox->bytes);
    free(inbox->addresses);
    free(inbox);
}

static void read_control(struct msghdr *header, struct cnet_arrival *arrival) {
    for (struct cmsghdr *each = CMSG_FIRSTHDR(header); each; each = CMSG_NXTHDR(header, each)) {
        if (each->cmsg_level == SOL_SOCKET && each->cmsg_type == SCM_TIMESTAMPNS) {
            struct timespec time;
            memcpy(&time, CMSG_DATA(each), sizeof time);
            arrival->time = (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
        } else if (each->cmsg_level == SOL_UDP && each->cmsg_type == UDP_GRO) {
            int segment;
            memcpy(&segment, CMSG_DATA(each), sizeof segment);
            arrival->segment = segment > 0 ? (uint32_t)segment : 0;
        }
    }
}

int cnet_inbox_receive(struct cnet_inbox *inbox, int descriptor, int capture, int with_address) {
    if (capture > inbox->slot_bytes) capture = inbox->slot_bytes;
    for (int i = 0; i < inbox->slots; i++) {
        inbox->vectors[i].iov_len = (size_t)capture;
        inbox->headers[i].msg_hdr.msg_controllen = control_bytes;
        inbox->headers[i].msg_hdr.msg_name = with_address ? &inbox->addresses[i] : 0;
        inbox->headers[i].msg_hdr.msg_namelen = with_address ? sizeof *inbox->addresses : 0;
    }
    // MSG_TRUNC: lengths are the datagrams', not those of what was copied.
    int count = recvmmsg(descriptor, inbox->headers, (unsigned)inbox->slots, MSG_DONTWAIT | MSG_TRUNC, 0);
    for (int i = 0; i < count; i++) {
        struct cnet_arrival *arrival = &inbox->arrivals[i];
        arrival->length = inbox->headers[i].msg_len;
        arrival->captured = arrival->length < (uint32_t)capture ? arrival->length : (uint32_t)capture;
        arrival->segment = 0;
        arrival->time = 0;
        if (inbox->headers[i].msg_hdr.msg_controllen > 0) read_control(&inbox->headers[i].msg_hdr, arrival);
    }
    return count < 0 ? 0 : count;
}

const struct cnet_arrival *cnet_inbox_arrivals(const struct cnet_inbox *inbox) { return inbox->arrivals; }

int cnet_set_timestamps(int descriptor) {
    int yes = 1;
    return setsockopt(descriptor, SOL_SOCKET, SO_TIMESTAMPNS, &yes, sizeof yes);
}

int cnet_set_receive_offload(int descriptor) {
    int yes = 1;
    return setsockopt(descriptor, SOL_UDP, UDP_GRO, &yes, sizeof yes);
}

uint32_t cnet_dropped(int descriptor) {
    uint32_t words[memory_words] = {0};
    socklen_t length = sizeof words;
    if (getsockopt(descriptor, SOL_SOCKET, SO_MEMINFO, words, &length) != 0) return 0;
    return words[drops_word];
}
