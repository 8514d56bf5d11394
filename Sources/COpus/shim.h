#pragma once
#include <opus.h>

// Variadic, which Swift can't call.
static inline int vitrine_opus_set_bitrate(OpusEncoder *encoder, opus_int32 bits) {
    return opus_encoder_ctl(encoder, OPUS_SET_BITRATE(bits));
}
