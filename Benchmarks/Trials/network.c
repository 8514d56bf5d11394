// The sockets at both ends, on loopback or on a pair of veth in two namespaces of their own.
#define _GNU_SOURCE
#include "trials.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/net_tstamp.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { sink_bytes = 64 << 20 };

static int home; // the namespace that this was started in

void remember_namespace(void) { home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC); }

/// Runs a command in the thread's network namespace. What it first says is the trouble when it fails.
__attribute__((format(printf, 1, 2))) static int command(const char *format, ...) {
    char line[200] = "", said[160] = "";
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    snprintf(line + length, sizeof line - (size_t)length, " 2>&1");
    FILE *output = popen(line, "r");
    if (!output) return refuse(line);
    if (fgets(said, sizeof said, output)) said[strcspn(said, "\n")] = 0;
    if (pclose(output) == 0) return 1;
    line[length] = 0;
    snprintf(trouble, sizeof trouble, "`%.80s`: %s", line, said);
    return 0;
}

static int new_namespace(void) {
    if (unshare(CLONE_NEWNET) != 0) return -1;
    return open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
}

static int open_veth(struct egress *egress) {
    if ((egress->far = new_namespace()) < 0 || (egress->near = new_namespace()) < 0) return refuse("unshare");
    return command("ip link add near type veth peer name far netns /proc/%d/fd/%d", getpid(), egress->far) &&
           command("ip address add 10.77.0.1/30 dev near") && command("ip link set near up") &&
           command("tc qdisc replace dev near root %s", egress->plan.qdisc) && setns(egress->far, CLONE_NEWNET) == 0 &&
           command("ip address add 10.77.0.2/30 dev far") && command("ip link set far up");
}

static struct in_addr local_address(const struct egress *egress, int is_far) {
    return (struct in_addr){egress->far < 0 ? htonl(INADDR_LOOPBACK) : htonl(is_far ? 0x0a4d0002 : 0x0a4d0001)};
}

static int bind_socket(int descriptor, struct in_addr local, in_port_t port, struct sockaddr_in *bound) {
    socklen_t length = sizeof *bound;
    *bound = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = local, .sin_port = port};
    if (bind(descriptor, (struct sockaddr *)bound, length) != 0) return refuse("bind");
    return getsockname(descriptor, (struct sockaddr *)bound, &length) == 0 ? 1 : refuse("getsockname");
}

static int open_sinks(struct egress *egress) {
    struct sockaddr_in addresses[sinks];
    int bytes = sink_bytes;
    for (int i = 0; i < sinks; i++) {
        int descriptor = egress->sinks[i] = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (descriptor < 0) return refuse("socket");
        if (setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) != 0)
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
        if (!bind_socket(descriptor, local_address(egress, 1), 0, &addresses[i]) || !drain_socket(descriptor)) return 0;
    }
    for (int i = 0; i < egress->plan.viewers; i++) egress->viewers[i].address = addresses[i % sinks];
    return 1;
}

static int set_option(int descriptor, int level, int name, const void *value, socklen_t bytes, const char *what) {
    return setsockopt(descriptor, level, name, value, bytes) == 0 ? 1 : refuse(what);
}

static int set_up_socket(const struct plan *plan, int descriptor) {
    int yes = 1, segment = datagram_bytes, send_buffer = plan->send_buffer / 2; // the kernel doubles what it is told
    struct sock_txtime txtime = {.clockid = CLOCK_MONOTONIC};
    if (plan->is_connected &&
        !(set_option(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes, "SO_REUSEADDR") &&
          set_option(descriptor, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof yes, "SO_REUSEPORT")))
        return 0;
    if (plan->is_segmented_by_socket &&
        !set_option(descriptor, SOL_UDP, UDP_SEGMENT, &segment, sizeof segment, "UDP_SEGMENT"))
        return 0;
    if (plan->time != no_time &&
        !set_option(descriptor, SOL_SOCKET, SO_TXTIME, &txtime, sizeof txtime, "SO_TXTIME"))
        return 0;
    if (plan->pacing_rate && !set_option(descriptor, SOL_SOCKET, SO_MAX_PACING_RATE, &plan->pacing_rate,
                                         sizeof plan->pacing_rate, "SO_MAX_PACING_RATE"))
        return 0;
    if (!plan->send_buffer) return 1;
    if (setsockopt(descriptor, SOL_SOCKET, SO_SNDBUFFORCE, &send_buffer, sizeof send_buffer) != 0 &&
        !set_option(descriptor, SOL_SOCKET, SO_SNDBUF, &send_buffer, sizeof send_buffer, "SO_SNDBUF"))
        return 0;
    socklen_t length = sizeof send_buffer;
    getsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &send_buffer, &length);
    errno = ENOBUFS;
    return send_buffer == plan->send_buffer ? 1 : refuse("SO_SNDBUF is larger than wmem_max");
}

static int open_sockets(struct egress *egress) {
    struct sockaddr_in bound = {0};
    int count = egress->plan.is_connected ? egress->plan.viewers : 1;
    egress->descriptors = calloc((size_t)count, sizeof *egress->descriptors);
    if (!egress->descriptors) return refuse("calloc");
    while (egress->sockets < count) {
        const struct viewer *viewer = &egress->viewers[egress->sockets];
        int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (descriptor < 0) return refuse("socket");
        egress->descriptors[egress->sockets++] = descriptor;
        if (!set_up_socket(&egress->plan, descriptor) ||
            !bind_socket(descriptor, local_address(egress, 0), bound.sin_port, &bound))
            return 0;
        if (egress->plan.is_connected &&
            connect(descriptor, (const struct sockaddr *)&viewer->address, sizeof viewer->address) != 0)
            return refuse("connect");
    }
    return 1;
}

/// Sockets stay in the namespace in which they were made, whatever the thread does later.
int open_network(struct egress *egress) {
    int is_open = (!egress->plan.qdisc || open_veth(egress)) && open_sinks(egress) &&
                  (egress->near < 0 || setns(egress->near, CLONE_NEWNET) == 0) && open_sockets(egress);
    return egress->far < 0 || setns(home, CLONE_NEWNET) == 0 ? is_open : refuse("setns");
}

void close_network(struct egress *egress) {
    for (int i = 0; i < egress->sockets; i++) close(egress->descriptors[i]);
    for (int i = 0; i < sinks; i++)
        if (egress->sinks[i] > 0) close(egress->sinks[i]);
    if (egress->near >= 0) close(egress->near);
    if (egress->far >= 0) close(egress->far);
    free(egress->descriptors);
}
