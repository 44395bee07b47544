/*
 * Which records may be the part of a pattern that any record may be, by the names of their fields and the values of
 * some: most records are not, and telling what a record is takes longer than all else. It is known of each
 * comparison what must be told for it to be true; where that is in doubt, it may be.
 */
#include <assert.h>

#include "base/mutant.h"
#include "match/stream-internal.h"

static_assert((int)TOLDS + (int)ROLE_ASSET < 64);

#define TELLS(what) (UINT64_C(1) << (what))
#define HAS(role) (UINT64_C(1) << (TOLDS + (role)))
#define ALWAYS UINT64_MAX

struct glimpse_test {
	uint64_t needs; /* one of these is told */
	enum told value
		[2]; /* its path leads to nothing else; TOLD_NOTHING: to what is not looked at */
	const struct armed_test *test;
};

/* How match/objects.c makes objects of fields. The first that fits; without a key, the rest of a type. */
static const struct shape {
	struct span type, key;
	uint64_t needs;
	enum told value[2];
} shapes[] = {
	{SPAN("network-traffic"), SPAN("src_port"), 0, {TOLD_SRC_PORT}},
	{SPAN("network-traffic"), SPAN("dst_port"), 0, {TOLD_DST_PORT}},
	{SPAN("network-traffic"), SPAN("src_byte_count"), 0, {TOLD_SRC_BYTES}},
	{SPAN("network-traffic"), SPAN("dst_byte_count"), 0, {TOLD_DST_BYTES}},
	{SPAN("network-traffic"), SPAN("src_packets"), 0, {TOLD_SRC_PACKETS}},
	{SPAN("network-traffic"), SPAN("dst_packets"), 0, {TOLD_DST_PACKETS}},
	{SPAN("network-traffic"), SPAN("protocols"), TELLS(TOLD_PROTOCOL), {}},
	{SPAN("network-traffic"), SPAN("extensions"),
		TELLS(TOLD_METHOD) | HAS(ROLE_URL) | HAS(ROLE_AGENT) | HAS(ROLE_HOST) |
			HAS(ROLE_REFERRER),
		{}},
	{SPAN("network-traffic"), {}, ALWAYS, {}},
	{SPAN("process"), SPAN("command_line"), 0, {TOLD_COMMAND, TOLD_PARENT_COMMAND}},
	{SPAN("process"), SPAN("pid"), 0, {TOLD_PID, TOLD_PARENT_PID}},
	{SPAN("process"), SPAN("cwd"), 0, {TOLD_FOLDER}},
	{SPAN("process"), {},
		TELLS(TOLD_COMMAND) | TELLS(TOLD_IMAGE) | TELLS(TOLD_PARENT_COMMAND) |
			TELLS(TOLD_PARENT_IMAGE),
		{}},
	{SPAN("file"), SPAN("size"), 0, {TOLD_SIZE}},
	{SPAN("file"), SPAN("mime_type"), 0, {TOLD_MEDIA_TYPE}},
	{SPAN("file"), SPAN("name"), TELLS(TOLD_IMAGE) | TELLS(TOLD_PARENT_IMAGE) | HAS(ROLE_FILE),
		{}},
	{SPAN("file"), SPAN("parent_directory_ref"),
		TELLS(TOLD_IMAGE) | TELLS(TOLD_PARENT_IMAGE) | HAS(ROLE_FILE), {}},
	{SPAN("file"), {}, ALWAYS, {}},
	{SPAN("directory"), {}, TELLS(TOLD_IMAGE) | TELLS(TOLD_PARENT_IMAGE) | HAS(ROLE_FILE), {}},
	{SPAN("windows-registry-key"), {}, TELLS(TOLD_KEY), {}},
	{SPAN("user-account"), {}, HAS(ROLE_USER), {}},
	{SPAN("email-message"), SPAN("subject"), 0, {TOLD_SUBJECT}},
	{SPAN("email-message"), {}, HAS(ROLE_SENDER) | HAS(ROLE_RECIPIENT), {}},
	{SPAN("x509-certificate"), SPAN("issuer"), 0, {TOLD_CERTIFICATE_ISSUER}},
	{SPAN("x509-certificate"), SPAN("subject"), 0, {TOLD_CERTIFICATE_SUBJECT}},
	{SPAN("x509-certificate"), SPAN("serial_number"), 0, {TOLD_CERTIFICATE_SERIAL}},
	{SPAN("x509-certificate"), {}, ALWAYS, {}},
	{SPAN("ipv4-addr"), {}, ALWAYS, {}},
	{SPAN("ipv6-addr"), {}, ALWAYS, {}},
	{SPAN("domain-name"), {}, ALWAYS, {}},
	{SPAN("url"), {}, ALWAYS, {}},
	{SPAN("email-addr"), {}, ALWAYS, {}},
	{SPAN("mac-addr"), {}, ALWAYS, {}},
};

