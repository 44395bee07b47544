/* Sets as files: they say what the set said, stand under what comes later, and harm nobody whatever they hold. */
#include "../test.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/own.h"
#include "base/rng.h"
#include "match/set_file-internal.h"
#include "match/strings.h"
#include "match/sweep.h"
#include "world.h"

static struct buf out;
static char folder[64], path[96];

#define ID_A "indicator--11111111-2222-4333-8444-55555555aaaa"
#define ID_B "indicator--11111111-2222-4333-8444-55555555bbbb"
#define ID_C "indicator--11111111-2222-4333-8444-55555555cccc"

static const char list[] =
	"evil.org\nsub.worse.example\nhttp://url.example/a/b\nhttp://192.0.2.77/"
	"x\nspam@mail.example\n"
	"198.51.100.7\n203.0.113.0/28\n10.20.0.0/15\n2001:db8::7\n2001:db8:5::/48\n"
	"d41d8cd98f00b204e9800998ecf8427e\nda39a3ee5e6b4b0d3255bfef95601890afd80709\n"
	"t13d1516h2_8daaf6152771_e5627efa2ab1\nurl.example\nurl.example/c\nspam@[192.0.2.78]\n"
	"ja3:e41d8cd98f00b204e9800998ecf8427e\n2001::/12\nb\xc3\xbc"
	"cher.de\nfoo.xn--p1ai\nfoo.xn--fiqs8s\n00:1b:44:11:3a:b7\nCVE-2024-1234\n";

static const char text[] =
	"a.evil.org x.sub.worse.example http://url.example/a/b/c 192.0.2.77 http://192.0.2.77/x/y\n"
	"from=<spam@mail.example> 198.51.100.7 203.0.113.9 10.21.0.1 2001:db8::7 2001:db8:5:1::1\n"
	"quiet.example 10.0.0.1 2001:1::5 spam@[192.0.2.78] https://url.example/c\n"
	"D41D8CD98F00B204E9800998ECF8427E da39a3ee5e6b4b0d3255bfef95601890afd80709\n"
	"t13d1516h2_8daaf6152771_e5627efa2ab1 ja3=e41d8cd98f00b204e9800998ecf8427e\n"
	"B\xc3\x9c"
	"CHER.de\n"
	"hw 00:1b:44:11:3a:b7\nhw 001b.4411.3ab7\n"
	"a line without any\n(CVE-2024-1234)\n"
	"a line between, so that nothing is found beside what was looked for before it\n"
	"x.foo.\xd1\x80\xd1\x84\n"
	"another line between, so that nothing is found beside what was looked for before\n"
	"foo.\xe4\xb8\xad\xe5\x9b\xbd\n"
	"another line between, so that nothing is found beside what was looked for before\n"
	"00-1B-44-11-3A-B7\n"
	"another line between, so that nothing is found beside what was looked for before\n"
	"cve-2024-1234\n";

static void
add(struct match_set *set, enum obs_kind kind, const char *value, const char *id, const char *name)
{
	own_buf struct buf pattern = {};
	struct indicator i = {.about = {kind, span_of(value)},
		.id = span_of(id),
		.name = span_of(name),
		.party = SPAN("CERT-B"),
		.memo = SPAN("memo 7"),
		.tlp = SPAN("amber"),
		.valid_from = NOON,
		.valid_until = NOON + 5,
		.confidence = 80};
	obs_pattern(i.about, &pattern);
	i.pattern = buf_span(&pattern);
	assert_rc(match_set_add(set, &i), RC_OK);
}

