#pragma once

/// A full ICE agent (libnice's own), controlling, with candidates on the loopback address only.
struct nice_peer;

struct nice_peer *nice_peer_create(void);
const char *nice_peer_fragment(const struct nice_peer *peer);
const char *nice_peer_password(const struct nice_peer *peer);
/// Connects to one candidate. 1 once a pair is nominated and works, 0 when it isn't within the time.
int nice_peer_connect(struct nice_peer *peer, const char *fragment, const char *password, const char *host,
                      unsigned port, unsigned milliseconds);
/// What the other side sends: whether a datagram that begins with `first` came within the time.
int nice_peer_hears(struct nice_peer *peer, unsigned char first, unsigned milliseconds);
int nice_peer_send(struct nice_peer *peer, const unsigned char *bytes, unsigned count);
void nice_peer_free(struct nice_peer *peer);
