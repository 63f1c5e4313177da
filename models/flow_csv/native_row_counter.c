/* The quick way through the rows of a flow file: see models/flow_csv/native_row_counter.py, which is all that calls it.

   A row is counted here only if it is beyond doubt: the right number of commas, nothing but digits in
   its two numbers, addresses and date spelled exactly as in a row that was checked before. At any other
   line the counting stops, and Python decides. Plain C without Python's headers, so that one library
   for each kind of machine serves every Python. */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { SOURCE, DESTINATION, TIMESTAMP, DURATION, PACKETS, COLUMNS };

#define DAY_WIDTH 11       /* bytes of a timestamp that decide its day */
#define KEY_WIDTH 112      /* bytes: two of the longest addresses, a date, a comma after each */
#define KEY_WORDS (KEY_WIDTH / 8)
#define BUCKETS (1u << 16) /* twice the spellings that are remembered, so that a search is short */
#define MOST_SPELLINGS (BUCKETS / 2)
#define MAX_DIGITS 18      /* of a number that fits into 64 bits whatever they are */

typedef unsigned __int128 Sum; /* of any number of rows */

typedef struct {
    Sum duration, packets;
    uint64_t flows;
} Totals;

typedef struct {
    uint64_t key[KEY_WORDS]; /* padded with zeros */
    uint32_t words;              /* of it that are in use */
    uint32_t slot;
} Spelling;

typedef struct {
    const char *start, *end;
} Field;

typedef struct {
    int32_t skip[COLUMNS]; /* fields to pass over before the next one that counts */
    int32_t role[COLUMNS]; /* which of the five that is */
    int32_t commas;        /* in a row */
    uint64_t max_value;
    uint32_t spellings, room, slots; /* remembered; that there is room for; of totals */
    Spelling *spelled;
    Totals *totals;
    uint32_t buckets[BUCKETS]; /* 1 + index of a spelling, 0 if free */
} Counter;

void rows_free(Counter *counter) {
    if (counter) {
        free(counter->spelled);
        free(counter->totals);
        free(counter);
    }
}

/* `places` are those of the five columns, by role. NULL without memory. */
Counter *rows_new(const int32_t places[COLUMNS], int32_t width, uint64_t max_value) {
    Counter *counter = calloc(1, sizeof *counter);
    if (!counter) return NULL;
    counter->commas = width - 1;
    counter->max_value = max_value;
    int32_t passed = 0;
    for (int k = 0; k < COLUMNS; k++) {
        int next = -1;
        for (int role = 0; role < COLUMNS; role++)
            if (places[role] >= passed && (next < 0 || places[role] < places[next])) next = role;
        counter->role[k] = next;
        counter->skip[k] = places[next] - passed;
        passed = places[next] + 1;
    }
    return counter;
}

/* Joins the fields of a spelling; 0 if they are longer than any address or date. */
static uint32_t join(uint64_t key[KEY_WORDS], Field source, Field destination, Field timestamp) {
    size_t a = source.end - source.start, b = destination.end - destination.start;
    size_t c = timestamp.end - timestamp.start;
    if (c > DAY_WIDTH) c = DAY_WIDTH;
    size_t length = a + b + c + 3;
    if (a > KEY_WIDTH || b > KEY_WIDTH || length > KEY_WIDTH) return 0;
    uint32_t words = (uint32_t)((length + 7) / 8);
    key[words - 1] = 0;
    char *to = (char *)key;
    memcpy(to, source.start, a);
    to[a] = ',';
    memcpy(to + a + 1, destination.start, b);
    to[a + 1 + b] = ',';
    memcpy(to + a + b + 2, timestamp.start, c);
    to[length - 1] = ',';
    return words;
}