static struct match_set *
many_facts(void)
{
	struct match_set *set = match_set_new(9);
	struct indicator i = {.about = {OBS_DOMAIN, SPAN("evil.org")},
		.reach = REACH_COVERING,
		.valid_from = TIME_NONE,
		.valid_until = TIME_NONE,
		.confidence = -1};
	assert_rc(match_set_add(set, &i), RC_OK);
	add(set, OBS_DOMAIN, "evil.org", ID_A, "evil.org");
	add(set, OBS_URL, "http://evil.org/a", ID_A, "evil.org");
	add(set, OBS_DOMAIN, "evil.org", ID_B, "a name");
	add(set, OBS_DOMAIN, "evil.org", "my own id", "evil.org");
	add(set, OBS_DOMAIN, "evil.org", ID_C, "revoked soon");
	add(set, OBS_IPV4, "192.0.2.7", "indicator--11111111-2222-4333-8444-55555555ABCD", "");
	add(set, OBS_CIDR6, "2001:db8::/33", "", "a name");
	i.about = (struct observable){OBS_SHA1, SPAN("da39a3ee5e6b4b0d3255bfef95601890afd80709")};
	i.pattern = SPAN("[file:name = 'x' OR file:hashes.'SHA-1' = 'da39']");
	assert_rc(match_set_add(set, &i), RC_OK);
	/* As lists are stored; the other way round; and of a name that covers nothing. */
	i.about = (struct observable){OBS_DOMAIN, SPAN("covers.org")};
	i.id = SPAN("indicator--00000000-0000-4000-8000-00000000000d");
	i.pattern =
		SPAN("[domain-name:value = 'covers.org' OR domain-name:value LIKE '%.covers.org']");
	assert_rc(match_set_add(set, &i), RC_OK);
	i.id = SPAN("indicator--00000000-0000-4000-8000-00000000000e");
	i.pattern =
		SPAN("[domain-name:value LIKE '%.covers.org' OR domain-name:value = 'covers.org']");
	assert_rc(match_set_add(set, &i), RC_OK);
	i.id = SPAN("indicator--00000000-0000-4000-8000-00000000000f");
	i.pattern = SPAN("[domain-name:value = 'covers.org']");
	assert_rc(match_set_add(set, &i), RC_OK);
	i.id = SPAN("indicator--00000000-0000-4000-8000-000000000010");
	i.reach = REACH_EXACT;
	assert_rc(match_set_add(set, &i), RC_OK);
	assert_int_equal(match_set_revoke(set, SPAN(ID_C)), 1);
	return set;
}

/* All that a set knows, a line each, in the order of its answers about some values. */
static void
tell(const struct match_set *set, struct buf *to)
{
	own_arena struct arena a = {};
	struct match_answers answers = {};
	const struct found asked[] = {
		{.kind = OBS_DOMAIN, .value = SPAN("evil.org")},
		{.kind = OBS_DOMAIN, .value = SPAN("covers.org")},
		{.kind = OBS_IPV4, .addr = {{192, 0, 2, 7}, 32, false}},
		{.kind = OBS_IPV6, .addr = {{0x20, 1, 0x0d, 0xb8}, 128, true}},
		{.kind = OBS_SHA1, .value = SPAN("da39a3ee5e6b4b0d3255bfef95601890afd80709")},
	};
	buf_reset(to);
	for (size_t k = 0; k < sizeof asked / sizeof *asked; k++)
		match_set_probe(set, (struct span){}, &asked[k], CONTEXT_PLAIN, &a, &answers);
	for (size_t k = 0; k < answers.len; k++) {
		struct indicator i = match_set_get(set, answers.at[k].item, &a);
		buf_printf(to,
			"%s %.*s reach %d id %.*s name %.*s %.*s from %.*s %.*s %.*s %lld %lld "
			"%d\n",
			obs_word(i.about.kind), (int)i.about.value.len, i.about.value.ptr, i.reach,
			(int)i.id.len, i.id.ptr, (int)i.name.len, i.name.ptr, (int)i.pattern.len,
			i.pattern.ptr, (int)i.party.len, i.party.ptr, (int)i.memo.len, i.memo.ptr,
			(int)i.tlp.len, i.tlp.ptr, (long long)i.valid_from,
			(long long)i.valid_until, i.confidence);
	}
	buf_add_byte(to, 0);
	free(answers.at);
}

static void
what_indicators_say_of_themselves_comes_back(void **state)
{
	(void)state;
	own_buf struct buf heap = {}, mapped = {};
	own_match_set struct match_set *set = many_facts(), *other = mapped_of(set);
	tell(set, &heap);
	tell(other, &mapped);
	assert_string_equal(heap.ptr, mapped.ptr);
	assert_non_null(strstr(heap.ptr, "my own id"));
	assert_null(strstr(heap.ptr, "revoked soon"));
	for (enum obs_kind k = 0; k < OBS_KINDS; k++)
		assert_int_equal(match_set_count_kind(set, k), match_set_count_kind(other, k));
	/* And once more, out of a set that stands on a file. */
	add(set, OBS_DOMAIN, "later.example", ID_C, "later");
	add(other, OBS_DOMAIN, "later.example", ID_C, "later");
	own_match_set struct match_set *joined = mapped_of(other);
	tell(set, &heap);
	tell(joined, &mapped);
	assert_string_equal(heap.ptr, mapped.ptr);
	assert_int_equal(match_set_count(joined), match_set_count(set));
}

