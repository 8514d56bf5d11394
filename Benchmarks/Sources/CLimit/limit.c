#define _GNU_SOURCE
#include "CLimit.h"

#include <errno.h>
#include <netinet/udp.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#if __has_include(<intel-ipsec-mb.h>)
#include <dlfcn.h>
#include <intel-ipsec-mb.h>
#define HAS_IPSEC_MB 1
#endif

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

enum { batch = 32 };

struct climit {
    int descriptor, viewers, packets, payload_bytes;
    enum climit_cipher cipher;
    const struct sockaddr_in *destinations;
    const uint8_t *source;
    uint8_t *arena;
    EVP_CIPHER_CTX **contexts;
#ifdef HAS_IPSEC_MB
    IMB_MGR *manager;
    struct gcm_key_data *keys;
#endif
    uint32_t sequence;
    struct mmsghdr messages[batch];
    struct iovec vectors[batch];
    union {
        char bytes[CMSG_SPACE(sizeof(uint16_t))];
        struct cmsghdr alignment;
    } controls[batch];
};

uint64_t climit_thread_cpu_ns(void) {
    struct timespec used;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return (uint64_t)used.tv_sec * 1000000000u + (uint64_t)used.tv_nsec;
}

int climit_pin(int core) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(core, &set);
    return pthread_setaffinity_np(pthread_self(), sizeof set, &set) == 0;
}

#ifdef HAS_IPSEC_MB
// The library is loaded when it is asked for, so that nothing has to be linked with it where it is missing.
static IMB_MGR *make_manager(void) {
    static void *library;
    if (!library) library = dlopen("libIPSec_MB.so.1", RTLD_NOW);
    if (!library) return NULL;
    IMB_MGR *(*allocate)(uint64_t) = (IMB_MGR * (*)(uint64_t)) dlsym(library, "alloc_mb_mgr");
    void (*initialize)(IMB_MGR *, IMB_ARCH *) = (void (*)(IMB_MGR *, IMB_ARCH *))dlsym(library, "init_mb_mgr_auto");
    IMB_MGR *manager = allocate && initialize ? allocate(0) : NULL;
    if (manager) initialize(manager, NULL);
    return manager;
}
#endif

int climit_has_cipher(enum climit_cipher cipher) {
    if (cipher == climit_evp_gcm) return 1;
#ifdef HAS_IPSEC_MB
    return dlopen("libIPSec_MB.so.1", RTLD_NOW) != NULL;
#else
    return 0;
#endif
}

static void make_key(uint8_t *key, int viewer) {
    for (int i = 0; i < 16; i++) key[i] = (uint8_t)(i * 7 + viewer * 31 + (viewer >> 8));
}

static int make_keys(struct climit *limit) {
    uint8_t key[16];
#ifdef HAS_IPSEC_MB
    if (limit->cipher == climit_ipsec_mb_gcm) {
        limit->manager = make_manager();
        limit->keys = aligned_alloc(64, sizeof *limit->keys * (size_t)limit->viewers);
        if (!limit->manager || !limit->keys) return 0;
        for (int i = 0; i < limit->viewers; i++) {
            make_key(key, i);
            IMB_AES128_GCM_PRE(limit->manager, key, &limit->keys[i]);
        }
        return 1;
    }
#endif
    if (limit->cipher != climit_evp_gcm) return 0;
    limit->contexts = calloc((size_t)limit->viewers, sizeof *limit->contexts);
    if (!limit->contexts) return 0;
    for (int i = 0; i < limit->viewers; i++) {
        make_key(key, i);
        limit->contexts[i] = EVP_CIPHER_CTX_new();
        if (!limit->contexts[i] || EVP_EncryptInit_ex2(limit->contexts[i], EVP_aes_128_gcm(), key, NULL, NULL) != 1)
            return 0;
    }
    return 1;
}

static size_t datagram_bytes(int payload_bytes) {
    return (size_t)(climit_header_bytes + payload_bytes + climit_tag_bytes);
}

static void prepare_messages(struct climit *limit, int packets, int payload_bytes) {
    size_t frame_bytes = datagram_bytes(payload_bytes) * (size_t)packets;
    uint16_t segment = (uint16_t)datagram_bytes(payload_bytes);
    for (int i = 0; i < batch; i++) {
        limit->vectors[i] = (struct iovec){limit->arena + frame_bytes * (size_t)i, frame_bytes};
        limit->messages[i].msg_hdr = (struct msghdr){.msg_namelen = sizeof(struct sockaddr_in),
                                                     .msg_iov = &limit->vectors[i],
                                                     .msg_iovlen = 1};
        if (packets == 1) continue;
        limit->messages[i].msg_hdr.msg_control = &limit->controls[i];
        limit->messages[i].msg_hdr.msg_controllen = sizeof limit->controls[i].bytes;
        struct cmsghdr *control = CMSG_FIRSTHDR(&limit->messages[i].msg_hdr);
        control->cmsg_level = SOL_UDP;
        control->cmsg_type = UDP_SEGMENT;
        control->cmsg_len = CMSG_LEN(sizeof segment);
        memcpy(CMSG_DATA(control), &segment, sizeof segment);
    }
}