/* The bucket of a spelling, or the free one where it belongs. */
static uint32_t *bucket_of(Counter *counter, const uint64_t *key, uint32_t words) {
    uint64_t hash = words;
    for (uint32_t n = 0; n < words; n++) {
        hash = (hash ^ key[n]) * 0x9E3779B97F4A7C15u;
        hash ^= hash >> 32;
    }
    for (uint32_t at = (uint32_t)hash;; at++) {
        uint32_t *bucket = &counter->buckets[at % BUCKETS];
        if (!*bucket) return bucket;
        const Spelling *met = &counter->spelled[*bucket - 1];
        if (met->words == words && !memcmp(met->key, key, words * 8)) return bucket;
    }
}

/* The value of nothing but digits; of anything else, or of too many, more than any limit. */
static uint64_t number(Field field) {
    size_t length = field.end - field.start;
    if (length == 0 || length > MAX_DIGITS) return UINT64_MAX;
    uint64_t value = 0;
    for (const char *at = field.start; at < field.end; at++) {
        unsigned digit = (unsigned char)*at - '0';
        if (digit > 9) return UINT64_MAX;
        value = value * 10 + digit;
    }
    return value;
}

typedef uint8_t Lanes __attribute__((vector_size(16)));

static int32_t commas_in(const char *at, const char *end) {
    int32_t found = 0;
    while (end - at >= 16) {
        Lanes counts = {0};
        for (int n = 0; n < 255 && end - at >= 16; n++, at += 16) {
            Lanes bytes;
            memcpy(&bytes, at, 16);
            counts -= (Lanes)(bytes == ',');
        }
        for (int n = 0; n < 16; n++) found += counts[n];
    }
    for (; at < end; at++) found += *at == ',';
    return found;
}

/* The commas of a line, one after the other, sixteen bytes at a look: most fields are shorter than that. */
typedef struct {
    const char *at, *end;
    uint64_t mask; /* MASK_BITS for each byte from `at` on, set for the commas that are still to come */
} Commas;

#ifdef __SSE2__
#include <emmintrin.h>
enum { MASK_BITS = 1 };
static uint64_t commas_among(const char bytes[16]) {
    __m128i loaded = _mm_loadu_si128((const __m128i *)bytes);
    return (uint64_t)_mm_movemask_epi8(_mm_cmpeq_epi8(loaded, _mm_set1_epi8(',')));
}
#else
#include <arm_neon.h>
enum { MASK_BITS = 4 }; /* of which one is kept */
static uint64_t commas_among(const char bytes[16]) {
    uint8x16_t equal = vceqq_u8(vld1q_u8((const uint8_t *)bytes), vdupq_n_u8(','));
    uint8x8_t narrow = vshrn_n_u16(vreinterpretq_u16_u8(equal), 4);
    return vget_lane_u64(vreinterpret_u64_u8(narrow), 0) & 0x8888888888888888u;
}
#endif

static uint64_t mask_of(const char *at, const char *end) {
    if (end - at >= 16) return commas_among(at);
    char rest[16] = {0};
    memcpy(rest, at, end - at);
    return commas_among(rest);
}

/* The next comma, or NULL. */
static const char *next_comma(Commas *commas) {
    while (!commas->mask) {
        if (commas->end - commas->at <= 16) return NULL;
        commas->at += 16;
        commas->mask = mask_of(commas->at, commas->end);
    }
    const char *found = commas->at + __builtin_ctzll(commas->mask) / MASK_BITS;
    commas->mask &= commas->mask - 1;
    return found;
}

