#pragma once
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/srtp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

// What OpenSSL has as macros, which Swift can't see.
static inline EVP_PKEY *vitrine_ec_p256_key(void) { return EVP_EC_gen("P-256"); }
static inline void vitrine_ssl_set_mtu(SSL *ssl, long mtu) {
    SSL_set_options(ssl, SSL_OP_NO_QUERY_MTU);
    DTLS_set_link_mtu(ssl, mtu);
}
static inline long vitrine_dtls_timeout(SSL *ssl, struct timeval *left) { return DTLSv1_get_timeout(ssl, left); }
static inline long vitrine_dtls_handle_timeout(SSL *ssl) { return DTLSv1_handle_timeout(ssl); }
static inline long vitrine_bio_pending(BIO *bio) { return (long)BIO_ctrl_pending(bio); }
static inline void vitrine_bio_set_empty_is_retry(BIO *bio) { BIO_set_mem_eof_return(bio, -1); }