struct climit *climit_create(int descriptor, const struct sockaddr_in *destinations, int viewers,
                             enum climit_cipher cipher, const void *source, int packets, int payload_bytes) {
    if (packets < 1 || packets > climit_maximum_packets || viewers < 1) return NULL;
    struct climit *limit = calloc(1, sizeof *limit);
    if (!limit) return NULL;
    *limit = (struct climit){.descriptor = descriptor,
                             .viewers = viewers,
                             .packets = packets,
                             .payload_bytes = payload_bytes,
                             .cipher = cipher,
                             .destinations = destinations,
                             .source = source};
    size_t bytes = datagram_bytes(payload_bytes) * (size_t)(packets * batch);
    limit->arena = aligned_alloc(4096, (bytes + 4095) / 4096 * 4096);
    if (!limit->arena || !make_keys(limit)) {
        climit_destroy(limit);
        return NULL;
    }
    memset(limit->arena, 0, bytes);
    return limit;
}

void climit_destroy(struct climit *limit) {
    if (!limit) return;
    for (int i = 0; limit->contexts && i < limit->viewers; i++) EVP_CIPHER_CTX_free(limit->contexts[i]);
    free(limit->contexts);
#ifdef HAS_IPSEC_MB
    free(limit->keys);
#endif
    free(limit->arena);
    free(limit);
}

static void seal(struct climit *limit, int viewer, const uint8_t *payload, int payload_bytes, uint32_t sequence,
                 uint8_t *output) {
    uint8_t vector[12] = {1, 2, 3, 4, 5, 6, 7, 8};
    memcpy(vector + 8, &sequence, 4);
    memset(output, 0, climit_header_bytes);
    output[0] = 0x80;
    output[1] = 96;
    output[2] = (uint8_t)(sequence >> 8);
    output[3] = (uint8_t)sequence;
    uint8_t *body = output + climit_header_bytes, *tag = body + payload_bytes;
#ifdef HAS_IPSEC_MB
    if (limit->cipher == climit_ipsec_mb_gcm) {
        struct gcm_context_data context;
        IMB_AES128_GCM_ENC(limit->manager, &limit->keys[viewer], &context, body, payload,
                           (uint64_t)payload_bytes, vector, output, climit_header_bytes, tag, climit_tag_bytes);
        return;
    }
#endif
    EVP_CIPHER_CTX *context = limit->contexts[viewer];
    int length;
    EVP_EncryptInit_ex2(context, NULL, NULL, vector, NULL);
    EVP_EncryptUpdate(context, NULL, &length, output, climit_header_bytes);
    EVP_EncryptUpdate(context, body, &length, payload, payload_bytes);
    EVP_EncryptFinal_ex(context, tag, &length);
    EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, climit_tag_bytes, tag);
}

/// Waits for room as the relay does not: it would drop. What waits costs no more than what is sent again.
static int send_messages(struct climit *limit, int count) {
    for (int done = 0; done < count;) {
        int sent = sendmmsg(limit->descriptor, limit->messages + done, (unsigned)(count - done), MSG_DONTWAIT);
        if (sent < 0 && errno != EAGAIN && errno != ENOBUFS && errno != EINTR) return 0;
        if (sent > 0) done += sent;
    }
    return 1;
}

long climit_send(struct climit *limit, int packets, int payload_bytes) {
    if (packets < 1 || packets > limit->packets || payload_bytes > limit->payload_bytes) return -1;
    prepare_messages(limit, packets, payload_bytes);
    size_t stride = datagram_bytes(payload_bytes);
    for (int first = 0; first < limit->viewers; first += batch) {
        int count = limit->viewers - first < batch ? limit->viewers - first : batch;
        for (int i = 0; i < count; i++) {
            uint8_t *output = limit->vectors[i].iov_base;
            for (int packet = 0; packet < packets; packet++, output += stride)
                seal(limit, first + i, limit->source + (size_t)(packet * payload_bytes), payload_bytes,
                     limit->sequence + (uint32_t)packet, output);
            limit->messages[i].msg_hdr.msg_name = (void *)&limit->destinations[first + i];
        }
        if (!send_messages(limit, count)) return -1;
    }
    limit->sequence += (uint32_t)packets;
    return (long)limit->viewers * packets;
}