static int count_row(Counter *counter, const char *at, const char *end) {
    Field fields[COLUMNS];
    Commas commas = {at, end, mask_of(at, end)};
    int32_t passed = 0;
    for (int k = 0; k < COLUMNS; k++) {
        for (int32_t skip = counter->skip[k]; skip > 0; skip--, passed++) {
            at = next_comma(&commas);
            if (!at) return 0;
            at++;
        }
        const char *stop = next_comma(&commas);
        if (!stop && k < COLUMNS - 1) return 0;
        passed += stop != NULL;
        fields[counter->role[k]] = (Field){at, stop ? stop : end};
        at = stop ? stop + 1 : end;
    }
    if (passed + commas_in(at, end) != counter->commas) return 0;
    uint64_t duration = number(fields[DURATION]), packets = number(fields[PACKETS]);
    if (duration > counter->max_value || packets > counter->max_value) return 0;
    uint64_t key[KEY_WORDS];
    uint32_t words = join(key, fields[SOURCE], fields[DESTINATION], fields[TIMESTAMP]);
    if (!words) return 0;
    uint32_t *bucket = bucket_of(counter, key, words);
    if (!*bucket) return 0;
    Totals *totals = &counter->totals[counter->spelled[*bucket - 1].slot];
    totals->duration += duration;
    totals->packets += packets;
    totals->flows++;
    return 1;
}

/* Counts rows from an offset on. Gives the offset of the first line that is not beyond doubt, or the
   length; adds the lines before it to `lines`. */
size_t rows_count(Counter *counter, const char *text, size_t from, size_t length, uint64_t *lines) {
    const char *at = text + from, *end = text + length;
    while (at < end) {
        const char *stop = memchr(at, '\n', end - at);
        if (!stop) stop = end;
        if (!count_row(counter, at, stop)) break;
        ++*lines;
        at = stop < end ? stop + 1 : end;
    }
    return at - text;
}

/* Room for the totals of a slot; 0 without memory. */
static int has_room(Counter *counter, uint32_t slot) {
    if (slot < counter->slots) return 1;
    uint32_t room = slot < 512 ? 1024 : 2 * slot;
    Totals *more = realloc(counter->totals, room * sizeof *more);
    if (!more) return 0;
    memset(more + counter->slots, 0, (room - counter->slots) * sizeof *more);
    counter->totals = more;
    counter->slots = room;
    return 1;
}

/* Remembers which slot a spelling means; 0 without memory. */
static int remember(Counter *counter, const uint64_t *key, uint32_t words, uint32_t slot) {
    if (counter->spellings == MOST_SPELLINGS) { /* begin anew: a file with so many is read slowly anyway */
        counter->spellings = 0;
        memset(counter->buckets, 0, sizeof counter->buckets);
    }
    if (counter->spellings == counter->room) {
        uint32_t room = counter->room ? 2 * counter->room : 1024;
        Spelling *more = realloc(counter->spelled, room * sizeof *more);
        if (!more) return 0;
        counter->spelled = more;
        counter->room = room;
    }
    uint32_t *bucket = bucket_of(counter, key, words);
    if (!*bucket) {
        Spelling *met = &counter->spelled[counter->spellings++];
        memcpy(met->key, key, words * 8);
        met->words = words;
        met->slot = slot;
        *bucket = counter->spellings;
    }
    return 1;
}

/* Adds a row that Python has checked to its slot, and remembers how it was spelled; 0 without memory. */
int rows_add(Counter *counter, const char *source, size_t source_length, const char *destination,
             size_t destination_length, const char *timestamp, size_t timestamp_length, uint32_t slot,
             uint64_t duration, uint64_t packets) {
    if (!has_room(counter, slot)) return 0;
    counter->totals[slot].duration += duration;
    counter->totals[slot].packets += packets;
    counter->totals[slot].flows++;
    uint64_t key[KEY_WORDS];
    uint32_t words = join(key, (Field){source, source + source_length},
                          (Field){destination, destination + destination_length},
                          (Field){timestamp, timestamp + timestamp_length});
    return !words || remember(counter, key, words, slot);
}

/* The totals of a slot: duration and packets, each in two halves of 64 bits, lower first, then flows. */
void rows_totals(const Counter *counter, uint32_t slot, uint64_t totals[5]) {
    const Totals *of = &counter->totals[slot];
    totals[0] = (uint64_t)of->duration;
    totals[1] = (uint64_t)(of->duration >> 64);
    totals[2] = (uint64_t)of->packets;
    totals[3] = (uint64_t)(of->packets >> 64);
    totals[4] = of->flows;
}
