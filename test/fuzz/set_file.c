/*
 * Compiled sets that somebody else wrote. The input is a file, or, since hardly any chance makes one, changes to a
 * good one: eight bytes each - section (from SECTIONS on: the first page), three of a place in it, a number. Each is
 * opened as it is and with checks that say that it is right; whatever opens is asked all there is to ask.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/must.h"
#include "base/own.h"
#include "keys/digest.h"
#include "match/ioc.h"
#include "match/set_file-internal.h"
#include "match/strings.h"
#include "match/sweep.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ID "indicator--11111111-2222-4333-8444-55555555aaaa"

static const char text[] =
	"a.evil.org http://evil.org/a/b 192.0.2.7 192.0.2.65 2001:db8::7 2001:db8:5::1 "
	"bad@mail.example"
	" d41d8cd98f00b204e9800998ecf8427e da39a3ee5e6b4b0d3255bfef95601890afd80709"
	" t13d1516h2_8daaf6152771_e5627efa2ab1 quiet.example\n";

static char *good; /* a file as it should be */
static size_t good_len;

static void
begin(void)
{
	char folder[] = "/tmp/tocsin-fuzz-XXXXXX", path[64];
	struct ioc_counts counts = {};
	struct set_file *file = NULL;
	own_match_set struct match_set *set = match_set_new(1);
	own_stream struct stream *s = stream_new_span(
		SPAN("evil.org\na.b.example\n192.0.2.7\n192.0.2.64/28\n2001:db8::7\n2001:db8:5::/"
		     "48\n"
		     "http://evil.org/a\nbad@mail.example\nd41d8cd98f00b204e9800998ecf8427e\n"
		     "da39a3ee5e6b4b0d3255bfef95601890afd80709\nt13d1516h2_8daaf6152771_"
		     "e5627efa2ab1\n"),
		NULL);
	must(ioc_add_list(set, s, &counts, NULL) == RC_OK && counts.armed == 11);
	for (unsigned i = 0; i < 3; i++) {
		struct indicator one = {.about = {OBS_DOMAIN, SPAN("evil.org")},
			.id = i == 2 ? SPAN("x") : SPAN(ID),
			.name = i ? SPAN("evil.org") : SPAN("a name"),
			.party = SPAN("CERT-B"),
			.tlp = SPAN("amber"),
			.confidence = (int)i};
		must(match_set_add(set, &one) == RC_OK);
	}
	static const struct string_about texts[] = {{PROPERTY_FILE, FORM_EQUAL, true},
		{PROPERTY_DOMAIN, FORM_LIKE, false}, {PROPERTY_COMMAND, FORM_MATCHES, false}};
	for (unsigned i = 0; i < 3; i++) {
		struct indicator one = {.about = {OBS_TEXT, SPAN("evil.e[x]e")},
			.text = texts[i],
			.id = i ? SPAN(ID) : SPAN("y"),
			.pattern = SPAN("[file:name = 'x']"),
			.part = i == 2,
			.confidence = -1};
		must(match_set_add_text(set, &one, NULL) == RC_OK);
	}
	must(mkdtemp(folder) != NULL);
	snprintf(path, sizeof path, "%s/set", folder);
	must(set_file_write(set, path, (struct span){}, 0, NULL) == RC_OK &&
		!set_file_open(path, &file, NULL));
	unlink(path);
	rmdir(folder);
	good_len = file->size;
	good = mem_new(good_len);
	memcpy(good, file->map, good_len);
	set_file_close(&file);
}

static void
use(char *bytes, size_t len)
{
	struct set_file *file = NULL;
	own_arena struct arena a = {};
	if (set_file_of((struct span){bytes, len}, &file, NULL))
		return;
	bool is_sound = !set_file_verify(file, NULL);
	must(set_file_facts(file).bytes == len);
	own_match_set struct match_set *set = match_set_over(&file);
	struct match_answers answers = {};
	const char *at = text;
	own_arena struct arena scratch = {};
	struct extract x;
	struct found found;
	extract_init(&x, (struct span){at, sizeof text - 1}, &scratch);
	while (extract_next(&x, &found)) {
		answers.len = 0;
		match_set_probe(
			set, (struct span){at, sizeof text - 1}, &found, CONTEXT_JA3, &a, &answers);
		match_set_probe(set, (struct span){at, sizeof text - 1}, &found, CONTEXT_PLAIN, &a,
			&answers);
		for (size_t i = 0; i < answers.len && i < 1000; i++) {
			struct indicator got = match_set_get(set, answers.at[i].item, &a);
			must(got.about.kind > OBS_NONE && got.about.kind < OBS_KINDS &&
				span_is_utf8(got.name) && span_is_utf8(got.about.value));
		}
	}
	free(answers.at);
	struct strings *strings = match_set_strings(set);
	for (uint32_t i = 0; strings && i < strings_length(strings); i++) {
		struct indicator got = strings_get(strings, i);
		must(got.about.value.len && got.text.property < PROPERTIES &&
			span_is_utf8(got.about.value) && span_is_utf8(got.pattern));
	}
	size_t before = match_set_count(set), gone = match_set_revoke(set, SPAN(ID));
	must(!is_sound || before - gone == match_set_count(set));
	own_mem char *room = mem_new(sizeof text + 2 * SWEEP_SLACK);
	memcpy(room + SWEEP_SLACK, text, sizeof text);
	own_sweep struct sweep *s = sweep_new(set);
	struct sweep_result r;
	sweep_text(s, (struct span){room + SWEEP_SLACK, sizeof text - 1}, &r);
}

static void
change(char *bytes, size_t len, const uint8_t *data, size_t size)
{
	const struct file_head *head = (const void *)good;
	for (; size >= 8; data += 8, size -= 8) {
		uint32_t at = (uint32_t)data[1] | (uint32_t)data[2] << 8 | (uint32_t)data[3] << 16;
		struct file_section s = {0, SET_FILE_PAGE};
		if (data[0] < SECTIONS)
			s = head->section[data[0]];
		if (s.len < 4)
			continue;
		at = at % (uint32_t)(s.len - 3);
		must(s.offset + at + 4 <= len);
		memcpy(bytes + s.offset + at, data + 4, 4);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!good)
		begin();
	bool whole = size >= SET_FILE_PAGE && memcmp(data, SET_FILE_MAGIC, 8) == 0;
	size_t len = whole ? size : good_len;
	own_mem char *bytes = aligned_alloc(SET_FILE_ALIGN, (len + 63) / 64 * 64);
	must(bytes != NULL);
	memcpy(bytes, whole ? (const char *)data : good, len);
	if (!whole)
		change(bytes, len, data, size);
	use(bytes, len);
	struct file_head *head = (void *)bytes;
	sha256_of((struct span){bytes + SET_FILE_PAGE, len - SET_FILE_PAGE}, head->digest);
	head->check = set_file_check(bytes);
	use(bytes, len);
	return 0;
}
