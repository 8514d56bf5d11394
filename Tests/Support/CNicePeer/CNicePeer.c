#include "CNicePeer.h"

#include <nice/agent.h>
#include <stdlib.h>

struct nice_peer {
    GMainContext *context;
    NiceAgent *agent;
    guint stream;
    gchar *fragment, *password;
    int gathered;
    unsigned char heard[256];
};

static void gathering_done(NiceAgent *agent, guint stream, gpointer data) {
    (void)agent, (void)stream;
    ((struct nice_peer *)data)->gathered = 1;
}

static void receive(NiceAgent *agent, guint stream, guint component, guint length, gchar *bytes, gpointer data) {
    (void)agent, (void)stream, (void)component;
    if (length > 0) ((struct nice_peer *)data)->heard[(unsigned char)bytes[0]] = 1;
}

/// Runs the agent's loop until `*done`, or until the time is over.
static int run(struct nice_peer *peer, const unsigned char *done, unsigned milliseconds) {
    gint64 end = g_get_monotonic_time() + (gint64)milliseconds * 1000;
    while (!*done && g_get_monotonic_time() < end) {
        if (!g_main_context_iteration(peer->context, FALSE)) g_usleep(1000);
    }
    return *done != 0;
}

struct nice_peer *nice_peer_create(void) {
    struct nice_peer *peer = calloc(1, sizeof *peer);
    peer->context = g_main_context_new();
    peer->agent = nice_agent_new(peer->context, NICE_COMPATIBILITY_RFC5245);
    g_object_set(peer->agent, "controlling-mode", TRUE, "ice-tcp", FALSE, "upnp", FALSE, NULL);
    NiceAddress loopback;
    nice_address_init(&loopback);
    nice_address_set_from_string(&loopback, "127.0.0.1");
    nice_agent_add_local_address(peer->agent, &loopback);
    peer->stream = nice_agent_add_stream(peer->agent, 1);
    g_signal_connect(peer->agent, "candidate-gathering-done", G_CALLBACK(gathering_done), peer);
    nice_agent_attach_recv(peer->agent, peer->stream, 1, peer->context, receive, peer);
    nice_agent_gather_candidates(peer->agent, peer->stream);
    unsigned char gathered = 0;
    for (int i = 0; i < 2000 && !gathered; i++) {
        run(peer, &gathered, 1);
        gathered = (unsigned char)peer->gathered;
    }
    nice_agent_get_local_credentials(peer->agent, peer->stream, &peer->fragment, &peer->password);
    return peer;
}

const char *nice_peer_fragment(const struct nice_peer *peer) { return peer->fragment; }
const char *nice_peer_password(const struct nice_peer *peer) { return peer->password; }

int nice_peer_connect(struct nice_peer *peer, const char *fragment, const char *password, const char *host,
                      unsigned port, unsigned milliseconds) {
    nice_agent_set_remote_credentials(peer->agent, peer->stream, fragment, password);
    NiceCandidate *candidate = nice_candidate_new(NICE_CANDIDATE_TYPE_HOST);
    candidate->stream_id = peer->stream;
    candidate->component_id = 1;
    candidate->transport = NICE_CANDIDATE_TRANSPORT_UDP;
    g_strlcpy(candidate->foundation, "1", NICE_CANDIDATE_MAX_FOUNDATION);
    nice_address_set_from_string(&candidate->addr, host);
    nice_address_set_port(&candidate->addr, port);
    GSList *list = g_slist_append(NULL, candidate);
    nice_agent_set_remote_candidates(peer->agent, peer->stream, 1, list);
    g_slist_free_full(list, (GDestroyNotify)nice_candidate_free);
    unsigned char ready = 0;
    for (unsigned i = 0; i < milliseconds && !ready; i++) {
        run(peer, &ready, 1);
        ready = nice_agent_get_component_state(peer->agent, peer->stream, 1) == NICE_COMPONENT_STATE_READY;
    }
    return ready;
}

int nice_peer_hears(struct nice_peer *peer, unsigned char first, unsigned milliseconds) {
    return run(peer, &peer->heard[first], milliseconds);
}

int nice_peer_send(struct nice_peer *peer, const unsigned char *bytes, unsigned count) {
    return nice_agent_send(peer->agent, peer->stream, 1, count, (const gchar *)bytes);
}

void nice_peer_free(struct nice_peer *peer) {
    g_object_unref(peer->agent);
    g_main_context_unref(peer->context);
    g_free(peer->fragment);
    g_free(peer->password);
    free(peer);
}
