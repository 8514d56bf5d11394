// One way to send: made, used for a frame, and freed.
#define _GNU_SOURCE
#include "trials.h"

#include <stdlib.h>
#include <string.h>

enum { ring_slots = 2048, ring_slot_bytes = 1500 };

/// `plan`, with what it leaves zero as in `base`.
static struct plan complete(struct plan plan, const struct plan *base) {
    if (!plan.send) plan.send = base->send ? base->send : send_batch;
    if (!plan.viewers) plan.viewers = base->viewers ? base->viewers : 500;
    if (!plan.batch) plan.batch = base->batch ? base->batch : 32;
    if (!plan.qdisc) plan.qdisc = base->qdisc;
    plan.is_ipsec_mb |= base->is_ipsec_mb;
    plan.walks_ring |= base->walks_ring;
    plan.has_state |= base->has_state;
    return plan;
}

static void add_control(struct msghdr *message, int level, int type, const void *value, size_t bytes, void *place) {
    struct cmsghdr *control = (struct cmsghdr *)((char *)message->msg_control + message->msg_controllen);
    *control = (struct cmsghdr){.cmsg_level = level, .cmsg_type = type, .cmsg_len = CMSG_LEN(bytes)};
    memcpy(CMSG_DATA(control), value, bytes);
    message->msg_controllen += CMSG_SPACE(bytes);
    if (place) *(void **)place = CMSG_DATA(control);
}

static void prepare_messages(struct egress *egress) {
    uint16_t segment = datagram_bytes;
    uint64_t time = 0;
    for (int i = 0; i < egress->plan.batch; i++) {
        egress->vectors[i] = (struct iovec){egress->arena.bytes + frame_bytes * (size_t)i, frame_bytes};
        struct msghdr *message = &egress->messages[i].msg_hdr;
        *message = (struct msghdr){
            .msg_iov = &egress->vectors[i], .msg_iovlen = 1, .msg_control = &egress->controls[i]};
        if (!egress->plan.is_connected) message->msg_namelen = sizeof(struct sockaddr_in);
        if (!egress->plan.is_segmented_by_socket)
            add_control(message, SOL_UDP, UDP_SEGMENT, &segment, sizeof segment, NULL);
        if (egress->plan.time != no_time)
            add_control(message, SOL_SOCKET, SCM_TXTIME, &time, sizeof time, &egress->times[i]);
    }
}

struct egress *create_egress(const struct plan *chosen, const struct plan *base) {
    struct egress *egress = calloc(1, sizeof *egress);
    if (!egress) return NULL;
    egress->plan = complete(*chosen, base);
    const struct plan *plan = &egress->plan;
    egress->near = egress->far = egress->ring.descriptor = -1;
    egress->slots = plan->walks_ring ? ring_slots : frame_packets;
    egress->slot_bytes = plan->walks_ring ? ring_slot_bytes : payload_bytes;
    size_t viewers_bytes = (size_t)plan->viewers * sizeof *egress->viewers;
    egress->viewers = aligned_alloc(64, viewers_bytes);
    if (egress->viewers) memset(egress->viewers, 0, viewers_bytes);
    int is_made = egress->viewers && make_keys(egress) &&
                  map_memory(&egress->source, (size_t)(egress->slots * egress->slot_bytes), plan->pages) &&
                  map_memory(&egress->arena, (size_t)(frame_bytes * plan->batch), plan->pages) &&
                  open_network(egress) && (!plan->operation || make_ring(egress));
    if (is_made) {
        prepare_messages(egress);
        return egress;
    }
    destroy_egress(egress);
    return NULL;
}

void destroy_egress(struct egress *egress) {
    if (!egress) return;
    destroy_ring(&egress->ring);
    close_network(egress);
    free_keys(egress);
    unmap_memory(&egress->source);
    unmap_memory(&egress->arena);
    free(egress->viewers);
    free(egress);
}

int send_frame(struct egress *egress) {
    const struct plan *plan = &egress->plan;
    for (int first = 0; first < plan->viewers; first += plan->batch) {
        int count = plan->viewers - first < plan->batch ? plan->viewers - first : plan->batch;
        uint64_t begin = clock_ns(CLOCK_THREAD_CPUTIME_ID);
        seal_batch(egress, first, count);
        egress->sealing_ns += clock_ns(CLOCK_THREAD_CPUTIME_ID) - begin;
        for (int i = 0; i < count; i++) {
            if (!plan->is_connected) egress->messages[i].msg_hdr.msg_name = &egress->viewers[first + i].address;
            uint64_t age = plan->time == time_past ? 1000000 : 0;
            if (plan->time != no_time) *egress->times[i] = clock_ns(CLOCK_MONOTONIC) - age;
        }
        if (!plan->send(egress, first, count)) return 0;
    }
    egress->sequence += frame_packets;
    egress->slot = (egress->slot + frame_packets) % egress->slots;
    return 1;
}
