#pragma once
/*
 * The bytes of a compiled set, and how they are read. Numbers are little-endian and lie at their
 * natural alignment. The head fills the first page; sections follow in the order of enum section.
 *
 * An item is an indicator, or a note that URLs or e-mail addresses have a host. Its key's bytes lie in the
 * texts; hosts borrow those of the URL, digests are packed two digits a byte, an IPv4 address is the
 * item itself. A key is found by one slot: the item's number with, in the bits above it, some of the
 * key's hash. Items of one detail are neighbours, those of lists come first.
 */
#include <assert.h>
#include <stdalign.h>

#include "match/set-internal.h"
#include "match/set_file.h"

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);

enum {
	SET_FILE_VERSION = 4,
	SET_FILE_ORDER = 0x01020304,
	SET_FILE_PAGE = 4096,
	SET_FILE_ALIGN = 64, /* of sections; that of the details is a page */
	SET_FILE_KINDS = 32, /* room for counts */
};

#define SET_FILE_MAGIC "TOCSIN\r\n"

enum section {
	SECTION_TEXTS,
	SECTION_ITEMS,
	SECTION_CHAINS, /* of items that share a key, ascending by item */
	SECTION_SLOTS,
	SECTION_ROUTES,
	SECTION_GATES,	/* of the fast pass: struct file_gates, then its filters */
	SECTION_LABELS, /* last two labels of names */
	SECTION_FOURS,
	SECTION_SIXES,
	SECTION_NAMES,
	SECTION_DIGITS,
	SECTION_RANGES,
	SECTION_DETAILS, /* from here on: the second part */
	SECTION_SOURCES,
	SECTION_IDS, /* slots of details by their id */
	SECTION_STRINGS,
	SECTION_SAYS,
	SECTION_ANNEX, /* of who had it written */
	SECTIONS,
};

struct file_section {
	uint64_t offset, len;
};

struct file_head {
	char magic[8];
	uint32_t order, version;
	uint64_t kinds;	    /* a hash of their words: numbers of kinds mean the same */
	uint64_t size;	    /* of the file */
	uint64_t check;	    /* of this page, with zero here */
	uint8_t digest[32]; /* SHA-256 of everything behind this page */
	uint64_t seed;
	int64_t made;
	uint64_t lengths4, lengths6[3];
	uint64_t armed[SET_FILE_KINDS];
	uint64_t keys[5]; /* of names, IPv4, IPv6 (and their ranges), digests; ranges of IPv4 */
	struct file_section section[SECTIONS];
	uint64_t parts; /* enum file_parts */
};

/* Some indicators are parts of patterns; of patterns of which another part may be any record. */
enum file_parts { FILE_PARTS = 1, FILE_OPEN = 2 };

static_assert(sizeof(struct file_head) <= SET_FILE_PAGE && (int)OBS_KINDS <= SET_FILE_KINDS);

struct file_item {
	uint32_t text; /* where the key's bytes are; of an IPv4 address the address */
	uint16_t len;  /* of the key */
	uint8_t kind : 7, packed : 1;
	uint8_t role : 2, reach : 2, key : 3, more : 1; /* more: chains say which */
};

struct file_chain {
	uint32_t item, next;
};

struct file_detail {
	uint8_t id[16]; /* of "indicator--UUID"; else in its first four bytes where in the says */
	int64_t from, until;
	uint32_t first;		/* item; it ends where the next detail's begins */
	uint32_t source;	/* index, and in the lowest bits enum detail_bits */
	uint32_t name, pattern; /* in the says, 0: none */
};

enum detail_bits {
	DETAIL_UUID = 1,
	DETAIL_NAME_IS_VALUE = 2,
	DETAIL_PATTERN_IS_VALUE = 4,
	DETAIL_IS_PART = 8,
};
enum { DETAIL_SHIFT = 4 };

struct file_source {
	uint32_t party, memo, tlp; /* in the says */
	int32_t confidence;
};

/* A text or an expression. */
struct file_string {
	int64_t from, until;
	uint32_t text, id, name, pattern; /* in the says, 0: none */
	uint32_t source;
	uint8_t property, form, bits, unused; /* enum pattern_property, pattern_form, string_bits */
};

enum string_bits { STRING_FOLD = 1, STRING_PART = 2 };

struct file_gates {
	uint8_t last_label[1 << 13], wide_sixes[1 << 13], wide_tail[32];
	uint32_t any_tail, has_ja4, has_wide_tail, unused;
};