static void
add_text(struct match_set *set, const struct string_about *about, const char *value, const char *id)
{
	struct indicator i = {.about = {OBS_TEXT, span_of(value)},
		.text = *about,
		.id = span_of(id),
		.name = SPAN("a text"),
		.pattern = SPAN("[process:name = 'whatever']"),
		.party = SPAN("CERT-C"),
		.memo = SPAN("memo 8"),
		.tlp = SPAN("green"),
		.valid_from = NOON - 5,
		.valid_until = TIME_NONE,
		.confidence = 42,
		.part = about->property == PROPERTY_URL};
	assert_rc(match_set_add_text(set, &i, NULL), RC_OK);
}

static void
list_texts(const struct match_set *set, struct buf *to)
{
	buf_reset(to);
	const struct strings *all = match_set_strings(set);
	for (uint32_t i = 0; all && i < strings_length(all); i++) {
		struct indicator t = match_set_get(set, STRING_ITEM | i, NULL);
		if (!t.revoked)
			buf_printf(to,
				"%d %d %d %.*s %.*s %.*s %.*s %.*s %.*s %.*s %lld %lld %d %d\n",
				t.text.property, t.text.form, t.text.fold, (int)t.about.value.len,
				t.about.value.ptr, (int)t.id.len, t.id.ptr, (int)t.name.len,
				t.name.ptr, (int)t.pattern.len, t.pattern.ptr, (int)t.party.len,
				t.party.ptr, (int)t.memo.len, t.memo.ptr, (int)t.tlp.len, t.tlp.ptr,
				(long long)t.valid_from, (long long)t.valid_until, t.confidence,
				t.part);
	}
	buf_add_byte(to, 0);
}

static void
texts_and_expressions_come_back_with_all_that_is_said_of_them(void **state)
{
	(void)state;
	own_buf struct buf before = {}, after = {};
	/* A set of texts alone is a set, too. */
	own_match_set struct match_set *set = match_set_new(5);
	for (int p = PROPERTY_NONE + 1; p < PROPERTIES; p++)
		for (int form = FORM_EQUAL; form <= FORM_MATCHES; form++) {
			struct string_about about = {
				(enum pattern_property)p, (enum pattern_form)form, p % 2};
			add_text(set, &about, form == FORM_LIKE ? "%evil_" : "ev[i]l.exe",
				p % 3 ? ID_A : "another id");
		}
	own_match_set struct match_set *mapped = mapped_of(set);
	assert_int_equal(match_set_unread(mapped), 0);
	assert_int_equal(match_set_count(mapped), match_set_count(set));
	assert_true(match_set_has_parts(mapped));
	list_texts(set, &before);
	list_texts(mapped, &after);
	assert_true(before.len > 1000);
	assert_string_equal(after.ptr, before.ptr);
	/* What was revoked stays behind, what came since goes along. */
	assert_true(match_set_revoke(mapped, SPAN(ID_A)) > 30);
	add_text(mapped, &(struct string_about){PROPERTY_FILE, FORM_EQUAL, false}, "new.exe", ID_B);
	add(mapped, OBS_DOMAIN, "evil.org", ID_C, "a name");
	own_match_set struct match_set *joined = mapped_of(mapped);
	list_texts(mapped, &before);
	list_texts(joined, &after);
	assert_string_equal(after.ptr, before.ptr);
	assert_int_equal(match_set_count(joined), match_set_count(mapped));
	match_set_reset(joined);
	assert_null(match_set_strings(joined));
}

