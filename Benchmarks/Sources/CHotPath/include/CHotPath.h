#pragma once
// Two functions with names of C, by which a profiler can be told what to count. Each calls `body` and returns.

void hot_path_receive(void (*body)(const void *rig, void *packet, long bytes), const void *rig, void *packet, long bytes);
void hot_path_flush(void (*body)(const void *rig), const void *rig);

/// A profiler may leave out what comes before this: under callgrind it is ten times faster then.
void hot_path_begin(void);