static void
prepare(struct glimpse_test *g, const struct pattern_test *t)
{
	const struct pattern_step *first = t->path.steps;
	/* Where nothing is at the path's end, the object itself is enough. */
	bool absent = t->op == PATTERN_EXISTS && t->negated && !mutant(1828);
	for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
		const struct shape *s = &shapes[i];
		if (!span_eq(s->type, t->path.type) ||
			(s->key.len && (absent || !span_eq(s->key, first->key))))
			continue;
		g->needs = s->needs;
		for (size_t k = 0; k < 2; k++) {
			g->needs |= s->value[k] ? TELLS(s->value[k]) : 0;
			g->value[k] = first->next ? TOLD_NOTHING : s->value[k];
		}
		return;
	}
}

static size_t
count_tests(const struct pattern_expr *e)
{
	size_t count = e->kind == PATTERN_TEST;
	for (const struct pattern_expr *child = e->child; child; child = child->next)
		count += count_tests(child);
	return count;
}

static void
prepare_expr(struct stream *st, size_t part, const struct pattern_expr *e, size_t *nth,
	struct glimpse_test **at)
{
	if (e->kind == PATTERN_TEST) {
		(*at)->test = matcher_test(st->matcher, part, (*nth)++);
		prepare((*at)++, &e->test);
	}
	for (const struct pattern_expr *child = e->child; child; child = child->next)
		prepare_expr(st, part, child, nth, at);
}

void
stream_prepare_glimpses(struct stream *st)
{
	size_t count = 0;
	for (uint64_t left = st->open; left; left &= left - 1)
		count += count_tests(matcher_part(st->matcher, (size_t)__builtin_ctzll(left)));
	struct glimpse_test *at = st->glimpses = arena_new(&st->arena, count * sizeof *at);
	for (uint64_t left = st->open; left; left &= left - 1) {
		size_t part = (size_t)__builtin_ctzll(left), nth = 0;
		prepare_expr(st, part, matcher_part(st->matcher, part), &nth, &at);
	}
}

void
stream_glimpse(struct streams *s, const struct record *r, struct glimpse *out)
{
	for (size_t i = 0; i < r->fields; i++) {
		const struct field *f = &r->field[i];
		if (!f->value.len)
			continue;
		struct sense sense = sense_of(&s->senses, f->name);
		out->tells |= TELLS(sense.told) | HAS(sense.role);
		if (!out->text_of[sense.told].len)
			out->text_of[sense.told] = f->value;
	}
}

static bool
value_may_be(
	const struct stream *st, const struct glimpse_test *g, enum told told, struct span text)
{
	yyjson_val value = {};
	uint64_t number;
	if (!text.len)
		return false;
	if (!told_is_number(told)) {
		if (!span_is_utf8(text))
			return true;
		yyjson_set_strn(&value, text.ptr, text.len);
	} else if (span_to_u64(text, &number) && number <= INT64_MAX) {
		yyjson_set_uint(&value, number);
	} else {
		return false; /* no number: it is not told */
	}
	return matcher_may_be(st->matcher, g->test, &value);
}

static bool
test_may_be(const struct stream *st, const struct glimpse_test *g, const struct glimpse *seen)
{
	if (!(g->needs & (seen->tells | (g->needs == ALWAYS))))
		return false;
	bool any = !g->value[0];
	for (size_t i = 0; i < 2 && !any && g->value[i]; i++)
		any = value_may_be(st, g, g->value[i], seen->text_of[g->value[i]]);
	return any;
}

static bool
expr_may_be(const struct stream *st, const struct pattern_expr *e, const struct glimpse_test **at,
	const struct glimpse *seen)
{
	if (e->kind == PATTERN_TEST)
		return test_may_be(st, (*at)++, seen);
	bool all = true, any = false;
	for (const struct pattern_expr *child = e->child; child; child = child->next) {
		bool one = expr_may_be(st, child, at, seen);
		all &= one;
		any |= one;
	}
	return e->kind == PATTERN_ALL ? all : any;
}

bool
stream_may_be(const struct stream *st, const struct glimpse *seen)
{
	const struct glimpse_test *at = st->glimpses;
	bool any = false;
	for (uint64_t left = st->open; left && !any; left &= left - 1)
		any = expr_may_be(
			st, matcher_part(st->matcher, (size_t)__builtin_ctzll(left)), &at, seen);
	return any;
}
