/* Opening a compiled set: its first page and where its sections lie. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/must.h"
#include "base/mutant.h"
#include "base/own.h"
#include "match/set_file-internal.h"
#include "match/strings.h"
#include "match/sweep-internal.h"

/* What a section's records take, and how many there may be. */
static const struct shape {
	uint32_t width;
	uint64_t least, most;
} shapes[SECTIONS] = {
	[SECTION_TEXTS] = {1, 0, UINT32_MAX},
	[SECTION_ITEMS] = {sizeof(struct file_item), 0, NONE - 4},
	[SECTION_CHAINS] = {sizeof(struct file_chain), 0, NONE - 4},
	[SECTION_SLOTS] = {sizeof(uint32_t), 1, NONE - 4},
	[SECTION_ROUTES] = {1, ROUTES / 8, ROUTES / 8},
	[SECTION_GATES] = {sizeof(struct file_gates), 1, 1},
	[SECTION_LABELS] = {sizeof(uint64_t), 1, NONE},
	[SECTION_FOURS] = {sizeof(uint64_t), 1, NONE},
	[SECTION_SIXES] = {sizeof(uint64_t), 1, NONE},
	[SECTION_NAMES] = {sizeof(struct block), 1, NONE},
	[SECTION_DIGITS] = {sizeof(struct block), 1, NONE},
	[SECTION_RANGES] = {sizeof(struct file_range), 0, NONE},
	[SECTION_DETAILS] = {sizeof(struct file_detail), 1, NONE - 4},
	[SECTION_SOURCES] = {sizeof(struct file_source), 1, UINT32_MAX >> DETAIL_SHIFT},
	[SECTION_IDS] = {sizeof(uint32_t), 1, NONE - 4},
	[SECTION_STRINGS] = {sizeof(struct file_string), 0, STRINGS_MAX},
	[SECTION_SAYS] = {1, sizeof(uint32_t), UINT32_MAX},
	[SECTION_ANNEX] = {1, 0, UINT64_C(1) << 40},
};

uint64_t
set_file_check(const char *page)
{
	char copy[SET_FILE_PAGE];
	memcpy(copy, page, sizeof copy);
	memset(copy + offsetof(struct file_head, check), 0, sizeof(uint64_t));
	return hash64((struct span){copy, sizeof copy}, 0);
}

uint64_t
set_file_kinds(void)
{
	uint64_t hash = OBS_KINDS;
	for (enum obs_kind k = 0; k < OBS_KINDS; k++)
		hash = hash64(span_of(obs_word(k)), hash);
	return hash;
}

unsigned
set_file_number_bits(uint64_t items)
{
	/* One more than any item's number, since all ones mean a free slot. */
	return 64 - (unsigned)__builtin_clzll(items + 1);
}

struct span
set_file_section(const struct set_file *f, enum section which)
{
	const struct file_section *s = &f->head->section[which];
	return (struct span){f->map + s->offset, s->len};
}

enum rc
set_file_damaged(struct diag *why, const char *what)
{
	diag_todo(why, "build it again with \"tocsin set build\"");
	return diag_fail(why, RC_BAD, "a damaged set: %s", what);
}

static enum rc
check_head(const struct file_head *h, size_t size, struct diag *why)
{
	if (memcmp(h->magic, SET_FILE_MAGIC, sizeof h->magic) != 0) {
		diag_todo(why, "name a file that \"tocsin set build\" made");
		return diag_fail(why, RC_BAD, "no compiled set");
	}
	if (h->order != SET_FILE_ORDER || h->version != SET_FILE_VERSION ||
		h->kinds != set_file_kinds()) {
		bool newer = h->order == SET_FILE_ORDER && h->version > SET_FILE_VERSION;
		diag_todo(why, "build it again with this program's \"tocsin set build\"");
		if (h->order != SET_FILE_ORDER)
			return diag_fail(why, RC_CONFLICT, "a set made on another kind of machine");
		if (h->version == SET_FILE_VERSION)
			return diag_fail(why, RC_CONFLICT,
				"a set made by a program that knows other kinds of indicators");
		return diag_fail(why, newer ? RC_NEWER : RC_CONFLICT,
			"a set of format %u, %s than %u, which this program reads", h->version,
			newer ? "newer" : "older", SET_FILE_VERSION);
	}
	if (h->check != set_file_check((const char *)h) && !mutant(1671))
		return set_file_damaged(why, "its first page is not what was written");
	if (h->size != size)
		return set_file_damaged(
			why, h->size > size ? "it is cut short" : "something follows it");
	return RC_OK;
}

