/* The quick way through the rows of a flow file: see native_row_counter.py, which is all that calls it.

   A row is counted here only if it is beyond doubt: the right number of fields, plain numbers, and addresses
   and a date that Python reads alike. How these are spelled is remembered, as nearly all rows spell them like
   one before. A first look takes rows without quotes, blanks or points; a second one those that have some,
   blank lines and headers, and every row whose unit is to be proved, as units.py has it. At any other line the
   counting stops, and Python decides. Where a file is read in parts, the rows of other parts are told by the hash of
   their pair, and passed over. What is kept of a pair-day is as short as can be: the more of them are in hand, the less
   often a file is read. Plain C without Python's headers, so that one library for each kind of machine serves every
   Python. */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { SOURCE, DESTINATION, TIMESTAMP, DURATION, PACKETS, COLUMNS };
enum { BACKWARD = COLUMNS, RATE, UNIT_COLUMNS }; /* those that prove the unit of durations, where it is to be proved */

#define DAY_WIDTH 11     /* bytes of a timestamp that decide its day */
#define KEY_WIDTH 144    /* bytes: two of the longest addresses, a date, and the lengths of all */
#define KEY_WORDS (KEY_WIDTH / 8)
#define FIRST_BUCKETS (1u << 12)
#define MOST_BUCKETS (1u << 18) /* twice the spellings that are remembered, so that a search is short */
#define LONGEST_SEARCH 64       /* buckets: of many more spellings than there may be, not one meets this by chance */
#define MAX_DIGITS 18           /* of a number that fits into 64 bits whatever they are */
#define FIRST_YEAR 1970         /* that counts */
#define LAST_YEAR 2099
#define DAYS 47482              /* in these years */
#define LONGEST_ADDRESS 64      /* bytes, with a zone */
#define UNESCAPED 128           /* bytes of a field with quotes in it that are looked at */
#define ADDRESS_WORDS 4         /* of a pair at most */
#define PLACES (1ull << 32)     /* of pairs, by their hash */
#define GROUPS 64               /* of the pairs in hand, each in a place of its own: they are given group by group */
#define BLOCK_WORDS 256         /* of memory for those of one group */
#define ELSEWHERE 0             /* the slot of the rows of other parts */
#define NO_SLOT UINT32_MAX      /* without memory */
#define LONGEST_FIELD 131072    /* bytes: Python's csv module takes no longer ones */
#define AHEAD 8192              /* bytes behind a line in which quotes and NULs are looked for with those in it */

typedef unsigned __int128 Sum; /* of any number of rows */

typedef struct {
    uint64_t duration, packets;
    uint32_t duration_high, packets_high; /* their bits from 64 on */
    uint64_t flows;
} Totals;

typedef struct {
    uint32_t key, words; /* where its words begin among all keys, and how many they are */
    uint32_t slot;
    uint32_t hash;
} Spelling;

typedef struct {
    uint64_t addresses[ADDRESS_WORDS]; /* source, then destination: of 4 bytes each, or of 16 if one of them is of IPv6 */
    uint64_t hash;         /* of the pair */
    uint32_t day;          /* since that of 1970 began */
    uint32_t is_ipv6;      /* 1 for the source, 2 for the destination */
} PairDay;

typedef struct {
    Totals totals;
    uint32_t place; /* of the pair */
    uint16_t day;
    uint8_t is_ipv6;
    uint64_t addresses[]; /* as many words as they take */
} Kept; /* a pair-day in hand */

typedef struct {
    uint32_t next, used; /* the block that follows, 0 if none; words that are taken, these among them */
} Block;

typedef struct {
    uint32_t first, last; /* blocks, 0 if there is none */
    uint32_t in_hand;     /* pair-days */
} Group;

typedef struct {
    uint32_t block, at; /* 0 at the end; the word in it */
} Cursor; /* where the next one of a group is */

typedef struct {
    uint32_t slot; /* of a pair-day, 0 if free */
    uint32_t hash; /* of the pair-day */
} SlotBucket;

typedef struct {
    const char *start, *end;
} Field;

/* What rows prove of the unit of durations: those that Python has read, and those that are read here. */
typedef struct {
    uint64_t seconds, microseconds; /* rows */
    uint64_t has_duration;          /* other than 0 */
    uint64_t is_rounded;            /* whether a duration is, to whole ones */
    uint64_t is_contrary;           /* whether the row that counting stopped at is right but for its unit */
} Proofs;

typedef struct {
    int32_t skip[UNIT_COLUMNS]; /* fields to pass over before the next one that counts */
    int32_t role[UNIT_COLUMNS]; /* which of them that is */
    int32_t columns;       /* fields that count */
    int32_t commas;        /* in a row */
    int32_t is_checked;    /* whether every row of the file was looked at in an earlier pass */
    int32_t unit;          /* of durations: a microsecond times ten to the power of it */
    Proofs *proofs;        /* NULL if their unit needs no proof */
    uint64_t max_value;
    uint64_t secret[2];  /* nobody who writes a file can know how it is hashed */
    uint64_t begin, size; /* pairs count whose place is one of so many from here on */
    uint64_t limit;       /* pair-days in hand at most */
    uint32_t spellings, spellings_room, words, words_room;
    uint32_t in_hand; /* pair-days */
    uint32_t blocks, blocks_room, free_block; /* that were ever taken, with an empty one at the beginning; of them; 0 if none */
    uint32_t bucket_mask, slot_mask; /* one less than there are buckets of either kind */
    Spelling *spelled;
    uint64_t *keys;
    uint64_t *memory; /* blocks; a slot is the word in it at which a pair-day is kept */
    Group groups[GROUPS];
    uint64_t elsewhere; /* rows of other parts */
    uint32_t *buckets; /* 1 + index of a spelling, 0 if free */
    SlotBucket *slot_buckets;
    uint32_t given; /* groups, at the end */
    Cursor next;    /* of the pair-days to be given */
    char *header; /* a line that is passed over, as the header that it is; may be none */
    size_t header_length;
    char unescaped[DURATION][UNESCAPED];
    uint8_t seen[DAYS]; /* in rows of pair-days that were new: 1 if the year stood first, 2 if last */
} Counter;