static void
what_repeats_the_value_takes_no_room(void **state)
{
	(void)state;
	uint64_t bytes[2];
	for (unsigned twice = 0; twice < 2; twice++) {
		own_match_set struct match_set *set = match_set_new(9);
		own_set_file struct set_file *file = NULL;
		for (unsigned n = 0; n < 1000; n++) {
			char name[30], id[60], pattern[160];
			snprintf(name, sizeof name, "host%u.evil.org", n);
			snprintf(id, sizeof id, "indicator--%08x-0000-4000-8000-000000000001", n);
			/* As lists are stored, or with a blank that says the same. */
			snprintf(pattern, sizeof pattern,
				"[domain-name:value = '%s' OR domain-name:value LIKE '%%.%s'%s]",
				name, name, twice ? " " : "");
			struct indicator i = {.about = {OBS_DOMAIN, span_of(name)},
				.reach = REACH_COVERING,
				.id = span_of(id),
				.pattern = span_of(pattern),
				.valid_from = TIME_NONE,
				.valid_until = TIME_NONE,
				.confidence = -1};
			assert_rc(match_set_add(set, &i), RC_OK);
		}
		assert_rc(set_file_write(set, path, (struct span){}, NOON, NULL), RC_OK);
		assert_rc(set_file_open(path, &file, NULL), RC_OK);
		bytes[twice] = set_file_facts(file).second;
	}
	assert_true(bytes[0] + 80 * 1000 < bytes[1]);
}

static void
what_comes_later_stands_on_the_file(void **state)
{
	(void)state;
	own_match_set struct match_set *set = many_facts(), *over = mapped_of(set);
	own_arena struct arena a = {};
	size_t count = match_set_count(over);
	struct indicator same = match_set_get(over, 0, &a);
	assert_rc(match_set_add(over, &same), RC_CONFLICT);
	same.confidence = 5;
	assert_rc(match_set_add(over, &same), RC_OK);
	assert_rc(match_set_add(over, &same), RC_CONFLICT);
	assert_int_equal(match_set_count(over), count + 1);
	/* Both of one id; of those beside it nothing. */
	assert_int_equal(match_set_revoke(over, SPAN(ID_A)), 2);
	assert_int_equal(match_set_revoke(over, SPAN(ID_A)), 0);
	assert_int_equal(match_set_revoke(over, SPAN("my own id")), 1);
	assert_int_equal(match_set_revoke(over, SPAN("nobody's id")), 0);
	assert_int_equal(match_set_count(over), count - 2);
	assert_int_equal(match_set_count_kind(over, OBS_URL), 0);
	assert_string_equal(hits_of(over, SPAN("http://evil.org/a"), NULL, "lines", &out),
		"1:7 url-host domain evil.org;1:7 url-host domain evil.org;"
		"1:7 url-host domain evil.org;");
	own_match_set struct match_set *joined = mapped_of(over);
	assert_int_equal(match_set_count(joined), count - 2);
	match_set_reset(over);
	assert_int_equal(match_set_count(over), 0);
	assert_string_equal(hits_of(over, SPAN("evil.org"), NULL, "lines", &out), "");
}

static void
many_of_each_are_found_and_no_other(void **state)
{
	(void)state;
	enum { MANY = 60000 };
	own_match_set struct match_set *set = match_set_new(3);
	own_arena struct arena a = {};
	struct match_answers answers = {};
	char value[80], id[80];
	for (unsigned i = 0; i < MANY; i++) {
		snprintf(value, sizeof value, "host%u.zone%u.example", i * 2, i % 97);
		snprintf(id, sizeof id, "indicator--%08x-0000-4000-8000-000000000000", i);
		add(set, OBS_DOMAIN, value, id, "many");
		snprintf(value, sizeof value, "%064x", i * 2);
		add(set, OBS_SHA256, value, id, "many");
	}
	own_match_set struct match_set *mapped = mapped_of(set);
	for (unsigned i = 0; i < 2 * MANY; i++) {
		arena_reset(&a);
		snprintf(value, sizeof value, "%064x", i);
		struct found f = {.kind = OBS_SHA256, .value = span_of(value)};
		answers.len = 0;
		match_set_probe(mapped, (struct span){}, &f, CONTEXT_PLAIN, &a, &answers);
		assert_int_equal(answers.len, i % 2 == 0);
		if (i % 2)
			continue;
		snprintf(id, sizeof id, "indicator--%08x-0000-4000-8000-000000000000", i / 2);
		struct indicator got = match_set_get(mapped, answers.at[0].item, &a);
		assert_true(span_eq(got.id, span_of(id)) && span_eq(got.about.value, f.value));
	}
	for (unsigned i = 0; i < MANY; i += 3) {
		snprintf(id, sizeof id, "indicator--%08x-0000-4000-8000-000000000000", i);
		assert_int_equal(match_set_revoke(mapped, span_of(id)), 2);
	}
	assert_int_equal(match_set_count(mapped), 2 * (MANY - MANY / 3));
	free(answers.at);
}

