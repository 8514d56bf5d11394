// Why something could not be tried.
#define _GNU_SOURCE
#include "trials.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

char trouble[256];

int refuse(const char *what) {
    snprintf(trouble, sizeof trouble, "%s: %s", what, strerror(errno));
    return 0;
}
