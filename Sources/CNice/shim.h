#pragma once
// libnice's STUN library alone: it parses and signs, and wants no GLib loop.
#include <stun/stunagent.h>
#include <stun/usages/ice.h>

// The agent keeps the pointer that it is given, so it has to be the library's own memory.
static inline const uint16_t *vitrine_stun_known_attributes(void) { return STUN_ALL_KNOWN_ATTRIBUTES; }
