// io_uring without liburing: three calls of the system and two rings.
#define _GNU_SOURCE
#include "trials.h"

#include <errno.h>
#include <linux/io_uring.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

int make_ring(struct egress *egress) {
    struct uring *ring = &egress->ring;
    struct io_uring_params parameters = {.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN};
    ring->descriptor = (int)syscall(SYS_io_uring_setup, maximum_batch, &parameters);
    if (ring->descriptor < 0) return refuse("io_uring_setup");
    size_t submissions = parameters.sq_off.array + parameters.sq_entries * sizeof(unsigned);
    size_t completions = parameters.cq_off.cqes + parameters.cq_entries * sizeof(struct io_uring_cqe);
    ring->rings_bytes = submissions > completions ? submissions : completions;
    ring->entries_bytes = parameters.sq_entries * sizeof *ring->entries;
    int protection = PROT_READ | PROT_WRITE, flags = MAP_SHARED | MAP_POPULATE;
    ring->rings = mmap(NULL, ring->rings_bytes, protection, flags, ring->descriptor, IORING_OFF_SQ_RING);
    ring->entries = mmap(NULL, ring->entries_bytes, protection, flags, ring->descriptor, IORING_OFF_SQES);
    if (ring->rings == MAP_FAILED || (void *)ring->entries == MAP_FAILED) return refuse("mmap of io_uring");
    char *base = ring->rings;
    ring->submission_tail = (unsigned *)(base + parameters.sq_off.tail);
    ring->submission_mask = parameters.sq_entries - 1;
    ring->completion_head = (unsigned *)(base + parameters.cq_off.head);
    ring->completion_tail = (unsigned *)(base + parameters.cq_off.tail);
    ring->completion_mask = parameters.cq_entries - 1;
    ring->completions = (struct io_uring_cqe *)(base + parameters.cq_off.cqes);
    unsigned *order = (unsigned *)(base + parameters.sq_off.array);
    for (unsigned i = 0; i < parameters.sq_entries; i++) order[i] = i;
    struct iovec arena = {egress->arena.bytes, (size_t)(frame_bytes * egress->plan.batch)};
    if (syscall(SYS_io_uring_register, ring->descriptor, IORING_REGISTER_FILES, egress->descriptors, 1) < 0)
        return refuse("IORING_REGISTER_FILES");
    if (syscall(SYS_io_uring_register, ring->descriptor, IORING_REGISTER_BUFFERS, &arena, 1) < 0)
        return refuse("IORING_REGISTER_BUFFERS");
    return 1;
}

void destroy_ring(struct uring *ring) {
    if (ring->rings && ring->rings != MAP_FAILED) munmap(ring->rings, ring->rings_bytes);
    if (ring->entries && (void *)ring->entries != MAP_FAILED) munmap(ring->entries, ring->entries_bytes);
    if (ring->descriptor >= 0) close(ring->descriptor);
}

static struct io_uring_sqe submission(const struct egress *egress, int index) {
    const struct msghdr *message = &egress->messages[index].msg_hdr;
    struct io_uring_sqe entry = {.opcode = egress->plan.operation, .flags = IOSQE_FIXED_FILE};
    if (egress->plan.operation == IORING_OP_SEND_ZC) {
        entry.addr = (uintptr_t)message->msg_iov->iov_base;
        entry.len = frame_bytes;
        entry.addr2 = (uintptr_t)message->msg_name;
        entry.addr_len = sizeof(struct sockaddr_in);
        entry.ioprio = IORING_RECVSEND_FIXED_BUF;
    } else {
        entry.addr = (uintptr_t)message;
        entry.len = 1;
    }
    return entry;
}

/// Returns when the arena may be written again: zero-copy sends (IORING_CQE_F_MORE) say so a second time.
int send_ring(struct egress *egress, int first, int count) {
    (void)first;
    struct uring *ring = &egress->ring;
    unsigned tail = *ring->submission_tail, head = *ring->completion_head;
    for (int i = 0; i < count; i++) ring->entries[(tail + (unsigned)i) & ring->submission_mask] = submission(egress, i);
    __atomic_store_n(ring->submission_tail, tail + (unsigned)count, __ATOMIC_RELEASE);
    for (int fresh = count, pending = count; pending > 0; fresh = 0) {
        if (syscall(SYS_io_uring_enter, ring->descriptor, fresh, pending, IORING_ENTER_GETEVENTS, NULL, 0) < 0)
            return refuse("io_uring_enter");
        for (; head != __atomic_load_n(ring->completion_tail, __ATOMIC_ACQUIRE); head++) {
            const struct io_uring_cqe *completion = &ring->completions[head & ring->completion_mask];
            errno = -completion->res;
            if (completion->res < 0 && !(completion->flags & IORING_CQE_F_NOTIF)) return refuse("io_uring send");
            pending -= !(completion->flags & IORING_CQE_F_MORE);
        }
        __atomic_store_n(ring->completion_head, head, __ATOMIC_RELEASE);
    }
    return 1;
}