void rows_free(Counter *counter) {
    if (counter) {
        free(counter->spelled);
        free(counter->keys);
        free(counter->memory);
        free(counter->buckets);
        free(counter->slot_buckets);
        free(counter->header);
        free(counter);
    }
}

/* Finds the order of columns whose places are given by role. */
static void order(Counter *counter, const int32_t places[], int columns) {
    int32_t passed = 0;
    for (int k = 0; k < columns; k++) {
        int next = -1;
        for (int role = 0; role < columns; role++)
            if (places[role] >= passed && (next < 0 || places[role] < places[next])) next = role;
        counter->role[k] = next;
        counter->skip[k] = places[next] - passed;
        passed = places[next] + 1;
    }
    counter->columns = columns;
}

/* `places` are those of the five columns, by role. NULL without memory. */
Counter *rows_new(const int32_t places[COLUMNS], int32_t width, uint64_t max_value, const uint64_t secret[2],
                  uint64_t begin, uint64_t size, uint64_t limit, int32_t is_checked) {
    Counter *counter = calloc(1, sizeof *counter);
    if (!counter) return NULL;
    counter->buckets = calloc(FIRST_BUCKETS, sizeof *counter->buckets);
    counter->slot_buckets = calloc(FIRST_BUCKETS, sizeof *counter->slot_buckets);
    counter->bucket_mask = counter->slot_mask = FIRST_BUCKETS - 1;
    if (!counter->buckets || !counter->slot_buckets) {
        rows_free(counter);
        return NULL;
    }
    counter->blocks = 1;
    counter->commas = width - 1;
    counter->max_value = max_value;
    counter->secret[0] = secret[0];
    counter->secret[1] = secret[1] | 1;
    counter->begin = begin;
    counter->size = size;
    counter->limit = limit;
    counter->is_checked = is_checked;
    order(counter, places, COLUMNS);
    return counter;
}

/* From here on, durations are in a unit, of ten to this power of microseconds, that rows prove or speak against. */
void rows_prove(Counter *counter, const int32_t places[UNIT_COLUMNS], int32_t unit, Proofs *proofs) {
    order(counter, places, UNIT_COLUMNS);
    counter->unit = unit;
    counter->proofs = proofs;
}

/* From here on, rows have so many fields. */
void rows_widen(Counter *counter, int32_t width) {
    counter->commas = width - 1;
}

/* From here on, lines like this one are headers; 0 without memory. */
int rows_pass_over(Counter *counter, const char *header, size_t length) {
    free(counter->header);
    counter->header = malloc(length + 1);
    counter->header_length = counter->header ? length : 0;
    if (counter->header) memcpy(counter->header, header, length);
    return counter->header != NULL;
}

/* Joins the fields of a spelling, their lengths before them, as a comma may stand in a field with quotes; 0 if they are
   too long to be remembered. */
static uint32_t join(uint64_t key[KEY_WORDS], Field source, Field destination, Field timestamp) {
    size_t a = source.end - source.start, b = destination.end - destination.start;
    size_t c = timestamp.end - timestamp.start;
    if (c > DAY_WIDTH) c = DAY_WIDTH;
    size_t length = a + b + c + 3;
    if (a > KEY_WIDTH || b > KEY_WIDTH || length > KEY_WIDTH) return 0;
    uint32_t words = (uint32_t)((length + 7) / 8);
    key[words - 1] = 0;
    char *to = (char *)key;
    to[0] = (char)a;
    to[1] = (char)b;
    to[2] = (char)c;
    memcpy(to + 3, source.start, a);
    memcpy(to + 3 + a, destination.start, b);
    memcpy(to + 3 + a + b, timestamp.start, c);
    return words;
}

