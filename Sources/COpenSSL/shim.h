#pragma once
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/srtp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

// What OpenSSL has as macros, which Swift can't see.
static inline EVP_PKEY *vitrine_ec_key(const char *curve) { return EVP_EC_gen(curve); }
static inline long vitrine_ctx_set_groups(SSL_CTX *context, const char *groups) { return SSL_CTX_set1_groups_list(context, groups); }
static inline EVP_PKEY *vitrine_rsa_key(unsigned int bits) { return EVP_RSA_gen(bits); }
static inline void vitrine_ssl_without_resumption(SSL_CTX *context) {
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
}

// The keys of the records of a finished handshake (RFC 5246, section 6.3), which OpenSSL doesn't give out. 1 when it can.
static inline int vitrine_tls12_key_block(SSL *ssl, unsigned char *block, size_t count) {
    enum { label = 13, random = SSL3_RANDOM_SIZE };
    unsigned char master[SSL_MAX_MASTER_KEY_LENGTH], seed[label + 2 * random];
    const EVP_MD *hash = SSL_CIPHER_get_handshake_digest(SSL_get_current_cipher(ssl));
    size_t secret = SSL_SESSION_get_master_key(SSL_get_session(ssl), master, sizeof master);
    EVP_KDF *kdf = EVP_KDF_fetch(0, "TLS1-PRF", 0);
    EVP_KDF_CTX *context = kdf ? EVP_KDF_CTX_new(kdf) : 0;
    int done = 0;
    if (hash && secret && context) {
        for (int i = 0; i < label; i++) seed[i] = (unsigned char)"key expansion"[i];
        SSL_get_server_random(ssl, seed + label, random);
        SSL_get_client_random(ssl, seed + label + random, random);
        OSSL_PARAM parameters[] = {
            OSSL_PARAM_construct_utf8_string("digest", (char *)EVP_MD_get0_name(hash), 0),
            OSSL_PARAM_construct_octet_string("secret", master, secret),
            OSSL_PARAM_construct_octet_string("seed", seed, sizeof seed),
            OSSL_PARAM_construct_end(),
        };
        done = EVP_KDF_derive(context, block, count, parameters) == 1;
    }
    OPENSSL_cleanse(master, sizeof master);
    EVP_KDF_CTX_free(context);
    EVP_KDF_free(kdf);
    return done;
}
static inline void vitrine_ssl_set_mtu(SSL *ssl, long mtu) {
    SSL_set_options(ssl, SSL_OP_NO_QUERY_MTU);
    DTLS_set_link_mtu(ssl, mtu);
}

// The first flight is repeated after 100 ms, then after twice as long each time: media can't wait for RFC 6347's second.
static inline unsigned int vitrine_dtls_next_timeout(SSL *ssl, unsigned int microseconds) {
    (void)ssl;
    return microseconds == 0 ? 100000 : microseconds >= 1600000 ? 3000000 : 2 * microseconds;
}
static inline void vitrine_dtls_set_timer(SSL *ssl) { DTLS_set_timer_cb(ssl, vitrine_dtls_next_timeout); }
static inline long vitrine_dtls_timeout(SSL *ssl, struct timeval *left) { return DTLSv1_get_timeout(ssl, left); }
static inline long vitrine_dtls_handle_timeout(SSL *ssl) { return DTLSv1_handle_timeout(ssl); }
static inline long vitrine_bio_pending(BIO *bio) { return (long)BIO_ctrl_pending(bio); }
static inline void vitrine_bio_set_empty_is_retry(BIO *bio) { BIO_set_mem_eof_return(bio, -1); }

// SHA-1 by its own calls. OpenSSL 3 deprecates them, but its EVP allocates twice for each HMAC, and these do not.
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wdeprecated-declarations"
static inline int vitrine_sha1_init(SHA_CTX *state) { return SHA1_Init(state); }
static inline int vitrine_sha1_update(SHA_CTX *state, const void *bytes, size_t count) {
    return SHA1_Update(state, bytes, count);
}
static inline int vitrine_sha1_final(unsigned char *digest, SHA_CTX *state) { return SHA1_Final(digest, state); }
#pragma clang diagnostic pop