static void
the_fast_pass_takes_its_filters_from_the_file(void **state)
{
	(void)state;
	enum { LINES = 23 };
	own_match_set struct match_set *set = set_of(list);
	own_sweep struct sweep *plain = sweep_new(set);
	own_mem char *room = mem_new(sizeof text + 2 * SWEEP_SLACK);
	struct span log = {room + SWEEP_SLACK, sizeof text - 1};
	struct sweep_result want, got;
	memcpy(room + SWEEP_SLACK, text, sizeof text);
	sweep_text(plain, log, &want);
	assert_true(want.places > 10);
	for (size_t lines = 0; lines <= LINES; lines++) {
		own_match_set struct match_set *over = parted_of(list, lines);
		own_sweep struct sweep *s = sweep_new(over);
		sweep_text(s, log, &got);
		assert_int_equal(got.places, want.places);
		for (size_t i = 0; i < want.places; i++)
			assert_int_equal(got.place[i], want.place[i]);
	}
	/* Who adds nothing copies less of them. */
	own_match_set struct match_set *alone = parted_of(list, LINES),
				       *added = parted_of(list, LINES - 1);
	own_sweep struct sweep *borrows = sweep_new(alone), *copies = sweep_new(added);
	assert_true(sweep_bytes(borrows) + 1000 < sweep_bytes(copies));
	/* More than the file's filters can take: they are made anew, of both. */
	own_match_set struct match_set *over = parted_of(list, 9);
	own_sweep struct sweep *s = sweep_new(over);
	for (unsigned i = 0; i < 20000; i++) {
		char value[40];
		snprintf(value, sizeof value, "h%u.more.example", i);
		add(over, OBS_DOMAIN, value, "", "");
	}
	sweep_text(s, log, &got);
	assert_int_equal(got.places, want.places);
}

static struct buf
bytes_of(const char *name)
{
	struct buf b = {};
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	ssize_t got;
	assert_true(fd >= 0);
	while ((got = read(fd, buf_room(&b, 1 << 16), 1 << 16)) > 0)
		b.len += (size_t)got;
	close(fd);
	return b;
}

static void
write_bytes(struct span bytes)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0 && write(fd, bytes.ptr, bytes.len) == (ssize_t)bytes.len);
	close(fd);
}

static struct buf
a_file(void)
{
	struct diag why = {};
	own_match_set struct match_set *set = many_facts();
	set_add(set, span_of(list));
	assert_rc(set_file_write(set, path, (struct span){}, NOON, &why), RC_OK);
	return bytes_of(path);
}

static enum rc
open_it(struct diag *why)
{
	own_set_file struct set_file *file = NULL;
	*why = (struct diag){};
	return set_file_open(path, &file, why);
}

static void
another_format_is_refused_with_what_to_do(void **state)
{
	(void)state;
	struct diag why;
	own_buf struct buf file = a_file();
	struct file_head *head = (void *)file.ptr;
	head->version = SET_FILE_VERSION + 1;
	write_bytes(buf_span(&file));
	assert_rc(open_it(&why), RC_NEWER);
	assert_non_null(strstr(why.what, "newer"));
	assert_non_null(strstr(why.todo, "set build"));
	head->version = 0;
	write_bytes(buf_span(&file));
	assert_rc(open_it(&why), RC_CONFLICT);
	assert_non_null(strstr(why.what, "older"));
	head->version = SET_FILE_VERSION;
	head->kinds++;
	write_bytes(buf_span(&file));
	assert_rc(open_it(&why), RC_CONFLICT);
	assert_non_null(strstr(why.what, "kinds"));
	head->kinds--;
	head->order = 0x04030201;
	write_bytes(buf_span(&file));
	assert_rc(open_it(&why), RC_CONFLICT);
	assert_non_null(strstr(why.todo, "set build"));
}

