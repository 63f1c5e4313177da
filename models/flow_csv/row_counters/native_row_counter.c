/* The quick way through the rows of a flow file: see native_row_counter.py, which is all that calls it.

   A row is counted here only if it is beyond doubt: the right number of fields, plain numbers, addresses and
   date spelled exactly as in a row that was checked before. A first look takes rows without quotes, blanks
   or points, as nearly all are; a second one those that have some, and blank lines. At any other line
   the counting stops, and Python decides. Where a file is read in parts, the rows of other parts are
   told by the hash of their pair, and passed over. Plain C without Python's headers, so that one library
   for each kind of machine serves every Python. */

#include <arpa/inet.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { SOURCE, DESTINATION, TIMESTAMP, DURATION, PACKETS, COLUMNS };

#define DAY_WIDTH 11     /* bytes of a timestamp that decide its day */
#define KEY_WIDTH 112    /* bytes: two of the longest addresses, a date, a comma after each */
#define KEY_WORDS (KEY_WIDTH / 8)
#define FIRST_BUCKETS (1u << 12)
#define MOST_BUCKETS (1u << 18) /* twice the spellings that are remembered, so that a search is short */
#define LONGEST_SEARCH 64       /* buckets: of many more spellings than there may be, not one meets this by chance */
#define MAX_DIGITS 18           /* of a number that fits into 64 bits whatever they are */
#define DAYS 64                 /* spellings of dates that are remembered: of a pair not met before, too */
#define ELSEWHERE 0             /* the slot that takes the rows of other parts */
#define LONGEST_FIELD 131072    /* bytes: Python's csv module takes no longer ones */

typedef unsigned __int128 Sum; /* of any number of rows */

typedef struct {
    Sum duration, packets;
    uint64_t flows;
} Totals;

typedef struct {
    uint32_t key, words; /* where its words begin among all keys, and how many they are */
    uint32_t slot;
    uint32_t hash;
} Spelling;

typedef struct {
    const char *start, *end;
} Field;

typedef struct {
    int32_t skip[COLUMNS]; /* fields to pass over before the next one that counts */
    int32_t role[COLUMNS]; /* which of the five that is */
    int32_t commas;        /* in a row */
    int32_t is_checked;    /* whether every row of the file was looked at in an earlier pass */
    uint64_t max_value;
    uint64_t secret[2];  /* nobody who writes a file can know how it is hashed */
    uint64_t mask, part; /* pairs count whose hash, masked, is this */
    uint32_t spellings, spellings_room, words, words_room, slots;
    uint32_t bucket_mask; /* one less than there are buckets */
    uint32_t days;
    Spelling *spelled;
    uint64_t *keys;
    Totals *totals;
    uint32_t *buckets; /* 1 + index of a spelling, 0 if free */
    char day[DAYS][DAY_WIDTH + 1]; /* its length first */
} Counter;

