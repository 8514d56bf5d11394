// AES-128-GCM with a key a viewer, by OpenSSL or by libipsec-mb.
#define _GNU_SOURCE
#include "trials.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#if __has_include(<intel-ipsec-mb.h>)
#include <dlfcn.h>
#include <intel-ipsec-mb.h>
#define HAS_IPSEC_MB 1
#endif

static void make_key(uint8_t *key, int viewer) {
    for (int i = 0; i < 16; i++) key[i] = (uint8_t)(i * 7 + viewer * 31 + (viewer >> 8));
}

#ifdef HAS_IPSEC_MB
/// The library is loaded when it is asked for, as CLimit does.
static int make_multibuffer_keys(struct egress *egress) {
    void *library = dlopen("libIPSec_MB.so.1", RTLD_NOW);
    IMB_MGR *(*allocate)(uint64_t) = library ? (IMB_MGR * (*)(uint64_t)) dlsym(library, "alloc_mb_mgr") : NULL;
    void (*initialize)(IMB_MGR *, IMB_ARCH *) =
        library ? (void (*)(IMB_MGR *, IMB_ARCH *))dlsym(library, "init_mb_mgr_auto") : NULL;
    egress->manager = allocate && initialize ? allocate(0) : NULL;
    egress->key_bytes = sizeof *egress->keys;
    egress->keys = aligned_alloc(64, egress->key_bytes * (size_t)egress->plan.viewers);
    errno = ENOENT;
    if (!egress->manager || !egress->keys) return refuse("libIPSec_MB.so.1");
    initialize(egress->manager, NULL);
    for (int i = 0; i < egress->plan.viewers; i++) {
        uint8_t key[16];
        make_key(key, i);
        IMB_AES128_GCM_PRE(egress->manager, key, &egress->keys[i]);
        egress->viewers[i].key = &egress->keys[i];
    }
    return 1;
}
#else
static int make_multibuffer_keys(struct egress *egress) {
    (void)egress;
    errno = ENOENT;
    return refuse("intel-ipsec-mb.h when this was built");
}
#endif

static int make_contexts(struct egress *egress) {
    struct viewer *viewers = egress->viewers;
    for (int i = 0; i < egress->plan.viewers; i++) {
        uint8_t key[16];
        make_key(key, i);
        viewers[i].key = viewers[i].context = EVP_CIPHER_CTX_new();
        errno = ENOMEM;
        if (!viewers[i].context || EVP_EncryptInit_ex2(viewers[i].context, EVP_aes_128_gcm(), key, NULL, NULL) != 1)
            return refuse("EVP");
    }
    // The provider's part (round keys, GHASH's table) is allocated right after the context, and can't be asked for.
    // From one context to the next is both; no more when the heap was not contiguous there.
    intptr_t stride = (intptr_t)viewers[2].context - (intptr_t)viewers[1].context;
    egress->key_bytes = stride > 0 && stride < 2048 ? (size_t)stride : 1216;
    return 1;
}

int make_keys(struct egress *egress) {
    return egress->plan.is_ipsec_mb ? make_multibuffer_keys(egress) : make_contexts(egress);
}

void free_keys(struct egress *egress) {
    for (int i = 0; egress->viewers && i < egress->plan.viewers; i++) EVP_CIPHER_CTX_free(egress->viewers[i].context);
    free(egress->keys);
}

static void seal(struct egress *egress, const struct viewer *viewer, const uint8_t *payload, uint32_t sequence,
                 uint8_t *output) {
    uint8_t vector[12] = {1, 2, 3, 4, 5, 6, 7, 8};
    memcpy(vector + 8, &sequence, 4);
    memset(output, 0, header_bytes);
    output[0] = 0x80;
    output[1] = 96;
    output[2] = (uint8_t)(sequence >> 8);
    output[3] = (uint8_t)sequence;
    uint8_t *body = output + header_bytes, *tag = body + payload_bytes;
#ifdef HAS_IPSEC_MB
    if (egress->plan.is_ipsec_mb) {
        struct gcm_context_data context;
        IMB_AES128_GCM_ENC(egress->manager, viewer->key, &context, body, payload, payload_bytes, vector, output,
                           header_bytes, tag, tag_bytes);
        return;
    }
#else
    (void)egress;
#endif
    int length;
    EVP_EncryptInit_ex2(viewer->context, NULL, NULL, vector, NULL);
    EVP_EncryptUpdate(viewer->context, NULL, &length, output, header_bytes);
    EVP_EncryptUpdate(viewer->context, body, &length, payload, payload_bytes);
    EVP_EncryptFinal_ex(viewer->context, tag, &length);
    EVP_CIPHER_CTX_ctrl(viewer->context, EVP_CTRL_AEAD_GET_TAG, tag_bytes, tag);
}

static void prefetch(const void *memory, size_t bytes) {
    for (size_t i = 0; i < bytes; i += 64) __builtin_prefetch((const char *)memory + i);
}

void seal_batch(struct egress *egress, int first, int count) {
    const struct plan *plan = &egress->plan;
    uint8_t *output = egress->arena.bytes;
    for (int i = first; i < first + count; i++) {
        if (plan->prefetch && i + plan->prefetch < plan->viewers) {
            const struct viewer *ahead = &egress->viewers[i + plan->prefetch];
            prefetch(ahead, sizeof *ahead);
            prefetch(ahead->key, egress->key_bytes);
        }
        struct viewer *viewer = &egress->viewers[i];
        if (plan->has_state) {
            viewer->state[0] += frame_packets; // one in each of its two lines, as counters are
            viewer->state[8] += frame_bytes;
        }
        for (int packet = 0; packet < frame_packets; packet++, output += datagram_bytes) {
            int slot = (egress->slot + packet) % egress->slots;
            seal(egress, viewer, egress->source.bytes + slot * egress->slot_bytes, egress->sequence + (uint32_t)packet,
                 output);
        }
    }
}