static void
a_damaged_first_page_is_refused_at_opening(void **state)
{
	(void)state;
	struct diag why;
	own_buf struct buf file = a_file();
	for (size_t i = 0; i < SET_FILE_PAGE; i += i < sizeof(struct file_head) ? 1 : 97) {
		file.ptr[i] ^= 0x10;
		write_bytes(buf_span(&file));
		enum rc code = open_it(&why);
		assert_true(code == RC_BAD || code == RC_NEWER || code == RC_CONFLICT);
		assert_true(why.what[0] && why.todo[0] && strstr(why.where, path));
		file.ptr[i] ^= 0x10;
	}
	for (size_t len = 0; len < file.len; len += 1 + file.len / 50) {
		write_bytes(span_sub(buf_span(&file), 0, len));
		assert_rc(open_it(&why), RC_BAD);
	}
	buf_add_byte(&file, 0);
	write_bytes(buf_span(&file));
	assert_rc(open_it(&why), RC_BAD);
	write_bytes(SPAN("evil.org\n"));
	assert_rc(open_it(&why), RC_BAD);
	assert_non_null(strstr(why.what, "no compiled set"));
	unlink(path);
	assert_rc(open_it(&why), RC_NONE);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_rc(open_it(&why), RC_BAD);
	rmdir(path);
}

/* Sections that claim other places, with a check that says they are right. */
static void
no_section_reaches_outside_the_file(void **state)
{
	(void)state;
	struct diag why;
	own_buf struct buf file = a_file();
	struct file_head *head = (void *)file.ptr;
	const uint64_t odd[] = {0, 1, 7, 8, 64, SET_FILE_PAGE, file.len - 64, file.len,
		file.len + 64, UINT32_MAX, UINT64_MAX - 63, UINT64_MAX};
	unsigned refused = 0, taken = 0;
	for (enum section k = 0; k < SECTIONS; k++) {
		for (size_t i = 0; i < 2 * sizeof odd / sizeof *odd; i++) {
			struct file_section keep = head->section[k];
			*(i % 2 ? &head->section[k].offset : &head->section[k].len) = odd[i / 2];
			head->check = set_file_check(file.ptr);
			write_bytes(buf_span(&file));
			if (open_it(&why)) {
				refused++;
			} else {
				const struct file_section *s = &head->section[k];
				assert_true(
					s->offset <= file.len && s->len <= file.len - s->offset);
				taken++;
			}
			head->section[k] = keep;
		}
	}
	/* Shorter ones are sections too. */
	assert_true(refused > taken && taken > 0);
	head->check = set_file_check(file.ptr);
	write_bytes(buf_span(&file));
	assert_rc(open_it(&why), RC_OK);
}

/* Asks all there is to ask of a file in memory. */
static void
use(struct span bytes, bool *is_sound)
{
	struct set_file *file = NULL;
	own_arena struct arena a = {};
	if (set_file_of(bytes, &file, NULL))
		return;
	*is_sound = !set_file_verify(file, NULL);
	set_file_facts(file);
	own_match_set struct match_set *set = match_set_over(&file);
	hits_of(set, span_of(text), NULL, "lines", &out);
	for (uint32_t i = 0; i < 40; i++)
		match_set_get(set, i < set->base_items ? i : 0, &a);
	match_set_revoke(set, SPAN(ID_A));
	match_set_revoke(set, SPAN("my own id"));
	set_add(set, SPAN("192.0.2.1\nlater.example\nevil.org\n"));
	own_sweep struct sweep *s = sweep_new(set);
	struct sweep_result r;
	own_mem char *room = mem_new(sizeof text + 2 * SWEEP_SLACK);
	memcpy(room + SWEEP_SLACK, text, sizeof text);
	sweep_text(s, (struct span){room + SWEEP_SLACK, sizeof text - 1}, &r);
}

static void
whatever_the_bodies_hold_harms_nobody_and_verify_tells(void **state)
{
	(void)state;
	own_buf struct buf file = a_file();
	own_mem char *copy = aligned_alloc(SET_FILE_ALIGN, (file.len + 63) / 64 * 64);
	const struct file_head *head = (const void *)file.ptr;
	const uint32_t odd[] = {0, 1, 0x7fffffff, UINT32_MAX, 0xff, 0x01010101};
	uint64_t seed = 5;
	struct rng rng = rng_seeded(&seed);
	bool is_sound = false;
	memcpy(copy, file.ptr, file.len);
	use((struct span){copy, file.len}, &is_sound);
	assert_true(is_sound);
	for (enum section k = 0; k < SECTIONS; k++) {
		const struct file_section *s = &head->section[k];
		size_t step = s->len > 4096 ? s->len / 64 / 4 * 4 : 4;
		for (size_t at = 0; at + 4 <= s->len; at += step)
			for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
				if (memcmp(copy + s->offset + at, &odd[i], 4) == 0)
					continue;
				memcpy(copy + s->offset + at, &odd[i], 4);
				use((struct span){copy, file.len}, &is_sound);
				assert_false(is_sound);
				memcpy(copy + s->offset + at, file.ptr + s->offset + at, 4);
			}
		/* And a whole section of chance. */
		rng_fill(rng, copy + s->offset, s->len);
		use((struct span){copy, file.len}, &is_sound);
		memcpy(copy + s->offset, file.ptr + s->offset, s->len);
	}
}