/* Sections lie one behind the other, so that none can overlap another. */
static enum rc
check_sections(const struct file_head *h, struct diag *why)
{
	uint64_t end = SET_FILE_PAGE;
	for (enum section k = 0; k < SECTIONS; k++) {
		const struct file_section *s = &h->section[k];
		const struct shape *shape = &shapes[k];
		if (s->offset % SET_FILE_ALIGN || s->offset < end || s->offset > h->size ||
			s->len > h->size - s->offset)
			return set_file_damaged(why, "a section lies outside its place");
		uint64_t count = s->len / shape->width;
		if (s->len % shape->width || count < shape->least || count > shape->most)
			return set_file_damaged(why, "a section has a length that it cannot have");
		end = s->offset + s->len;
	}
	uint64_t items = h->section[SECTION_ITEMS].len / sizeof(struct file_item);
	for (size_t k = 0; k < SET_FILE_KINDS; k++)
		if (h->armed[k] > items)
			return set_file_damaged(why, "it counts more indicators than it holds");
	return RC_OK;
}

static uint32_t
count_of(const struct set_file *f, enum section which)
{
	return (uint32_t)(f->head->section[which].len / shapes[which].width);
}

enum rc
set_file_of(struct span bytes, struct set_file **out, struct diag *why)
{
	must((uintptr_t)bytes.ptr % SET_FILE_ALIGN == 0);
	if (bytes.len < SET_FILE_PAGE) {
		diag_todo(why, "name a file that \"tocsin set build\" made");
		return diag_fail(why, RC_BAD, "no compiled set");
	}
	struct set_file *f = mem_new(sizeof *f);
	f->map = bytes.ptr;
	f->size = bytes.len;
	memcpy(f->page, bytes.ptr, sizeof f->page);
	f->head = (const void *)f->page;
	enum rc code = check_head(f->head, bytes.len, why);
	if (!code)
		code = check_sections(f->head, why);
	if (code) {
		free(f);
		return code;
	}
	f->item = (const void *)set_file_section(f, SECTION_ITEMS).ptr;
	f->chain = (const void *)set_file_section(f, SECTION_CHAINS).ptr;
	f->slot = (const void *)set_file_section(f, SECTION_SLOTS).ptr;
	f->id = (const void *)set_file_section(f, SECTION_IDS).ptr;
	f->routes = (const void *)set_file_section(f, SECTION_ROUTES).ptr;
	f->gates = (const void *)set_file_section(f, SECTION_GATES).ptr;
	f->detail = (const void *)set_file_section(f, SECTION_DETAILS).ptr;
	f->source = (const void *)set_file_section(f, SECTION_SOURCES).ptr;
	f->string = (const void *)set_file_section(f, SECTION_STRINGS).ptr;
	f->strings = count_of(f, SECTION_STRINGS);
	f->texts = set_file_section(f, SECTION_TEXTS);
	f->says = set_file_section(f, SECTION_SAYS);
	f->items = count_of(f, SECTION_ITEMS);
	f->chains = count_of(f, SECTION_CHAINS);
	f->slots = count_of(f, SECTION_SLOTS);
	f->ids = count_of(f, SECTION_IDS);
	f->details = count_of(f, SECTION_DETAILS);
	f->sources = count_of(f, SECTION_SOURCES);
	f->number_bits = set_file_number_bits(f->items);
	*out = f;
	return RC_OK;
}

enum rc
set_file_open(const char *path, struct set_file **out, struct diag *why)
{
	struct stat st;
	own_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	diag_where(why, "%s", path);
	if (fd < 0 || fstat(fd, &st) < 0)
		return diag_fail(why, errno == ENOENT ? RC_NONE : RC_IO, "%s", strerror(errno));
	if (!S_ISREG(st.st_mode) || st.st_size < SET_FILE_PAGE) {
		diag_todo(why, "name a file that \"tocsin set build\" made");
		return diag_fail(why, RC_BAD, "no compiled set");
	}
	size_t size = (size_t)st.st_size;
	void *map = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return diag_fail(why, RC_IO, "cannot be mapped: %s", strerror(errno));
	enum rc code = set_file_of((struct span){map, size}, out, why);
	if (code)
		munmap(map, size);
	else
		(*out)->mapped = true;
	return code;
}

void
set_file_close(struct set_file **file)
{
	struct set_file *f = *file;
	*file = NULL;
	if (f && f->mapped)
		munmap((void *)(uintptr_t)f->map, f->size);
	free(f);
}

struct span
set_file_annex(const struct set_file *f)
{
	return set_file_section(f, SECTION_ANNEX);
}

struct span
set_file_bytes_mapped(const struct set_file *f)
{
	return (struct span){f->map, f->mapped ? f->size : 0};
}

struct set_file_facts
set_file_facts(const struct set_file *f)
{
	const struct file_head *h = f->head;
	uint64_t half = h->section[SECTION_DETAILS].offset,
		 behind = h->section[SECTION_ANNEX].offset;
	struct set_file_facts facts = {.version = h->version,
		.made = h->made,
		.bytes = h->size,
		.first = half,
		.second = behind - half,
		.annex = h->size - behind};
	for (enum obs_kind k = 0; k < OBS_KINDS; k++) {
		facts.count[k] = h->armed[k];
		facts.indicators += h->armed[k];
	}
	facts.count[OBS_TEXT] = f->strings;
	facts.indicators += f->strings;
	return facts;
}