void rows_free(Counter *counter) {
    if (counter) {
        free(counter->spelled);
        free(counter->keys);
        free(counter->totals);
        free(counter->buckets);
        free(counter);
    }
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

/* `places` are those of the five columns, by role. NULL without memory. */
Counter *rows_new(const int32_t places[COLUMNS], int32_t width, uint64_t max_value, const uint64_t secret[2],
                  uint64_t mask, uint64_t part, int32_t is_checked) {
    Counter *counter = calloc(1, sizeof *counter);
    if (!counter) return NULL;
    counter->buckets = calloc(FIRST_BUCKETS, sizeof *counter->buckets);
    counter->bucket_mask = FIRST_BUCKETS - 1;
    if (!counter->buckets || !has_room(counter, ELSEWHERE)) {
        rows_free(counter);
        return NULL;
    }
    counter->commas = width - 1;
    counter->max_value = max_value;
    counter->secret[0] = secret[0];
    counter->secret[1] = secret[1] | 1;
    counter->mask = mask;
    counter->part = part;
    counter->is_checked = is_checked;
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

/* From here on, rows have so many fields. */
void rows_widen(Counter *counter, int32_t width) {
    counter->commas = width - 1;
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

/* Counts a row whose pair and day are spelled as in one that was checked; 0 if they are not. */
static inline int count_known(Counter *counter, const Field fields[COLUMNS], uint64_t duration, uint64_t packets) {
    uint64_t key[KEY_WORDS];
    uint32_t words = join(key, fields[SOURCE], fields[DESTINATION], fields[TIMESTAMP]);
    if (!words) return 0;
    uint32_t *bucket = bucket_of(counter, key, words, (uint32_t)hash_of(counter, key, words));
    if (!bucket || !*bucket) return 0;
    Totals *totals = &counter->totals[counter->spelled[*bucket - 1].slot];
    totals->duration += duration;
    totals->packets += packets;
    totals->flows++;
    return 1;
}

/* Whether a row is beyond doubt at a first look; it is counted then. */
static inline int count_row(Counter *counter, const char *at, const char *end) {
    Field fields[COLUMNS];
    if (find_fields(counter, at, end, fields) != counter->commas) return 0;
    uint64_t duration = number(fields[DURATION]), packets = number(fields[PACKETS]);
    if (duration > counter->max_value || packets > counter->max_value) return 0;
    return count_known(counter, fields, duration, packets);
}

static int is_blank(char byte) {
    return byte == ' ' || byte == '\t' || byte == '\v' || byte == '\f';
}

static Field trimmed(Field field) {
    while (field.start < field.end && is_blank(*field.start)) field.start++;
    while (field.start < field.end && is_blank(field.end[-1])) field.end--;
    return field;
}

/* The 16 bytes of an IPv6 address, or of an IPv4 address as IPv6 has it, as two words; 0 if it is neither.
   Whatever a zone is, the address is the same. */
static int read_address(Field field, uint64_t words[2]) {
    char text[INET6_ADDRSTRLEN + 1] = {0};
    unsigned char *bytes = (unsigned char *)words;
    field = trimmed(field);
    const char *zone = memchr(field.start, '%', field.end - field.start);
    size_t length = (zone ? zone : field.end) - field.start;
    if (length >= sizeof text) return 0;
    memcpy(text, field.start, length);
    if (memchr(text, ':', length)) return inet_pton(AF_INET6, text, bytes) == 1;
    memcpy(bytes, "\0\0\0\0\0\0\0\0\0\0\xff\xff", 12);
    return inet_pton(AF_INET, text, bytes + 12) == 1;
}

/* The hash of a pair: the same, however its addresses are spelled. 0 if they are none. */
static int hash_pair(const Counter *counter, Field source, Field destination, uint64_t *hash) {
    uint64_t words[4];
    if (!read_address(source, words) || !read_address(destination, words + 2)) return 0;
    *hash = hash_of(counter, words, 4);
    return 1;
}

/* Whether a field is nothing but an IPv4 address in its one canonical form. */
static int is_plain_address(Field field) {
    int groups = 0;
    const char *at = field.start;
    for (;;) {
        unsigned value = 0;
        const char *group = at;
        for (; at < field.end && (unsigned)(*at - '0') <= 9 && at - group < 3; at++) value = value * 10 + (*at - '0');
        if (at == group || value > 255 || (*group == '0' && at - group > 1)) return 0;
        groups++;
        if (at == field.end) return groups == 4;
        if (*at++ != '.' || groups == 4) return 0;
    }
}

static size_t day_length(Field timestamp) {
    size_t length = timestamp.end - timestamp.start;
    return length < DAY_WIDTH ? length : DAY_WIDTH;
}

static int is_known_day(const Counter *counter, Field timestamp) {
    size_t length = day_length(timestamp);
    for (uint32_t n = 0; n < counter->days; n++)
        if ((size_t)counter->day[n][0] == length && !memcmp(counter->day[n] + 1, timestamp.start, length)) return 1;
    return 0;
}

/* Whether a line may be a header, or end with one: Python learns from it. */
static int names_columns(const char *at, const char *end) {
    for (; end - at >= 9; at++)
        if ((*at | 32) == 't' && !strncasecmp(at, "timestamp", 9)) return 1;
    return 0;
}

/* Whether a row that is not known belongs to another part beyond doubt; it counts as a row then. As long as
   nobody has looked at all rows, there must be nothing to object to it. */
static int is_elsewhere(Counter *counter, const char *at, const char *end, const Field fields[COLUMNS],
                        uint64_t duration, uint64_t packets) {
    if (!counter->is_checked &&
        (duration > counter->max_value || packets > counter->max_value || !is_plain_address(fields[SOURCE]) ||
         !is_plain_address(fields[DESTINATION]) || !is_known_day(counter, fields[TIMESTAMP])))
        return 0;
    uint64_t hash;
    if (!hash_pair(counter, fields[SOURCE], fields[DESTINATION], &hash)) return 0;
    if ((hash & counter->mask) == counter->part || (counter->is_checked && names_columns(at, end))) return 0;
    counter->totals[ELSEWHERE].flows++;
    return 1;
}

/* The whole number that a field is in any spelling; else, or if a spreadsheet may have rounded it, more than
   any limit. `14.0`, `1.2E7`, `0014`, `-0`. */
static uint64_t number_in_any_spelling(Field field) {
    const char *at = field.start, *end = field.end;
    int is_negative = at < end && *at == '-', digits = 0;
    at += is_negative;
    int64_t scale = 0;
    uint64_t value = 0, zeros = 0; /* zeros: met, and of no weight unless another digit follows */
    int point = 0, before = 0, behind = 0;
    for (; at < end && (*at == '.' ? !point : (unsigned)(*at - '0') <= 9); at++) {
        if (*at == '.') {
            point = 1;
            continue;
        }
        if (point) behind = 1, scale--;
        else before = 1;
        if (*at == '0') {
            zeros += value != 0;
            continue;
        }
        if (digits + zeros >= MAX_DIGITS) return UINT64_MAX;
        for (digits += (int)zeros + 1; zeros; zeros--) value *= 10;
        value = value * 10 + (unsigned)(*at - '0');
    }
    if (!before || point != behind) return UINT64_MAX;
    scale += (int64_t)zeros;
    if (at < end) {
        if ((*at | 32) != 'e') return UINT64_MAX;
        const char *sign = at + 1;
        int is_below = sign < end && *sign == '-';
        const char *power = sign + (sign < end && (*sign == '-' || *sign == '+'));
        if (power == end || end - power > 3) return UINT64_MAX;
        /* As spreadsheets show large numbers: 1.20E+08. */
        if (*at == 'E' && *sign == '+' && end - power == 2 && at - field.start - is_negative == 4 && point)
            return UINT64_MAX;
        int64_t exponent = 0;
        for (; power < end; power++) {
            if ((unsigned)(*power - '0') > 9) return UINT64_MAX;
            exponent = exponent * 10 + (*power - '0');
        }
        scale += is_below ? -exponent : exponent;
    }
    if (value == 0) return 0;
    if (is_negative || scale < 0) return UINT64_MAX; /* its last digit is none of the zeros */
    for (; scale; scale--)
        if (__builtin_mul_overflow(value, 10, &value)) return UINT64_MAX;
    return value;
}

/* The field of a row that begins at `at`, without the quotes around it; `next` is where it stops. As RFC 4180
   has it, and Python's csv module: within quotes, two of them are one. 0 if there is no such field. `is_cut`
   tells whether it goes on, behind such a pair, where the field that is given ends. */
static int unquote(const char *at, const char *end, Field *field, const char **next, int *is_cut) {
    *is_cut = 0;
    if (at == end || *at != '"') {
        const char *stop = memchr(at, ',', end - at);
        *next = stop ? stop : end;
        *field = (Field){at, *next};
        return *next - at <= LONGEST_FIELD;
    }
    const char *start = ++at, *cut = NULL;
    for (;; at++) {
        at = memchr(at, '"', end - at);
        if (!at) return 0;
        if (++at == end || *at == ',') break;
        if (*at != '"') return 0;
        if (!cut) cut = at - 1;
    }
    *is_cut = cut != NULL;
    *field = (Field){start, cut ? cut : at - 1};
    *next = at;
    return at - start <= LONGEST_FIELD;
}

/* Finds the five fields of a row, quotes and blanks around them left out; 0 unless it has as many as it should. */
static int find_fields_within_quotes(const Counter *counter, const char *at, const char *end, Field fields[COLUMNS]) {
    int32_t passed = 0, skip = counter->skip[0];
    for (int k = 0;;) {
        Field field;
        int is_cut;
        if (!unquote(at, end, &field, &at, &is_cut)) return 0;
        if (k < COLUMNS && !skip--) {
            int role = counter->role[k];
            fields[role] = trimmed(field);
            if (is_cut) { /* of a timestamp, enough may be there */
                fields[role].end = field.end;
                if (role != TIMESTAMP || field.end - fields[role].start < DAY_WIDTH) return 0;
            }
            if (++k < COLUMNS) skip = counter->skip[k];
        }
        if (at == end) return k == COLUMNS && passed == counter->commas;
        passed++;
        at++;
    }
}

static int is_blank_line(const char *at, const char *end) {
    for (; at < end; at++)
        if (*at != ',' && !is_blank(*at)) return 0;
    return 1;
}

/* Whether a line is beyond doubt at a second look: a blank one, or a row of another part, or in other spelling. */
static __attribute__((noinline)) int take_line(Counter *counter, const char *at, const char *end, int is_quoted) {
    if (is_blank_line(at, end)) return 1;
    Field fields[COLUMNS];
    if (counter->mask && !is_quoted && find_fields(counter, at, end, fields) == counter->commas &&
        is_elsewhere(counter, at, end, fields, number(fields[DURATION]), number(fields[PACKETS])))
        return 1;
    if (!find_fields_within_quotes(counter, at, end, fields)) return 0;
    uint64_t duration = number_in_any_spelling(fields[DURATION]);
    uint64_t packets = number_in_any_spelling(fields[PACKETS]);
    if (duration <= counter->max_value && packets <= counter->max_value &&
        count_known(counter, fields, duration, packets))
        return 1;
    return counter->mask && is_elsewhere(counter, at, end, fields, duration, packets);
}

/* Where the next such byte is, or the end. */
static const char *next_of(char byte, const char *at, const char *end) {
    const char *found = memchr(at, byte, end - at);
    return found ? found : end;
}

/* Counts rows from an offset on. Gives the offset of the first line that is not beyond doubt, or the
   length; adds the lines before it to `lines`. */
size_t rows_count(Counter *counter, const char *text, size_t from, size_t length, uint64_t *lines) {
    const char *at = text + from, *end = text + length;
    const char *quote = next_of('"', at, end), *nul = next_of('\0', at, end);
    while (at < end) {
        const char *stop = next_of('\n', at, end);
        if (nul < stop) break;
        int is_quoted = quote < stop;
        if ((is_quoted || !count_row(counter, at, stop)) && !take_line(counter, at, stop, is_quoted)) break;
        ++*lines;
        at = stop < end ? stop + 1 : end;
        if (is_quoted) quote = next_of('"', at, end);
    }
    return at - text;
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

/* Remembers which slot a spelling means; 0 without memory. */
static int remember(Counter *counter, const uint64_t *key, uint32_t words, uint32_t slot) {
    if (!has_room_to_remember(counter)) return 0;
    uint32_t hash = (uint32_t)hash_of(counter, key, words);
    uint32_t *bucket = bucket_of(counter, key, words, hash);
    if (bucket && !*bucket) {
        counter->spelled[counter->spellings++] = (Spelling){counter->words, words, slot, hash};
        memcpy(counter->keys + counter->words, key, words * 8);
        counter->words += words;
        *bucket = counter->spellings;
    }
    return 1;
}

/* Whether a pair, given by its canonical addresses, is in a part. */
int rows_is_in(const Counter *counter, const char *source, size_t source_length, const char *destination,
               size_t destination_length, uint64_t mask, uint64_t part) {
    uint64_t hash;
    return !hash_pair(counter, (Field){source, source + source_length},
                      (Field){destination, destination + destination_length}, &hash) ||
           (hash & mask) == part;
}

/* Narrows the part. What was counted in the slots that are marked belongs to another now. */
void rows_narrow(Counter *counter, uint64_t mask, uint64_t part, const uint8_t *is_elsewhere, uint32_t slots) {
    counter->mask = mask;
    counter->part = part;
    for (uint32_t slot = 1; slot < slots; slot++)
        if (is_elsewhere[slot]) {
            counter->totals[ELSEWHERE].flows += counter->totals[slot].flows;
            counter->totals[slot] = (Totals){0, 0, 0};
        }
    for (uint32_t n = 0; n < counter->spellings; n++)
        if (counter->spelled[n].slot < slots && is_elsewhere[counter->spelled[n].slot]) counter->spelled[n].slot = ELSEWHERE;
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
    Field when = {timestamp, timestamp + timestamp_length};
    uint32_t words = join(key, (Field){source, source + source_length},
                          (Field){destination, destination + destination_length}, when);
    if (counter->days < DAYS && !is_known_day(counter, when)) {
        char *day = counter->day[counter->days++];
        day[0] = (char)day_length(when);
        memcpy(day + 1, timestamp, day_length(when));
    }
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