/* Of 256 GiB there are two pages on the disk; who read them would not end before this test is ended. */
static void
opening_reads_the_first_page_alone(void **state)
{
	(void)state;
	struct diag why = {};
	own_set_file struct set_file *opened = NULL;
	own_buf struct buf file = a_file();
	struct file_head *head = (void *)file.ptr;
	const size_t huge = (size_t)1 << 38;
	uint64_t items = head->section[SECTION_ITEMS].len / sizeof(struct file_item);
	assert_true(items > 10);
	head->section[SECTION_ANNEX].len = huge;
	head->size = head->section[SECTION_ANNEX].offset + head->section[SECTION_ANNEX].len;
	head->check = set_file_check(file.ptr);
	write_bytes((struct span){file.ptr, SET_FILE_PAGE});
	assert_int_equal(truncate(path, (off_t)head->size), 0);
	own_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	void *room = mmap(NULL, head->size, PROT_READ, MAP_SHARED, fd, 0);
	if (room == MAP_FAILED) /* an emulator, or a limit */
		skip();
	munmap(room, head->size);
	assert_rc(set_file_open(path, &opened, &why), RC_OK);
	struct set_file_facts facts = set_file_facts(opened);
	assert_true(facts.annex == huge && facts.indicators > 10);
	own_match_set struct match_set *set = match_set_over(&opened);
	assert_int_equal(match_set_count(set), facts.indicators);
	assert_string_equal(hits_of(set, SPAN("evil.org"), NULL, "lines", &out), "");
}

static void
who_has_the_old_one_goes_on_with_it(void **state)
{
	(void)state;
	struct diag why = {};
	struct set_file *file = NULL;
	own_match_set struct match_set *first = set_of("evil.org\n"),
				       *second = set_of("worse.org\n");
	assert_rc(set_file_write(first, path, (struct span){}, NOON, &why), RC_OK);
	assert_rc(set_file_open(path, &file, &why), RC_OK);
	own_match_set struct match_set *old = match_set_over(&file);
	assert_rc(set_file_write(second, path, (struct span){}, NOON + 1, &why), RC_OK);
	assert_rc(set_file_open(path, &file, &why), RC_OK);
	struct set_file_facts facts = set_file_facts(file);
	assert_true(facts.made == NOON + 1 && facts.indicators == 1 &&
		    facts.count[OBS_DOMAIN] == 1 && facts.first + facts.second == facts.bytes);
	own_match_set struct match_set *fresh = match_set_over(&file);
	struct span both = SPAN("evil.org worse.org");
	assert_string_equal(hits_of(old, both, NULL, "lines", &out), "1:0 exact domain evil.org;");
	assert_string_equal(
		hits_of(fresh, both, NULL, "lines", &out), "1:9 exact domain worse.org;");
	/* Nothing is left beside it, and nothing where it could not be written. */
	unlink(path);
	assert_int_equal(rmdir(folder), 0);
	assert_rc(set_file_write(second, path, (struct span){}, NOON, &why), RC_IO);
	assert_true(why.what[0] && strstr(why.where, path));
	assert_int_equal(mkdir(folder, 0700), 0);
}

static void
what_the_writer_adds_lies_behind_all_else(void **state)
{
	(void)state;
	own_set_file struct set_file *file = NULL;
	own_match_set struct match_set *set = set_of("evil.org\n");
	struct diag why = {};
	assert_rc(set_file_write(set, path, SPAN("whatever it likes"), NOON, &why), RC_OK);
	assert_rc(set_file_open(path, &file, &why), RC_OK);
	struct span annex = set_file_annex(file);
	assert_span(annex, "whatever it likes");
	assert_int_equal((uintptr_t)annex.ptr % 64, 0);
	assert_rc(set_file_verify(file, &why), RC_OK);
	own_buf struct buf bytes = bytes_of(path);
	bytes.ptr[annex.ptr - file->map] ^= 1;
	write_bytes(buf_span(&bytes));
	set_file_close(&file);
	assert_rc(set_file_open(path, &file, &why), RC_OK);
	assert_rc(set_file_verify(file, &why), RC_BAD);
}