/* Both halves of a product, folded: which bits of `with` meet depends on a secret. */
static uint64_t mix(const Counter *counter, uint64_t hash, uint64_t with) {
    Sum product = (Sum)(hash ^ with) * counter->secret[1];
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t hash_of(const Counter *counter, const uint64_t *words, uint32_t length) {
    uint64_t hash = counter->secret[0] ^ length;
    for (uint32_t n = 0; n < length; n++) hash = mix(counter, hash, words[n]);
    /* The last byte of an address stands in the highest bits, but buckets and parts go by the lowest. */
    hash ^= hash >> 32;
    hash *= 0xd6e8feb86659fd93;
    return hash ^ (hash >> 32);
}

/* The bucket of a spelling, or the free one where it belongs; NULL if the search takes too long. */
static uint32_t *bucket_of(Counter *counter, const uint64_t *key, uint32_t words, uint32_t hash) {
    for (uint32_t n = 0; n < LONGEST_SEARCH; n++) {
        uint32_t *bucket = &counter->buckets[(hash + n) & counter->bucket_mask];
        if (!*bucket) return bucket;
        const Spelling *met = &counter->spelled[*bucket - 1];
        if (met->hash == hash && met->words == words && !memcmp(counter->keys + met->key, key, words * 8))
            return bucket;
    }
    return NULL;
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
static inline __attribute__((always_inline)) const char *next_comma(Commas *commas) {
    while (!commas->mask) {
        if (commas->end - commas->at <= 16) return NULL;
        commas->at += 16;
        commas->mask = mask_of(commas->at, commas->end);
    }
    const char *found = commas->at + __builtin_ctzll(commas->mask) / MASK_BITS;
    commas->mask &= commas->mask - 1;
    return found;
}

/* Finds the five fields of a row. The number of its commas; -1 if it lacks one of the five. */
static inline int32_t find_fields(const Counter *counter, const char *at, const char *end, Field fields[COLUMNS]) {
    Commas commas = {at, end, mask_of(at, end)};
    int32_t passed = 0;
    for (int k = 0; k < COLUMNS; k++) {
        for (int32_t skip = counter->skip[k]; skip > 0; skip--, passed++) {
            at = next_comma(&commas);
            if (!at) return -1;
            at++;
        }
        const char *stop = next_comma(&commas);
        if (!stop && k < COLUMNS - 1) return -1;
        passed += stop != NULL;
        fields[counter->role[k]] = (Field){at, stop ? stop : end};
        at = stop ? stop + 1 : end;
    }
    return passed + commas_in(at, end);
}

/* Puts every spelling into its bucket again, of which there are now more; 0 without memory. */
static int spread(Counter *counter, uint32_t buckets) {
    uint32_t *more = calloc(buckets, sizeof *more);
    if (!more) return 0;
    free(counter->buckets);
    counter->buckets = more;
    counter->bucket_mask = buckets - 1;
    for (uint32_t n = 0; n < counter->spellings; n++) {
        const Spelling *met = &counter->spelled[n];
        uint32_t *bucket = bucket_of(counter, counter->keys + met->key, met->words, met->hash);
        if (bucket) *bucket = n + 1; /* else forgotten */
    }
    return 1;
}

static void forget(Counter *counter) {
    counter->spellings = counter->words = 0;
    memset(counter->buckets, 0, (counter->bucket_mask + 1) * sizeof *counter->buckets);
}

/* Room for one more spelling; 0 without memory. */
static int has_room_to_remember(Counter *counter) {
    if (2 * counter->spellings > counter->bucket_mask) {
        if (counter->bucket_mask + 1 == MOST_BUCKETS) forget(counter); /* begin anew */
        else if (!spread(counter, 4 * (counter->bucket_mask + 1))) return 0;
    }
    if (counter->spellings == counter->spellings_room) {
        uint32_t room = counter->spellings_room ? 2 * counter->spellings_room : 1024;
        Spelling *more = realloc(counter->spelled, room * sizeof *more);
        if (!more) return 0;
        counter->spelled = more;
        counter->spellings_room = room;
    }
    if (counter->words + KEY_WORDS > counter->words_room) {
        uint32_t room = counter->words_room ? 2 * counter->words_room : 8192;
        uint64_t *more = realloc(counter->keys, room * sizeof *more);
        if (!more) return 0;
        counter->keys = more;
        counter->words_room = room;
    }
    return 1;
}

/* Remembers which slot a spelling means, unless there is no memory. */
static void remember(Counter *counter, const Field fields[COLUMNS], uint32_t slot) {
    uint64_t key[KEY_WORDS];
    uint32_t words = join(key, fields[SOURCE], fields[DESTINATION], fields[TIMESTAMP]);
    if (!words || !has_room_to_remember(counter)) return;
    uint32_t hash = (uint32_t)hash_of(counter, key, words);
    uint32_t *bucket = bucket_of(counter, key, words, hash);
    if (bucket && !*bucket) {
        counter->spelled[counter->spellings++] = (Spelling){counter->words, words, slot, hash};
        memcpy(counter->keys + counter->words, key, words * 8);
        counter->words += words;
        *bucket = counter->spellings;
    }
}

static int is_blank(char byte) {
    return byte == ' ' || byte == '\t' || byte == '\v' || byte == '\f';
}

static const uint8_t MAPPED[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}; /* before IPv4, as IPv6 has it */

/* An IPv4 address in its one canonical form; 0 if it is none. */
static int read_ipv4(Field field, uint8_t bytes[4]) {
    const char *at = field.start;
    for (int n = 0;; n++) {
        unsigned value = 0;
        const char *group = at;
        for (; at < field.end && (unsigned)(*at - '0') <= 9 && at - group < 3; at++) value = value * 10 + (*at - '0');
        if (at == group || value > 255 || (*group == '0' && at - group > 1)) return 0;
        bytes[n] = (uint8_t)value;
        if (n == 3) return at == field.end;
        if (at == field.end || *at++ != '.') return 0;
    }
}

static int hex_digit(char byte) {
    if ((unsigned)(byte - '0') <= 9) return byte - '0';
    unsigned letter = (unsigned)((byte | 32) - 'a');
    return letter < 6 ? (int)letter + 10 : -1;
}

/* An IPv6 address without a zone, in any of its forms; 0 if it is none. */
static int read_ipv6(Field field, uint8_t bytes[16]) {
    const char *at = field.start, *end = field.end;
    int groups = 0, gap = -1; /* where `::` stands */
    if (end - at >= 2 && at[0] == ':' && at[1] == ':') gap = 0, at += 2;
    while (at < end) {
        unsigned value = 0;
        const char *group = at;
        for (; at < end && at - group < 4 && hex_digit(*at) >= 0; at++) value = value << 4 | (unsigned)hex_digit(*at);
        if (at < end && *at == '.') {
            if (groups > 6 || !read_ipv4((Field){group, end}, bytes + 2 * groups)) return 0;
            groups += 2;
            break;
        }
        if (at == group || groups == 8) return 0;
        bytes[2 * groups] = (uint8_t)(value >> 8);
        bytes[2 * groups++ + 1] = (uint8_t)value;
        if (at == end) break;
        if (*at++ != ':' || at == end) return 0;
        if (*at == ':') {
            if (gap >= 0) return 0;
            gap = groups;
            at++;
        }
    }
    if (gap < 0) return groups == 8;
    if (groups == 8) return 0;
    int behind = 2 * (groups - gap);
    memmove(bytes + 16 - behind, bytes + 2 * gap, behind);
    memset(bytes + 2 * gap, 0, 16 - 2 * groups);
    return 1;
}

/* The 16 bytes of an address, of IPv4 as IPv6 has it; 0 if it is none. Whatever a zone is, the address is the same. */
static int read_address(Field field, uint8_t bytes[16], int *is_ipv6) {
    memcpy(bytes, MAPPED, sizeof MAPPED);
    *is_ipv6 = 0;
    if (read_ipv4(field, bytes + 12)) return 1;
    if (field.end - field.start > LONGEST_ADDRESS) return 0;
    const char *zone = memchr(field.start, '%', field.end - field.start);
    if (zone) {
        if (zone + 1 == field.end || is_blank(field.end[-1])) return 0;
        for (const char *at = zone + 1; at < field.end; at++)
            if (*at == '%' || *at == '/' || (unsigned char)*at > 127) return 0;
        field.end = zone;
    }
    *is_ipv6 = 1;
    return read_ipv6(field, bytes);
}

static uint32_t address_words(uint32_t is_ipv6) {
    return is_ipv6 ? ADDRESS_WORDS : 1;
}

/* A pair and its hash, the same however its addresses are spelled; 0 if they are none. */
static int read_pair(const Counter *counter, Field source, Field destination, PairDay *pair) {
    uint8_t *bytes = (uint8_t *)pair->addresses;
    int is_source, is_destination;
    if (!read_address(source, bytes, &is_source) || !read_address(destination, bytes + 16, &is_destination)) return 0;
    pair->is_ipv6 = (uint32_t)(is_source | is_destination << 1);
    if (!pair->is_ipv6) {
        memcpy(bytes, bytes + 12, 4);
        memcpy(bytes + 4, bytes + 28, 4);
    }
    pair->hash = hash_of(counter, pair->addresses, address_words(pair->is_ipv6));
    return 1;
}

/* Up to so many digits; where they end. */
static const char *read_digits(const char *at, const char *end, int most, unsigned *value) {
    *value = 0;
    for (; at < end && most && (unsigned)(*at - '0') <= 9; at++, most--) *value = *value * 10 + (unsigned)(*at - '0');
    return at;
}

/* The day of a timestamp, since 1970, read day first or year first; 0 if there is none in a year that counts. */
static int read_day(Field timestamp, uint32_t *day, int *is_year_last) {
    static const uint16_t before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365};
    const char *end = timestamp.end;
    unsigned first, month, last;
    const char *at = read_digits(timestamp.start, end, 4, &first);
    int width = (int)(at - timestamp.start);
    *is_year_last = width < 3;
    if (!width || width == 3 || at == end) return 0;
    char separator = *at++;
    if (separator != '/' && separator != '-' && (separator != '.' || !*is_year_last)) return 0;
    const char *next = read_digits(at, end, 2, &month);
    if (next == at || next == end || *next != separator) return 0;
    at = next + 1;
    next = read_digits(at, end, *is_year_last ? 4 : 2, &last);
    if (next == at || (*is_year_last && next - at < 4) || (next < end && *next != ' ' && *next != 'T')) return 0;
    unsigned year = *is_year_last ? last : first, date = *is_year_last ? first : last;
    if (year < FIRST_YEAR || year > LAST_YEAR || month < 1 || month > 12) return 0;
    unsigned is_leap = year % 4 == 0; /* as 2000 is */
    unsigned within = before[month] - before[month - 1] + (month == 2 ? is_leap : 0);
    if (date < 1 || date > within) return 0;
    *day = (year - FIRST_YEAR) * 365 + (year - FIRST_YEAR + 1) / 4 + before[month - 1] + (month > 2 ? is_leap : 0) + date - 1;
    return 1;
}

static int is_parted(const Counter *counter) {
    return counter->size < PLACES;
}

/* How far a pair stands behind the first place that counts; more than the size of the part if it does not count. */
static uint64_t place_of(const Counter *counter, uint64_t hash) {
    return (hash >> 32) - counter->begin;
}

static Kept *kept_in(const Counter *counter, uint32_t slot) {
    return (Kept *)(counter->memory + slot);
}

static uint32_t words_of(uint32_t is_ipv6) {
    return sizeof(Kept) / 8 + address_words(is_ipv6);
}

static Block *block_at(const Counter *counter, uint32_t block) {
    return (Block *)(counter->memory + (size_t)block * BLOCK_WORDS);
}

static Cursor begin_of(const Group *group) {
    return (Cursor){group->first, 1};
}

/* The next pair-day of a group, or NULL; the cursor moves on. */
static Kept *next_of_group(const Counter *counter, Cursor *cursor) {
    while (cursor->block) {
        const Block *block = block_at(counter, cursor->block);
        if (cursor->at < block->used) {
            Kept *kept = kept_in(counter, cursor->block * BLOCK_WORDS + cursor->at);
            cursor->at += words_of(kept->is_ipv6);
            return kept;
        }
        *cursor = (Cursor){block->next, 1};
    }
    return NULL;
}

/* A block that is empty; 0 without memory. */
static uint32_t new_block(Counter *counter) {
    uint32_t taken = counter->free_block;
    if (taken) counter->free_block = block_at(counter, taken)->next;
    else {
        if (counter->blocks >= counter->blocks_room) {
            uint32_t room = counter->blocks_room ? 2 * counter->blocks_room : 2 * GROUPS;
            if (room > UINT32_MAX / BLOCK_WORDS) return 0;
            uint64_t *more = realloc(counter->memory, (size_t)room * BLOCK_WORDS * sizeof *more);
            if (!more) return 0;
            counter->memory = more;
            counter->blocks_room = room;
        }
        taken = counter->blocks++;
    }
    *block_at(counter, taken) = (Block){0, 1};
    return taken;
}

/* A slot of so many words among those of a group, for one more pair-day; NO_SLOT without memory. */
static uint32_t new_slot(Counter *counter, Group *group, uint32_t words) {
    if (!group->last || block_at(counter, group->last)->used + words > BLOCK_WORDS) {
        uint32_t taken = new_block(counter);
        if (!taken) return NO_SLOT;
        if (group->last) block_at(counter, group->last)->next = taken;
        else group->first = taken;
        group->last = taken;
    }
    Block *block = block_at(counter, group->last);
    uint32_t slot = group->last * BLOCK_WORDS + block->used;
    block->used += words;
    group->in_hand++;
    counter->in_hand++;
    return slot;
}

static uint32_t hash_of_day(const Counter *counter, uint32_t place, uint32_t day) {
    uint64_t hash = mix(counter, place, day + 1);
    return (uint32_t)(hash ^ hash >> 32);
}

/* The bucket of a pair-day, or the free one where it belongs: there are eight for five pair-days, or more. */
static SlotBucket *slot_bucket_of(const Counter *counter, const PairDay *of, uint32_t hash) {
    for (uint32_t n = hash;; n++) {
        SlotBucket *bucket = &counter->slot_buckets[n & counter->slot_mask];
        if (!bucket->slot) return bucket;
        if (bucket->hash != hash) continue;
        const Kept *met = kept_in(counter, bucket->slot);
        if (met->day == of->day && met->is_ipv6 == of->is_ipv6 &&
            !memcmp(met->addresses, of->addresses, 8 * address_words(of->is_ipv6)))
            return bucket;
    }
}

static void place_slot(Counter *counter, SlotBucket placed) {
    uint32_t n = placed.hash;
    while (counter->slot_buckets[n & counter->slot_mask].slot) n++;
    counter->slot_buckets[n & counter->slot_mask] = placed;
}

/* Twice as many buckets for the pair-days in hand; 0 without memory. */
static int spread_slots(Counter *counter) {
    uint32_t buckets = counter->slot_mask + 1;
    SlotBucket *before = counter->slot_buckets, *more = calloc(2 * (size_t)buckets, sizeof *more);
    if (!more) return 0;
    counter->slot_buckets = more;
    counter->slot_mask = 2 * buckets - 1;
    for (uint32_t n = 0; n < buckets; n++)
        if (before[n].slot) place_slot(counter, before[n]);
    free(before);
    return 1;
}

/* The slot of a pair-day, a new one if it has none. */
static uint32_t slot_of(Counter *counter, const PairDay *of) {
    if (place_of(counter, of->hash) >= counter->size) return ELSEWHERE;
    uint32_t place = (uint32_t)(of->hash >> 32), hash = hash_of_day(counter, place, of->day);
    SlotBucket *bucket = slot_bucket_of(counter, of, hash);
    if (bucket->slot) return bucket->slot;
    if (8 * (uint64_t)counter->in_hand >= 5 * (uint64_t)counter->slot_mask) {
        if (!spread_slots(counter)) return NO_SLOT;
        bucket = slot_bucket_of(counter, of, hash);
    }
    uint32_t slot = new_slot(counter, &counter->groups[of->hash % GROUPS], words_of(of->is_ipv6));
    if (slot == NO_SLOT) return NO_SLOT;
    Kept *kept = kept_in(counter, slot);
    *kept = (Kept){{0, 0, 0, 0, 0}, place, (uint16_t)of->day, (uint8_t)of->is_ipv6};
    memcpy(kept->addresses, of->addresses, 8 * address_words(of->is_ipv6));
    *bucket = (SlotBucket){slot, hash};
    return slot;
}

/* Moves those of a group that still belong to the part to its beginning; what is empty then can be taken again. */
static void keep_part_of(Counter *counter, Group *group) {
    Cursor from = begin_of(group), to = from;
    counter->in_hand -= group->in_hand;
    group->in_hand = 0;
    for (Kept *kept; (kept = next_of_group(counter, &from));) {
        if (kept->place - counter->begin >= counter->size) {
            counter->elsewhere += kept->totals.flows;
            continue;
        }
        uint32_t words = words_of(kept->is_ipv6), hash = hash_of_day(counter, kept->place, kept->day);
        if (to.at + words > BLOCK_WORDS) {
            block_at(counter, to.block)->used = to.at;
            to = (Cursor){block_at(counter, to.block)->next, 1};
        }
        uint32_t slot = to.block * BLOCK_WORDS + to.at;
        memmove(kept_in(counter, slot), kept, 8 * words);
        place_slot(counter, (SlotBucket){slot, hash});
        to.at += words;
        group->in_hand++;
    }
    counter->in_hand += group->in_hand;
    if (!to.block) return;
    Block *last = block_at(counter, to.block);
    uint32_t empty = last->next;
    *last = (Block){0, to.at};
    group->last = to.block;
    while (empty) {
        Block *block = block_at(counter, empty);
        uint32_t next = block->next;
        block->next = counter->free_block;
        counter->free_block = empty;
        empty = next;
    }
}

/* Whether more than one pair is in hand. */
static int are_several(const Counter *counter) {
    const Kept *one = NULL;
    for (int n = 0; n < GROUPS; n++) {
        Cursor cursor = begin_of(&counter->groups[n]);
        for (const Kept *kept; (kept = next_of_group(counter, &cursor)); one = kept)
            if (one && kept->place != one->place) return 1;
    }
    return 0;
}

/* Keeps one half of the pairs, what was counted of the others belongs to other parts now; or, of the days of one
   pair, takes more. */
static void narrow(Counter *counter) {
    if (!are_several(counter)) {
        counter->limit *= 2;
        return;
    }
    counter->size = (counter->size + 1) / 2;
    memset(counter->slot_buckets, 0, ((size_t)counter->slot_mask + 1) * sizeof *counter->slot_buckets);
    for (int n = 0; n < GROUPS; n++) keep_part_of(counter, &counter->groups[n]);
    forget(counter); /* slots have become others */
}

static inline void add_to(Totals *totals, uint64_t duration, uint64_t packets) {
    totals->duration_high += __builtin_add_overflow(totals->duration, duration, &totals->duration);
    totals->packets_high += __builtin_add_overflow(totals->packets, packets, &totals->packets);
    totals->flows++;
}

/* Counts a row of the pair and day that are `meant`, and remembers how they are spelled; 0 if nobody can tell which
   they are but Python, or without memory. */
static __attribute__((noinline)) int count_new(Counter *counter, const Field meant[COLUMNS], const Field spelled[COLUMNS],
                                               uint64_t duration, uint64_t packets) {
    PairDay of;
    int is_year_last;
    if (!read_day(meant[TIMESTAMP], &of.day, &is_year_last) ||
        !read_pair(counter, meant[SOURCE], meant[DESTINATION], &of))
        return 0;
    uint32_t slot = slot_of(counter, &of);
    if (slot == NO_SLOT) return 0;
    counter->seen[of.day] |= is_year_last ? 2 : 1;
    /* A pair that is met once, as many are in a scan, needs no memory of how it was spelled; and where most rows are
       of other parts, those that are spelled plainly are read anew. */
    if (slot == ELSEWHERE) {
        counter->elsewhere++;
        return 1;
    }
    Totals *totals = &kept_in(counter, slot)->totals;
    if (meant != spelled || (totals->flows && !is_parted(counter))) remember(counter, spelled, slot);
    add_to(totals, duration, packets);
    while (counter->in_hand > counter->limit) narrow(counter);
    return 1;
}

/* Counts a row whose numbers are known. */
static inline int count(Counter *counter, const Field fields[COLUMNS], uint64_t duration, uint64_t packets) {
    if (is_parted(counter) && count_new(counter, fields, fields, duration, packets)) return 1;
    uint64_t key[KEY_WORDS];
    uint32_t words = join(key, fields[SOURCE], fields[DESTINATION], fields[TIMESTAMP]);
    uint32_t *bucket = words ? bucket_of(counter, key, words, (uint32_t)hash_of(counter, key, words)) : NULL;
    if (!bucket || !*bucket) return !is_parted(counter) && count_new(counter, fields, fields, duration, packets);
    add_to(&kept_in(counter, counter->spelled[*bucket - 1].slot)->totals, duration, packets);
    return 1;
}

/* Whether a row is beyond doubt at a first look; it is counted then. */
static inline int count_row(Counter *counter, const char *at, const char *end) {
    Field fields[COLUMNS];
    if (find_fields(counter, at, end, fields) != counter->commas) return 0;
    uint64_t duration = number(fields[DURATION]), packets = number(fields[PACKETS]);
    if (duration > counter->max_value || packets > counter->max_value) return 0;
    return count(counter, fields, duration, packets);
}

static Field trimmed(Field field) {
    while (field.start < field.end && is_blank(*field.start)) field.start++;
    while (field.start < field.end && is_blank(field.end[-1])) field.end--;
    return field;
}

/* Whether a line may be a header, or end with one: Python learns from it. */
static int names_columns(const char *at, const char *end) {
    for (; end - at >= 9; at++)
        if ((*at | 32) == 't' && !strncasecmp(at, "timestamp", 9)) return 1;
    return 0;
}

/* Whether a row of a file that was looked at before belongs to another part, whatever else is in it; it
   counts as a row then. */
static int is_elsewhere(Counter *counter, const char *at, const char *end, const Field fields[COLUMNS]) {
    PairDay met;
    if (!is_parted(counter) || !counter->is_checked || !read_pair(counter, fields[SOURCE], fields[DESTINATION], &met) ||
        place_of(counter, met.hash) < counter->size || names_columns(at, end))
        return 0;
    counter->elsewhere++;
    return 1;
}

/* A number: its first digits that count, up to MAX_DIGITS, as a whole number times ten to the power of `scale`. With
   `is_cut`, others follow that are not all 0; without it, none that is 0 stands last behind the point. */
typedef struct {
    uint64_t digits;
    int64_t scale;
    int is_cut;
    int is_negative;
    int may_be_rounded; /* by a spreadsheet */
} Decimal;

/* Reads a number in any spelling: `14.0`, `1.2E7`, `0014`, `-0`; 0 if it is none. */
static int read_decimal(Field field, Decimal *number) {
    const char *at = field.start, *end = field.end;
    int is_negative = at < end && *at == '-', digits = 0, is_cut = 0;
    at += is_negative;
    int64_t scale = 0;
    uint64_t value = 0;
    int point = 0, before = 0, behind = 0, may_be_rounded = 0;
    for (; at < end && (*at == '.' ? !point : (unsigned)(*at - '0') <= 9); at++) {
        if (*at == '.') {
            point = 1;
            continue;
        }
        if (point) behind = 1, scale--;
        else before = 1;
        if (digits == MAX_DIGITS) {
            is_cut |= *at != '0';
            scale++;
        } else {
            value = value * 10 + (unsigned)(*at - '0');
            digits += value != 0;
        }
    }
    if (!before || point != behind) return 0;
    if (at < end) {
        if ((*at | 32) != 'e') return 0;
        const char *sign = at + 1;
        int is_below = sign < end && *sign == '-';
        const char *power = sign + (sign < end && (*sign == '-' || *sign == '+'));
        if (power == end || end - power > 3) return 0;
        int64_t exponent = 0;
        for (const char *digit = power; digit < end; digit++) {
            if ((unsigned)(*digit - '0') > 9) return 0;
            exponent = exponent * 10 + (*digit - '0');
        }
        scale += is_below ? -exponent : exponent;
        /* As spreadsheets show large numbers, with two decimals that do not reach the unit: 1.20E+08. */
        const char *first = field.start + is_negative;
        may_be_rounded = *at == 'E' && *sign == '+' && end - power == 2 && at - first == 4 && first[1] == '.' &&
                         exponent > 2;
    }
    for (; scale < 0 && !is_cut && value && value % 10 == 0; value /= 10) scale++;
    *number = (Decimal){value, value ? scale : 0, is_cut, is_negative && value, may_be_rounded};
    return 1;
}

/* The value of a whole number; of any other, or if a spreadsheet may have rounded it, more than any limit. */
static uint64_t whole_number(Decimal number) {
    if (number.may_be_rounded || number.is_negative || number.scale < 0) return UINT64_MAX;
    uint64_t value = number.digits; /* of one that is cut, 10^17 and more: above any limit, too */
    for (; number.scale; number.scale--)
        if (__builtin_mul_overflow(value, 10, &value)) return UINT64_MAX;
    return value;
}

/* The whole number that a field is in any spelling; else more than any limit. */
static uint64_t number_in_any_spelling(Field field) {
    Decimal number;
    return read_decimal(field, &number) ? whole_number(number) : UINT64_MAX;
}

/* Whole microseconds of a duration, rounded half to even; more than any limit if it is above it before that. */
static uint64_t microseconds(const Counter *counter, Decimal duration, int *is_rounded) {
    duration.scale += duration.digits ? counter->unit : 0;
    *is_rounded = duration.scale < 0;
    if (!*is_rounded) return whole_number(duration);
    uint64_t place = 1;
    for (; duration.scale < 0; duration.scale++)
        if (__builtin_mul_overflow(place, 10, &place)) return 0; /* it is less than a tenth of that */
    uint64_t whole = duration.digits / place, rest = duration.digits % place;
    if (whole >= counter->max_value) return UINT64_MAX; /* there is a rest */
    return whole + (rest > place - rest || (rest == place - rest && (duration.is_cut || whole & 1)));
}

/* Less than 0, 0 or more, as a number times ten to the power of `scale` is less than another, the same or more. */
static int compare(Sum digits, int64_t scale, Sum other) {
    for (; scale > 0 && digits <= other; scale--) digits *= 10;
    for (; scale < 0 && other <= digits; scale++) other *= 10;
    return scale ? (scale < 0 ? -1 : 1) : (digits > other) - (digits < other);
}

typedef enum { NO_UNIT, SECONDS, MICROSECONDS } Proved;

/* The unit that a row proves: packets divided by their rate are its duration in seconds, to a thousandth. Of duration
   and rate, the first digits decide. */
static Proved proved_unit(const Counter *counter, Decimal duration, uint64_t forward, Field backward_field,
                          Field rate_field) {
    Decimal rate;
    if (!duration.digits || !read_decimal(rate_field, &rate) || !rate.digits || rate.is_negative) return NO_UNIT;
    uint64_t backward = number_in_any_spelling(backward_field);
    if (backward > counter->max_value || !(forward + backward)) return NO_UNIT;
    Sum packets = forward + backward, thousandfold = (Sum)duration.digits * rate.digits;
    int64_t scale = duration.scale + rate.scale + 3;
    for (Proved unit = SECONDS; unit <= MICROSECONDS; unit++, scale -= 6)
        if (compare(thousandfold, scale, packets * 999) >= 0 && compare(thousandfold, scale, packets * 1001) <= 0)
            return unit;
    return NO_UNIT;
}

/* Counts a row whose unit is to be proved, if it is beyond doubt. Less than 0 if it is, but proves another unit. */
static int count_in_unit(Counter *counter, const Field fields[UNIT_COLUMNS]) {
    Proofs *proofs = counter->proofs;
    Decimal duration;
    uint64_t packets = number_in_any_spelling(fields[PACKETS]);
    if (packets > counter->max_value || !read_decimal(fields[DURATION], &duration) || duration.may_be_rounded ||
        duration.is_negative)
        return 0;
    Proved proved = proved_unit(counter, duration, packets, fields[BACKWARD], fields[RATE]);
    int is_contrary = proved == (counter->unit ? MICROSECONDS : SECONDS), is_rounded = 0, is_year_last;
    if (is_contrary) {
        PairDay of;
        if (!read_day(fields[TIMESTAMP], &of.day, &is_year_last) ||
            !read_pair(counter, fields[SOURCE], fields[DESTINATION], &of))
            return 0;
    } else {
        uint64_t whole = microseconds(counter, duration, &is_rounded);
        if (whole > counter->max_value || !count(counter, fields, whole, packets)) return 0;
    }
    proofs->seconds += proved == SECONDS;
    proofs->microseconds += proved == MICROSECONDS;
    proofs->has_duration |= duration.digits != 0;
    proofs->is_rounded |= (uint64_t)is_rounded;
    return is_contrary ? -1 : 1;
}

/* The field of a row that begins at `at`, without the quotes around it; `next` is where it stops. As RFC 4180
   has it, and Python's csv module: within quotes, two of them are one. 0 if there is no such field. `is_doubled`
   tells whether there are such pairs in the field that is given. */
static int unquote(const char *at, const char *end, Field *field, const char **next, int *is_doubled) {
    *is_doubled = 0;
    if (at == end || *at != '"') {
        const char *stop = memchr(at, ',', end - at);
        *next = stop ? stop : end;
        *field = (Field){at, *next};
        return *next - at <= LONGEST_FIELD;
    }
    const char *start = ++at;
    for (;; at++) {
        at = memchr(at, '"', end - at);
        if (!at) return 0;
        if (++at == end || *at == ',') break;
        if (*at != '"') return 0;
        *is_doubled = 1;
    }
    *field = (Field){start, at - 1};
    *next = at;
    return at - start <= LONGEST_FIELD;
}

/* The same field with one quote for two, as far as there is room; `is_cut` tells whether there is none for some. */
static Field unescape(Field field, char room[UNESCAPED], int *is_cut) {
    char *to = room;
    const char *at = field.start;
    for (; at < field.end && to < room + UNESCAPED; at++) {
        *to++ = *at;
        at += *at == '"';
    }
    *is_cut = at < field.end;
    return (Field){room, to};
}

/* Finds the fields of a row that count, quotes and blanks around them left out; 0 unless it has as many as it should. */
static int find_fields_within_quotes(Counter *counter, const char *at, const char *end, Field fields[UNIT_COLUMNS]) {
    int32_t passed = 0, skip = counter->skip[0];
    for (int k = 0;;) {
        Field field;
        int is_doubled;
        if (!unquote(at, end, &field, &at, &is_doubled)) return 0;
        if (k < counter->columns && !skip--) {
            int role = counter->role[k];
            /* Numbers have no quotes in them, and of a timestamp the begin is enough. Of an address it is not: Python
               sees the rest. */
            if (is_doubled && role < DURATION) {
                int is_cut;
                field = unescape(trimmed(field), counter->unescaped[role], &is_cut);
                if (is_cut && role != TIMESTAMP) return 0;
            }
            fields[role] = trimmed(field);
            if (++k < counter->columns) skip = counter->skip[k];
        }
        if (at == end) return k == counter->columns && passed == counter->commas;
        passed++;
        at++;
    }
}

static int count_in_any_spelling(Counter *counter, const Field fields[COLUMNS]) {
    uint64_t duration = number_in_any_spelling(fields[DURATION]);
    uint64_t packets = number_in_any_spelling(fields[PACKETS]);
    return duration <= counter->max_value && packets <= counter->max_value && count(counter, fields, duration, packets);
}

static int is_blank_line(const char *at, const char *end) {
    for (; at < end; at++)
        if (*at != ',' && !is_blank(*at)) return 0;
    return 1;
}

/* Whether a line is beyond doubt at a second look: a blank one, a header, a row in other spelling or of another part. */
static __attribute__((noinline)) int take_line(Counter *counter, const char *at, const char *end) {
    if (is_blank_line(at, end)) return 1;
    if (counter->header_length == (size_t)(end - at) && !memcmp(counter->header, at, end - at)) return 1;
    Field fields[UNIT_COLUMNS];
    if (!find_fields_within_quotes(counter, at, end, fields)) return 0;
    int is_counted = counter->proofs ? count_in_unit(counter, fields) : count_in_any_spelling(counter, fields);
    if (is_counted > 0 || is_elsewhere(counter, at, end, fields)) return 1;
    if (is_counted < 0) counter->proofs->is_contrary = 1;
    return 0;
}

/* Where the next such byte is, or the end. */
static const char *next_of(char byte, const char *at, const char *end) {
    const char *found = memchr(at, byte, end - at);
    return found ? found : end;
}

/* Counts rows from an offset on. Gives the offset of the first line that is not beyond doubt, or the
   length; adds the lines before it to `lines`. Quotes and NULs are looked for a little ahead: after each line that is in
   doubt, Python calls again, and what was looked through is looked through anew. */
size_t rows_count(Counter *counter, const char *text, size_t from, size_t length, uint64_t *lines) {
    const char *at = text + from, *end = text + length;
    const char *known = at, *quote = at, *nul = at; /* the next quote and NUL, if they stand before `known` */
    int is_to_prove = counter->proofs != NULL;
    while (at < end) {
        const char *stop = next_of('\n', at, end);
        if (stop > known) {
            known = end - stop > AHEAD ? stop + AHEAD : end;
            quote = next_of('"', at, known);
            nul = next_of('\0', at, known);
        }
        if (nul < stop) break;
        int is_quoted = quote < stop;
        if ((is_quoted || is_to_prove || !count_row(counter, at, stop)) && !take_line(counter, at, stop)) break;
        ++*lines;
        at = stop < end ? stop + 1 : end;
        if (is_quoted && at < known) quote = next_of('"', at, known);
    }
    return at - text;
}

/* Adds a row that Python has checked, and remembers how it was spelled: its source, destination and day, one behind
   the other, as they stand there and in canonical form. 0 without memory. */
int rows_add(Counter *counter, const char *spelled, size_t source, size_t destination, size_t day, const char *meant,
             size_t meant_source, size_t meant_destination, size_t meant_day, uint64_t duration, uint64_t packets) {
    Field fields[COLUMNS], canonical[COLUMNS];
    fields[SOURCE] = (Field){spelled, spelled + source};
    fields[DESTINATION] = (Field){fields[SOURCE].end, fields[SOURCE].end + destination};
    fields[TIMESTAMP] = (Field){fields[DESTINATION].end, fields[DESTINATION].end + day};
    canonical[SOURCE] = (Field){meant, meant + meant_source};
    canonical[DESTINATION] = (Field){canonical[SOURCE].end, canonical[SOURCE].end + meant_destination};
    canonical[TIMESTAMP] = (Field){canonical[DESTINATION].end, canonical[DESTINATION].end + meant_day};
    return count_new(counter, canonical, fields, duration, packets);
}

/* Rows of all parts. */
uint64_t rows_all(const Counter *counter) {
    uint64_t rows = counter->elsewhere;
    for (int n = 0; n < GROUPS; n++) {
        Cursor cursor = begin_of(&counter->groups[n]);
        for (const Kept *kept; (kept = next_of_group(counter, &cursor));) rows += kept->totals.flows;
    }
    return rows;
}

/* Pair-days in hand. */
uint32_t rows_in_hand(const Counter *counter) {
    return counter->in_hand;
}

/* Size of the part that is counted to the end; it begins where it did. */
uint64_t rows_size(const Counter *counter) {
    return counter->size;
}

/* For each day whether it was seen in a new pair-day: see Counter. */
const uint8_t *rows_days(const Counter *counter) {
    return counter->seen;
}

static char *write_ipv4(char *to, const uint8_t bytes[4]) {
    for (int n = 0; n < 4; n++) {
        unsigned value = bytes[n];
        if (n) *to++ = '.';
        if (value >= 100) *to++ = (char)('0' + value / 100);
        if (value >= 10) *to++ = (char)('0' + value / 10 % 10);
        *to++ = (char)('0' + value % 10);
    }
    return to;
}

/* As RFC 5952 has it. */
static char *write_ipv6(char *to, const uint8_t bytes[16]) {
    if (!memcmp(bytes, MAPPED, sizeof MAPPED)) {
        memcpy(to, "::ffff:", 7);
        return write_ipv4(to + 7, bytes + 12);
    }
    int gap = -1, longest = 1; /* groups of zero: the first of the longest run, if there are two */
    for (int n = 0; n < 8; n++) {
        int run = 0;
        while (n + run < 8 && !bytes[2 * (n + run)] && !bytes[2 * (n + run) + 1]) run++;
        if (run > longest) gap = n, longest = run;
        n += run;
    }
    for (int n = 0; n < 8;) {
        if (n == gap) {
            *to++ = ':';
            n += longest;
            if (n == 8) *to++ = ':';
            continue;
        }
        if (n) *to++ = ':';
        unsigned group = (unsigned)bytes[2 * n] << 8 | bytes[2 * n + 1];
        for (int shift = group > 0xfff ? 12 : group > 0xff ? 8 : group > 0xf ? 4 : 0; shift >= 0; shift -= 4)
            *to++ = "0123456789abcdef"[group >> shift & 15];
        n++;
    }
    return to;
}

/* How many of those in hand are given next: those of whole groups, so that all days of a pair are given at once. So
   many at most, but at least those of one group; 0 if all were given. */
uint32_t rows_portion(const Counter *counter, uint32_t most) {
    uint32_t found = 0;
    for (uint32_t n = counter->given; n < GROUPS && (!found || (uint64_t)found + counter->groups[n].in_hand <= most); n++)
        found += counter->groups[n].in_hand;
    return found;
}

/* The next pair-day to be given, NULL after the last one. */
static const Kept *next_given(Counter *counter) {
    for (;;) {
        const Kept *kept = next_of_group(counter, &counter->next);
        if (kept || counter->given == GROUPS) return kept;
        counter->next = begin_of(&counter->groups[counter->given++]);
    }
}

/* So many of a portion: their addresses as text, source and destination in turn, each with a line end behind it, into
   `text` of 80 bytes for each; and into `numbers`, one behind the other, their days, durations and packets, both in
   two halves of 64 bits, lower first, and flows. The length of the text. */
size_t rows_found(Counter *counter, uint32_t number, char *text, uint64_t *numbers) {
    char *to = text;
    const Kept *kept;
    for (uint32_t n = 0; n < number && (kept = next_given(counter)); n++) {
        const uint8_t *bytes = (const uint8_t *)kept->addresses;
        int width = kept->is_ipv6 ? 16 : 4;
        for (int side = 0; side < 2; side++, bytes += width) {
            to = kept->is_ipv6 >> side & 1 ? write_ipv6(to, bytes) : write_ipv4(to, bytes + width - 4);
            *to++ = '\n';
        }
        const Totals *totals = &kept->totals;
        uint64_t values[] = {kept->day, totals->duration, totals->duration_high, totals->packets, totals->packets_high,
                             totals->flows};
        for (int k = 0; k < 6; k++) numbers[k * (size_t)number + n] = values[k];
    }
    return to - text;
}
