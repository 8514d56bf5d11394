#pragma once
#include <mongoc/mongoc.h>
#include <string.h>

// What became of a command. libmongoc's domains are macros of an anonymous enum, which Swift can't tell apart.
typedef enum {
    VITRINE_MONGOC_ANSWERED,    // there is a reply; it may still hold write errors
    VITRINE_MONGOC_UNREACHABLE, // no server, or the connection broke: the command may have been carried out
    VITRINE_MONGOC_REFUSED,     // the server says no; there is a code
    VITRINE_MONGOC_FAILED       // authentication, TLS, or a command that the driver can't send
} vitrine_mongoc_outcome;

// Runs one command, given and answered as BSON. A `bson_t` is aligned to 128 bytes and the library fills it in place,
// so it lives on C's stack. The caller frees `*reply` with bson_free, whatever the outcome.
static inline vitrine_mongoc_outcome vitrine_mongoc_run(
    mongoc_client_t *client, const char *database, const uint8_t *command, size_t length, bool is_write,
    uint8_t **reply, uint32_t *reply_length, bson_error_t *error) {
    bson_t request, answer;
    *reply = NULL;
    *reply_length = 0;
    if (!bson_init_static(&request, command, length)) return VITRINE_MONGOC_FAILED;
    bool done;
    if (is_write) {
        done = mongoc_client_write_command_with_opts(client, database, &request, NULL, &answer, error);
    } else {
        // From the primary whatever the URI says: a record that was just written is to be found.
        mongoc_read_prefs_t *primary = mongoc_read_prefs_new(MONGOC_READ_PRIMARY);
        done = mongoc_client_read_command_with_opts(client, database, &request, primary, NULL, &answer, error);
        mongoc_read_prefs_destroy(primary);
    }
    *reply_length = answer.len;
    *reply = (uint8_t *)bson_malloc(answer.len);
    memcpy(*reply, bson_get_data(&answer), answer.len);
    bson_destroy(&answer);
    if (done) return VITRINE_MONGOC_ANSWERED;
    switch (error->domain) {
    case MONGOC_ERROR_STREAM:
    case MONGOC_ERROR_SERVER_SELECTION: return VITRINE_MONGOC_UNREACHABLE;
    case MONGOC_ERROR_SERVER:
    case MONGOC_ERROR_WRITE_CONCERN: return VITRINE_MONGOC_REFUSED;
    default: return VITRINE_MONGOC_FAILED;
    }
}

static inline const char *vitrine_mongoc_message(const bson_error_t *error) { return error->message; }
