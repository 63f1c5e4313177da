/* Drives the library in the way of test_native_row_counter.py, on whatever machine this is compiled for.

   Reads lines of five fields from standard input, or rows that prove the unit of durations, if that is given as an
   argument. Each line that is given back is added to a slot as a row of 1 µs and 2 packets, and its number is
   printed; in the end, the totals of all pairs and days are. */

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Counter Counter;
Counter *rows_new(const int32_t places[5], int32_t width, uint64_t max_value, const uint64_t secret[2],
                  uint64_t begin, uint64_t size, uint64_t limit, int32_t is_checked);
typedef struct {
    uint64_t seconds, microseconds, has_duration, is_rounded, is_contrary;
} Proofs;
void rows_prove(Counter *, const int32_t places[7], int32_t unit, Proofs *);
size_t rows_count(Counter *, const char *text, size_t from, size_t length, uint64_t *lines);
int rows_add(Counter *, const char *, size_t, size_t, size_t, const char *, size_t, size_t, size_t, uint64_t duration,
             uint64_t packets);
uint64_t rows_all(const Counter *);
uint32_t rows_portion(const Counter *, uint32_t most);
size_t rows_found(Counter *, uint32_t number, char *text, uint64_t *numbers);
void rows_free(Counter *);

static char text[1 << 24];

int main(int arguments, char **argument) {
    size_t length = fread(text, 1, sizeof text, stdin), at = 0;
    uint64_t lines = 0;
    uint32_t added = 0;
    int is_unit = arguments > 1;
    Proofs proofs = {0};
    Counter *counter =
        rows_new((int32_t[]){0, 1, 2, 3, 4}, is_unit ? 8 : 5, 1000000000000u, (uint64_t[]){7, 9}, 1u << 31, 1u << 31,
                 1000, 0);
    if (is_unit) rows_prove(counter, (int32_t[]){0, 1, 2, 3, 5, 6, 4}, atoi(argument[1]), &proofs);
    while ((at = rows_count(counter, text, at, length, &lines)) < length) {
        char *field[4], *next = text + at, *stop = memchr(next, '\n', length - at);
        printf("%llu %d\n", (unsigned long long)++lines, (int)proofs.is_contrary);
        proofs.is_contrary = 0;
        int fields = 0;
        for (; fields < 4 && next && next < stop; fields++) {
            field[fields] = next;
            next = memchr(next, ',', stop - next);
            next = next ? next + 1 : NULL;
        }
        if (fields == 4 && field[3] > field[2] + 11)
        {
            char spelled[256], meant[64];
            size_t source = field[1] - field[0] - 1, destination = field[2] - field[1] - 1;
            memcpy(spelled, field[0], source);
            memcpy(spelled + source, field[1], destination);
            memcpy(spelled + source + destination, field[2], 11);
            int length = sprintf(meant, "::1:%x10.0.0.12022-12-07", ++added % 5000);
            rows_add(counter, spelled, source, destination, 11, meant, length - 18, 8, 10, 1, 2);
        }
        at = stop + 1 - text;
    }
    printf("%llu\n", (unsigned long long)rows_all(counter));
    printf("%llu %llu %d %d\n", (unsigned long long)proofs.seconds, (unsigned long long)proofs.microseconds,
           (int)proofs.has_duration, (int)proofs.is_rounded);
    static char names[80 * 1000];
    static uint64_t numbers[6 * 1000];
    for (uint32_t found; (found = rows_portion(counter, 100));) {
        fwrite(names, 1, rows_found(counter, found, names, numbers), stdout);
        for (uint32_t n = 0; n < 6 * found; n++) printf("%llu ", (unsigned long long)numbers[n]);
        printf("\n");
    }
    rows_free(counter);
    return 0;
}