static void
a_set_is_put_onto_another_file(void **state)
{
	(void)state;
	struct diag why = {};
	struct set_file *file = NULL;
	struct sweep_result found;
	char room[300] = {};
	const char both[] = "evil.org worse.org new.org";
	own_match_set struct match_set *first = set_of("evil.org\n"),
				       *set = set_of("worse.org\n10.0.0.0/8\n");
	own_sweep struct sweep *sweep = sweep_new(set);
	memcpy(room + SWEEP_SLACK, both, sizeof both);
	struct span logged = {room + SWEEP_SLACK, sizeof both - 1};
	assert_rc(set_file_write(first, path, (struct span){}, NOON, &why), RC_OK);
	assert_rc(set_file_open(path, &file, &why), RC_OK);
	match_set_rebase(set, &file);
	set_add(set, SPAN("new.org\n"));
	assert_int_equal(match_set_count(set), 2);
	assert_string_equal(hits_of(set, logged, NULL, "lines", &out),
		"1:0 exact domain evil.org;1:19 exact domain new.org;");
	/* The fast pass, which was made before, knows. */
	sweep_text(sweep, logged, &found);
	assert_int_equal(found.places, 2);
	match_set_reset(set);
	assert_int_equal(match_set_count(set), 0);
	assert_string_equal(hits_of(set, logged, NULL, "lines", &out), "");
}

static void
who_writes_says_how_far_he_is_and_stops_when_told(void **state)
{
	(void)state;
	struct diag why = {};
	struct set_work work = {};
	struct set_file *file = NULL;
	own_match_set struct match_set *set = match_set_new(1);
	match_set_watch(set, &work);
	set_add(set, SPAN("evil.org\nworse.org\n"));
	assert_int_equal(work.put, 2);
	assert_rc(set_file_write(set, path, (struct span){}, NOON, &why), RC_OK);
	own_buf struct buf before = bytes_of(path);
	assert_int_equal(work.written, before.len - SET_FILE_PAGE);
	assert_true(work.to_write > 0);
	assert_rc(set_file_open(path, &file, &why), RC_OK);
	match_set_rebase(set, &file);
	work.stop = true;
	assert_rc(set_file_write(set, path, (struct span){}, NOON, &why), RC_AGAIN);
	assert_non_null(strstr(why.what, "stopped"));
	match_set_reset(set);
	assert_rc(set_file_write(set, path, (struct span){}, NOON, &why), RC_AGAIN);
	own_buf struct buf after = bytes_of(path);
	assert_true(span_eq(buf_span(&before), buf_span(&after)));
}

static int
begin(void **state)
{
	(void)state;
	snprintf(folder, sizeof folder, "/tmp/tocsin-set-file-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof path, "%s/set", folder);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	unlink(path);
	buf_fini(&out);
	return rmdir(folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_indicators_say_of_themselves_comes_back),
		cmocka_unit_test(texts_and_expressions_come_back_with_all_that_is_said_of_them),
		cmocka_unit_test(what_repeats_the_value_takes_no_room),
		cmocka_unit_test(what_comes_later_stands_on_the_file),
		cmocka_unit_test(many_of_each_are_found_and_no_other),
		cmocka_unit_test(the_fast_pass_takes_its_filters_from_the_file),
		cmocka_unit_test(another_format_is_refused_with_what_to_do),
		cmocka_unit_test(a_damaged_first_page_is_refused_at_opening),
		cmocka_unit_test(no_section_reaches_outside_the_file),
		cmocka_unit_test(whatever_the_bodies_hold_harms_nobody_and_verify_tells),
		cmocka_unit_test(opening_reads_the_first_page_alone),
		cmocka_unit_test(who_has_the_old_one_goes_on_with_it),
		cmocka_unit_test(what_the_writer_adds_lies_behind_all_else),
		cmocka_unit_test(a_set_is_put_onto_another_file),
		cmocka_unit_test(who_writes_says_how_far_he_is_and_stops_when_told),
	};
	return cmocka_run_group_tests(tests, begin, end);
}
