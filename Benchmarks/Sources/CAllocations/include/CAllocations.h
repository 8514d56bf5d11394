#pragma once
// Counts what a program asks of the C library's allocator. Linking this is enough: the program's own definitions come
// before the library's, for every library that it loads.
#include <stdint.h>

/// Calls of malloc, calloc, realloc and the aligned ones, of all threads, since the program began.
uint64_t allocations_count(void);
