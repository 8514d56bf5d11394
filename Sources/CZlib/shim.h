#pragma once
#include <zlib.h>

// zlib's own name for this is a macro. 15 bits of window, and 16 for gzip's header (RFC 1952) in place of zlib's.
static inline int vitrine_gzip_init(z_stream *stream) {
    return deflateInit2(stream, Z_BEST_COMPRESSION, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY);
}
