// Memory in pages of a chosen size.
#define _GNU_SOURCE
#include "trials.h"

#include <stdio.h>
#include <sys/mman.h>

enum { huge_page = 2 << 20 };

/// What lies around it is out of bounds, so that the kernel doesn't join it to a neighbour and smaps tells it apart.
int map_memory(struct memory *memory, size_t bytes, enum pages pages) {
    bytes = (bytes + huge_page - 1) / huge_page * huge_page;
    int is_hugetlb = pages == hugetlb_pages, flags = MAP_PRIVATE | MAP_ANONYMOUS;
    memory->mapped_bytes = is_hugetlb ? bytes : bytes + huge_page;
    memory->mapped = mmap(NULL, memory->mapped_bytes, is_hugetlb ? PROT_READ | PROT_WRITE : PROT_NONE,
                          is_hugetlb ? flags | MAP_HUGETLB : flags, -1, 0);
    if (memory->mapped == MAP_FAILED) {
        memory->mapped = NULL;
        return refuse(is_hugetlb ? "mmap(MAP_HUGETLB)" : "mmap");
    }
    memory->bytes = (uint8_t *)(((uintptr_t)memory->mapped + huge_page - 1) / huge_page * huge_page);
    if (!is_hugetlb) {
        if (mprotect(memory->bytes, bytes, PROT_READ | PROT_WRITE) != 0) return refuse("mprotect");
        if (madvise(memory->bytes, bytes, pages == small_pages ? MADV_NOHUGEPAGE : MADV_HUGEPAGE) != 0)
            return refuse("madvise");
    }
    for (size_t i = 0; i < bytes; i++) memory->bytes[i] = (uint8_t)(i * 7 + (i >> 8));
    return 1;
}

void unmap_memory(struct memory *memory) {
    if (memory->mapped) munmap(memory->mapped, memory->mapped_bytes);
}

long huge_kilobytes(const struct memory *memory) {
    FILE *maps = fopen("/proc/self/smaps", "r");
    char line[512];
    unsigned long from, to, address = (unsigned long)memory->bytes;
    long kilobytes, total = 0;
    int is_inside = 0;
    while (maps && fgets(line, sizeof line, maps)) {
        if (sscanf(line, "%lx-%lx ", &from, &to) == 2) is_inside = from <= address && address < to;
        if (is_inside && (sscanf(line, "AnonHugePages: %ld", &kilobytes) == 1 ||
                          sscanf(line, "Private_Hugetlb: %ld", &kilobytes) == 1))
            total += kilobytes;
    }
    if (maps) fclose(maps);
    return total;
}