struct file_range {
	uint32_t low, high;
};

static_assert(sizeof(struct file_item) == 8 && sizeof(struct file_chain) == 8 &&
	      sizeof(struct file_detail) == 48 && sizeof(struct file_source) == 16 &&
	      sizeof(struct file_string) == 40);

/* An open file. Counts are what its sections hold; all else is asked for by the functions below. */
struct set_file {
	const char *map;
	size_t size;
	bool mapped;			     /* to be unmapped */
	alignas(8) char page[SET_FILE_PAGE]; /* the first, once: nobody changes what was checked */
	const struct file_head *head;	     /* in it */
	const struct file_item *item;
	const struct file_chain *chain;
	const uint32_t *slot, *id;
	const uint8_t *routes;
	const struct file_gates *gates;
	const struct file_detail *detail;
	const struct file_source *source;
	const struct file_string *string;
	uint32_t items, chains, slots, ids, details, sources, strings;
	unsigned number_bits; /* of a slot: the item's number */
	struct span texts, says;
};

/* Reads bytes that stay where they are, at a multiple of 64; codes as set_file_open. */
enum rc set_file_of(struct span bytes, struct set_file **out, struct diag *why);
/* RC_BAD, with what to do. */
enum rc set_file_damaged(struct diag *why, const char *what);
struct span set_file_section(const struct set_file *f, enum section which);
/* The head's check, as it should be. */
uint64_t set_file_check(const char *page);
/* A hash of all kinds' words. */
uint64_t set_file_kinds(void);
/* What a slot holds for an item: the bits of its number, and the key's hash above. */
unsigned set_file_number_bits(uint64_t items);
/* First slot of `slots` for a hash. */
static inline uint32_t
set_file_place(uint32_t hash, uint32_t slots)
{
	return (uint32_t)((uint64_t)hash * slots >> 32);
}

/* First item of a key, NONE where there is none. hash: set_hash with the file's seed. */
uint32_t set_file_find(const struct set_file *f, enum key key, struct span bytes, uint32_t hash);
/*
 * The same in steps, each of which fetches what the next looks at, so that many keys wait for memory at once:
 * slots, the first item that a key of this hash may have (NONE: there is none), its text.
 */
void set_file_fetch(const struct set_file *f, uint32_t hash);
uint32_t set_file_likely(const struct set_file *f, uint32_t hash);
/* Of an item that set_file_likely gave. */
void set_file_fetch_text(const struct set_file *f, uint32_t index);
/* What comes behind an item under its key, NONE: nothing. */
uint32_t set_file_next(const struct set_file *f, uint32_t index);
/* False where it is none that could be: out is zero then. */
bool set_file_item(const struct set_file *f, uint32_t index, struct item *out);
/* A key's bytes; those of digests and IPv4 addresses are written to `room`. */
enum { SET_FILE_ROOM = 256 };
struct span set_file_bytes(
	const struct set_file *f, uint32_t index, char room[static SET_FILE_ROOM]);
struct indicator set_file_get(const struct set_file *f, uint32_t index, struct arena *a);
/* A text of the says; empty where there is none, or no UTF-8. */
struct span set_file_say(const struct set_file *f, uint32_t at);
/* A text or an expression; false: none that could be. */
bool set_file_string(const struct set_file *f, uint32_t index, struct indicator *out);
/* Puts all of them into a set that stands on the file. */
void set_take_strings(struct match_set *set);
/* The pattern that says what an item is, and no more: DETAIL_PATTERN_IS_VALUE. */
void set_file_pattern(struct observable about, enum match_reach reach, struct buf *out);
/* Whether an item says of itself what `what` says. */
bool set_file_says(const struct set_file *f, uint32_t index, const struct indicator *what);

/* Items of every detail with an id. */
struct file_ids {
	const struct set_file *file;
	struct span id;
	uint32_t at, left;
};

void set_file_ids(const struct set_file *f, struct span id, struct file_ids *out);
/* Items from *first up to before *end, within the file's. */
bool set_file_next_id(struct file_ids *ids, uint32_t *first, uint32_t *end);
/* A detail's id; one of the usual form is written to `room`. */
enum { SET_FILE_ID = 64 };
struct span set_file_id(
	const struct file_detail *d, struct span says, char room[static SET_FILE_ID]);
/* An id of the usual form: its sixteen bytes. */
bool set_file_uuid(struct span id, uint8_t out[static 16]);
