/* Drives the library in the way of test_native_row_counter.py, on whatever machine this is compiled for.

   Reads lines of five fields from standard input. Each line that is given back is added to a slot as a
   row of 1 µs and 2 packets, and its number is printed; in the end, the totals of all slots are. */

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

typedef struct Counter Counter;
Counter *rows_new(const int32_t places[5], int32_t width, uint64_t max_value, const uint64_t secret[2],
                  uint64_t mask, uint64_t part, int32_t is_checked);
size_t rows_count(Counter *, const char *text, size_t from, size_t length, uint64_t *lines);
int rows_add(Counter *, const char *, size_t, const char *, size_t, const char *, size_t, uint32_t slot,
             uint64_t duration, uint64_t packets);
void rows_totals(const Counter *, uint32_t slot, uint64_t totals[5]);
void rows_free(Counter *);

static char text[1 << 24];

int main(void) {
    size_t length = fread(text, 1, sizeof text, stdin), at = 0;
    uint64_t lines = 0;
    uint32_t slots = 1; /* after that of other parts */
    Counter *counter = rows_new((int32_t[]){0, 1, 2, 3, 4}, 5, 1000000000000u, (uint64_t[]){7, 9}, 3, 1, 0);
    while ((at = rows_count(counter, text, at, length, &lines)) < length) {
        char *field[4], *next = text + at, *stop = memchr(next, '\n', length - at);
        printf("%llu\n", (unsigned long long)++lines);
        int fields = 0;
        for (; fields < 4 && next && next < stop; fields++) {
            field[fields] = next;
            next = memchr(next, ',', stop - next);
            next = next ? next + 1 : NULL;
        }
        if (fields == 4 && field[3] > field[2] + 11)
            rows_add(counter, field[0], field[1] - field[0] - 1, field[1], field[2] - field[1] - 1, field[2],
                     11, slots++, 1, 2);
        at = stop + 1 - text;
    }
    for (uint32_t slot = 0; slot < slots; slot++) {
        uint64_t totals[5];
        rows_totals(counter, slot, totals);
        for (int n = 0; n < 5; n++) printf("%llu ", (unsigned long long)totals[n]);
        printf("\n");
    }
    rows_free(counter);
    return 0;
}
