// What the kernel is asked to send by calls of the system: many messages in one, or a call each.
#define _GNU_SOURCE
#include "trials.h"

#include <errno.h>

/// What to do when the kernel didn't take a message: wait for room, as the relay does not and CLimit does, except where
/// drops are what is counted. False when there is nothing to wait for.
static int goes_on(struct egress *egress, int *done) {
    if (errno != EAGAIN && errno != ENOBUFS && errno != EINTR) return 0;
    if (egress->plan.is_dropping && errno != EINTR) {
        egress->refused++;
        *done += 1;
    }
    return 1;
}

int send_batch(struct egress *egress, int first, int count) {
    (void)first;
    for (int done = 0; done < count;) {
        int sent = sendmmsg(egress->descriptors[0], egress->messages + done, (unsigned)(count - done), MSG_DONTWAIT);
        if (sent < 0 && !goes_on(egress, &done)) return refuse("sendmmsg");
        if (sent > 0) done += sent;
    }
    return 1;
}

int send_each(struct egress *egress, int first, int count) {
    for (int done = 0; done < count;) {
        int descriptor = egress->descriptors[egress->plan.is_connected ? first + done : 0];
        ssize_t sent = egress->plan.is_segmented_by_socket
                           ? send(descriptor, egress->vectors[done].iov_base, frame_bytes, MSG_DONTWAIT)
                           : sendmsg(descriptor, &egress->messages[done].msg_hdr, MSG_DONTWAIT);
        if (sent < 0 && !goes_on(egress, &done)) return refuse("sendmsg");
        if (sent > 0) done++;
    }
    return 1;
}
