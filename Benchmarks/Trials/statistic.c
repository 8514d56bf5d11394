// Medians and spreads.
#define _GNU_SOURCE
#include "trials.h"

#include <stdio.h>
#include <stdlib.h>

static int order(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

void add_value(struct statistic *statistic, double value) { statistic->values[statistic->count++] = value; }

double median(struct statistic *statistic) {
    qsort(statistic->values, (size_t)statistic->count, sizeof *statistic->values, order);
    return statistic->values[statistic->count / 2];
}

const char *spread(struct statistic *statistic, int decimals, char text[64]) {
    double middle = median(statistic), *values = statistic->values;
    snprintf(text, 64, "%.*f / **%.*f** / %.*f", decimals, values[0], decimals, middle, decimals,
             values[statistic->count - 1]);
    return text;
}
