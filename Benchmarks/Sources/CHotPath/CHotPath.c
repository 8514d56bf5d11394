#include "CHotPath.h"

#if __has_include(<valgrind/callgrind.h>)
#include <valgrind/callgrind.h>
#else
#define CALLGRIND_START_INSTRUMENTATION
#endif

// What follows the call keeps it from becoming a jump, which would end the function before its body.
#define STAY __asm__ volatile("" ::: "memory")

__attribute__((noinline)) void hot_path_receive(void (*body)(const void *, void *, long), const void *rig, void *packet,
                                                long bytes) {
    body(rig, packet, bytes);
    STAY;
}

__attribute__((noinline)) void hot_path_flush(void (*body)(const void *), const void *rig) {
    body(rig);
    STAY;
}

void hot_path_begin(void) { CALLGRIND_START_INSTRUMENTATION; }
