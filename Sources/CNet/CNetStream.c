#include "CNet.h"

// Not with netinet/tcp.h, whose tcp_info is older.
#include <linux/tcp.h>

enum { least = 16 << 10, most = 512 << 10 };

void cnet_fit_send_buffer(int descriptor, int milliseconds) {
    struct tcp_info info = {0};
    socklen_t length = sizeof info;
    if (getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &info, &length) != 0 || info.tcpi_delivery_rate == 0) return;
    uint64_t microseconds = (uint64_t)info.tcpi_min_rtt + (uint64_t)milliseconds * 1000;
    uint64_t fit = info.tcpi_delivery_rate / 1000 * microseconds / 1000;
    int bytes = fit < least ? least : fit > most ? most : (int)fit;
    setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
}
