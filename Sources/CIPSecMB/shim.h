#pragma once
#include <intel-ipsec-mb.h>
#include <stddef.h>

// AES-128-GCM by the library's direct calls, which are macros over a table of functions for this processor.

// Null where the processor has no instructions for AES.
static inline IMB_MGR *vitrine_imb_manager(void) {
    IMB_MGR *manager = alloc_mb_mgr(0);
    if (manager == NULL) return NULL;
    init_mb_mgr_auto(manager, NULL);
    if (manager->features & IMB_FEATURE_AESNI) return manager;
    free_mb_mgr(manager);
    return NULL;
}

// What a key takes in memory, aligned to 64 bytes. Only with AVX-512 is all of the structure used.
static inline size_t vitrine_imb_key_bytes(const IMB_MGR *manager) {
    struct gcm_key_data *data = NULL;
    const size_t most = sizeof *data;
    const size_t sse = offsetof(struct gcm_key_data, ghash_keys) + sizeof data->ghash_keys.sse_avx;
    const size_t bytes = (manager->features & IMB_FEATURE_AVX512_SKX) ? most : sse;
    return (bytes + 63) / 64 * 64;
}

static inline void vitrine_imb_set_key(IMB_MGR *manager, const void *key, void *data) {
    IMB_AES128_GCM_PRE(manager, key, (struct gcm_key_data *)data);
}

// Seals `count` bytes; header and tag are as RFC 7714 has them.
static inline void vitrine_imb_seal(IMB_MGR *manager, const void *key, void *output, const void *input, size_t count,
                                    const void *vector, const void *header, size_t header_bytes, void *tag) {
    struct gcm_context_data context;
    IMB_AES128_GCM_ENC(manager, (const struct gcm_key_data *)key, &context, (uint8_t *)output, (const uint8_t *)input,
                       count, (const uint8_t *)vector, (const uint8_t *)header, header_bytes, (uint8_t *)tag, 16);
}

// The same with two bytes in front of the input.
static inline void vitrine_imb_seal_prefixed(IMB_MGR *manager, const void *key, void *output, const void *prefix,
                                             const void *input, size_t count, const void *vector, const void *header,
                                             size_t header_bytes, void *tag) {
    struct gcm_context_data context;
    const struct gcm_key_data *data = (const struct gcm_key_data *)key;
    IMB_AES128_GCM_INIT(manager, data, &context, (const uint8_t *)vector, (const uint8_t *)header, header_bytes);
    IMB_AES128_GCM_ENC_UPDATE(manager, data, &context, (uint8_t *)output, (const uint8_t *)prefix, 2);
    IMB_AES128_GCM_ENC_UPDATE(manager, data, &context, (uint8_t *)output + 2, (const uint8_t *)input, count);
    IMB_AES128_GCM_ENC_FINALIZE(manager, data, &context, (uint8_t *)tag, 16);
}
