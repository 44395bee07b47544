#include "obs/line.h"

#include <stdio.h>
#include <string.h>

#include "base/ascii.h"
#include "obs/addr.h"
#include "obs/url.h"

enum { LINE_LONGEST = 64 << 10, VALUES_MAX = 256 };

/* A line under work. */
struct reading {
	struct arena *arena;
	struct obs_list *out;
	struct diag *why;
	enum obs_kind kind; /* that a label gave */
};

static bool
starts_fold(struct span text, struct span prefix)
{
	return text.len >= prefix.len && span_eq_fold(span_sub(text, 0, prefix.len), prefix);
}

static enum rc
add(struct reading *r, struct observable o)
{
	if (r->out->len == VALUES_MAX)
		return diag_fail(r->why, RC_LIMIT, "more than %d values on a line", VALUES_MAX);
	size_t len = r->out->len;
	if ((len & (len - 1)) == 0) {
		struct observable *more = arena_new(r->arena, (len ? len * 2 : 1) * sizeof *more);
		if (len)
			memcpy(more, r->out->at, len * sizeof *more);
		r->out->at = more;
	}
	r->out->at[r->out->len++] = o;
	return RC_OK;
}

/* "ja3: ...", "sha256=...", "domain ..." as lists label their entries. */
static const struct {
	struct span word;
	enum obs_kind kind;
} labels[] = {
	{SPAN("ip"), OBS_NONE},
	{SPAN("ipv4"), OBS_NONE},
	{SPAN("ipv6"), OBS_NONE},
	{SPAN("ip-src"), OBS_NONE},
	{SPAN("ip-dst"), OBS_NONE},
	{SPAN("cidr"), OBS_NONE},
	{SPAN("domain"), OBS_DOMAIN},
	{SPAN("hostname"), OBS_DOMAIN},
	{SPAN("host"), OBS_NONE},
	{SPAN("fqdn"), OBS_DOMAIN},
	{SPAN("url"), OBS_URL},
	{SPAN("uri"), OBS_URL},
	{SPAN("email"), OBS_EMAIL},
	{SPAN("mail"), OBS_EMAIL},
	{SPAN("mailto"), OBS_EMAIL},
	{SPAN("md5"), OBS_MD5},
	{SPAN("sha1"), OBS_SHA1},
	{SPAN("sha-1"), OBS_SHA1},
	{SPAN("sha224"), OBS_SHA224},
	{SPAN("sha256"), OBS_SHA256},
	{SPAN("sha-256"), OBS_SHA256},
	{SPAN("sha384"), OBS_SHA384},
	{SPAN("sha512"), OBS_SHA512},
	{SPAN("sha-512"), OBS_SHA512},
	{SPAN("ja3"), OBS_JA3},
	{SPAN("ja3s"), OBS_JA3},
	{SPAN("ja4"), OBS_JA4},
};

/* Cuts a label off; what it says goes into *kind. The value behind "ip:" is detected all the same.
 */
static struct span
drop_label(struct span text, enum obs_kind *kind)
{
	size_t end = 0;
	while (end < text.len && (ascii_is_alnum(text.ptr[end]) || text.ptr[end] == '-'))
		end++;
	if (end == 0 || end == text.len || !strchr(":= \t", text.ptr[end]) || !text.ptr[end])
		return text;
	for (size_t i = 0; i < sizeof labels / sizeof *labels; i++)
		if (span_eq_fold(span_sub(text, 0, end), labels[i].word)) {
			struct span rest = span_trim(span_sub(text, end + 1, SIZE_MAX));
			if (rest.len == 0 || rest.ptr[0] == '/')
				return text;
			*kind = labels[i].kind;
			return rest;
		}
	return text;
}

/* ---- one value ---- */

static struct span
first_word(struct span text)
{
	size_t end = 0;
	while (end < text.len && !ascii_is_blank(text.ptr[end]))
		end++;
	return span_sub(text, 0, end);
}

static uint32_t
number_of(const struct addr *a)
{
	return (uint32_t)a->byte[0] << 24 | (uint32_t)a->byte[1] << 16 | (uint32_t)a->byte[2] << 8 |
	       a->byte[3];
}

static enum rc
add_net(struct reading *r, uint32_t first, unsigned bits)
{
	struct addr net = {.bits = (uint8_t)bits};
	struct observable o;
	char text[ADDR_TEXT];
	for (unsigned i = 0; i < 4; i++)
		net.byte[i] = (uint8_t)(first >> (24 - 8 * i));
	struct span plain = {text, addr_text(&net, text)};
	enum rc code = obs_normalize(OBS_IPV4, plain, r->arena, &o, r->why);
	return code ? code : add(r, o);
}

/* "192.0.2.0-192.0.2.255", also with blanks and as "192.0.2.0-255": the networks that make it up. */
static enum rc
read_range(struct reading *r, struct span text)
{
	size_t hyphen = span_find_byte(text, '-');
	struct addr low, high;
	uint64_t last;
	if (hyphen == SIZE_MAX || !addr_parse4(span_trim(span_sub(text, 0, hyphen)), &low))
		return RC_NONE;
	struct span rest = first_word(span_trim(span_sub(text, hyphen + 1, SIZE_MAX)));
	if (!addr_parse4(rest, &high)) {
		if (hyphen + 1 < text.len && ascii_is_blank(text.ptr[hyphen + 1]))
			return RC_NONE; /* "192.0.2.1 - 5 reports" */
		if (rest.len > 3 || !span_to_u64(rest, &last) || last > 255)
			return RC_NONE;
		high = low;
		high.byte[3] = (uint8_t)last;
	}
	uint64_t at = number_of(&low), end = number_of(&high);
	if (at > end)
		return diag_fail(r->why, RC_BAD, "a range that ends before it starts");
	enum rc code = RC_OK;
	while (!code && at <= end) {
		unsigned bits = 32;
		while (bits > 0 && !(at & UINT64_C(1) << (32 - bits)) &&
			at + (UINT64_C(1) << (33 - bits)) - 1 <= end)
			bits--;
		code = add_net(r, (uint32_t)at, bits);
		at += UINT64_C(1) << (32 - bits);
	}
	return code;
}

/* "192.0.2.0/255.255.255.0" */
static enum rc
read_mask(struct reading *r, struct span text)
{
	size_t slash = span_find_byte(text, '/');
	struct addr net, mask;
	if (slash == SIZE_MAX || !addr_parse4(span_sub(text, 0, slash), &net) ||
		!addr_parse4(span_sub(text, slash + 1, SIZE_MAX), &mask))
		return RC_NONE;
	uint32_t bits = number_of(&mask);
	unsigned ones = (unsigned)__builtin_popcount(bits);
	if (ones < 32 && bits << ones)
		return diag_fail(r->why, RC_BAD, "a network mask with holes");
	return add_net(r, number_of(&net) & bits, ones);
}

/* "192.0.2.*", "192.0.*.*", "192.0.*" */
static enum rc
read_wildcard(struct reading *r, struct span text)
{
	size_t star = span_find_byte(text, '*'), dots = 0;
	if (star == SIZE_MAX || star == 0 || text.len > 15)
		return RC_NONE;
	for (size_t i = star; i < text.len; i++)
		if (text.ptr[i] != '*' && text.ptr[i] != '.')
			return RC_NONE;
	static const char *const zeros[] = {"", "0.0.0", "0.0", "0"};
	struct addr net;
	char plain[24];
	for (size_t i = 0; i < star; i++)
		dots += text.ptr[i] == '.';
	if (dots == 0 || dots > 3)
		return RC_NONE;
	snprintf(plain, sizeof plain, "%.*s%s", (int)star, text.ptr, zeros[dots]);
	if (!addr_parse4(span_of(plain), &net))
		return RC_NONE;
	return add_net(r, number_of(&net), 8 * (unsigned)dots);
}

/* "[2001:db8::1]:443", "fe80::1%eth0", "192.0.2.1:53/udp", "192.0.2.1/tcp": the address of it. */
static struct span
drop_port(struct span text)
{
	struct addr addr;
	struct span bare = text;
	if (span_ends(bare, SPAN("/tcp")) || span_ends(bare, SPAN("/udp")))
		bare.len -= 4;
	size_t close = span_find_byte(bare, ']'), zone = span_find_byte(bare, '%'), colon;
	if (bare.len > 2 && bare.ptr[0] == '[' && close != SIZE_MAX && bare.ptr[close - 1] != '[') {
		struct span inner = span_sub(bare, 1, close - 1), port;
		uint64_t number;
		port = span_sub(bare, close + 1, SIZE_MAX);
		if (addr_parse(inner, &addr) && port.len > 1 && port.ptr[0] == ':' &&
			span_to_u64(span_sub(port, 1, SIZE_MAX), &number) && number <= 65535)
			return inner;
	}
	if (zone != SIZE_MAX && addr_parse6(span_sub(bare, 0, zone), &addr))
		return span_sub(bare, 0, zone);
	colon = span_find_byte(bare, ':');
	bool slash = span_find_byte(bare, '/') != SIZE_MAX;
	if (bare.len < text.len && !slash && (colon != SIZE_MAX || addr_parse4(bare, &addr)))
		return span_sub(bare, 0, colon);
	return text;
}

/* A value that needs nothing done. */
static enum rc
read_plain(struct reading *r, struct span text)
{
	struct observable o;
	enum rc code = obs_detect(text, r->arena, &o, r->why);
	if (!code && o.kind == OBS_DOMAIN && span_find(o.value, SPAN(".rpz-")) != SIZE_MAX)
		return diag_fail(
			r->why, RC_UNKNOWN, "a response policy on something else than a name");
	return code ? code : add(r, o);
}

/* A value without comment or label, quotes gone. */
static enum rc
read_value(struct reading *r, struct span text)
{
	struct observable o;
	text = obs_refang(text, r->arena);
	if (text.len == 0)
		return diag_fail(r->why, RC_UNKNOWN, "nothing but quotes");
	if (r->kind != OBS_NONE) {
		enum rc code = obs_normalize(r->kind, text, r->arena, &o, r->why);
		return code ? code : add(r, o);
	}
	enum rc code = read_range(r, text);
	if (code == RC_NONE)
		code = read_wildcard(r, text);
	if (code == RC_NONE)
		code = read_mask(r, text);
	if (code != RC_NONE)
		return code;
	text = drop_port(text);
	/* A name's slash is a slip of the pen; behind a scheme it is a path. */
	if (span_find_byte(text, '/') == text.len - 1 && text.len > 1)
		text.len--;
	return read_plain(r, text);
}

/* ---- what stands around it ---- */

/* Up to the closing quote; *rest is what follows. */
static bool
cut_quoted(struct span text, struct span *value, struct span *rest)
{
	if (text.len < 2 || !strchr("\"'`<([", text.ptr[0]) || !text.ptr[0])
		return false;
	static const char closing[] = "\"\"''``<>()[]";
	char open = text.ptr[0], close = strchr(closing, open)[1];
	size_t end = span_find_byte(span_sub(text, 1, SIZE_MAX), close);
	if (end == SIZE_MAX || end == 0)
		return false;
	struct span behind = span_sub(text, end + 2, SIZE_MAX);
	if (behind.len && !ascii_is_blank(behind.ptr[0]) && !strchr(",;|#", behind.ptr[0]))
		return false;
	*value = span_trim(span_sub(text, 1, end));
	*rest = behind;
	return true;
}

/* The first value: what follows a blank is a comment, a count, a date. */
static struct span
first_value(struct span text)
{
	struct span value, rest;
	if (cut_quoted(text, &value, &rest))
		return value;
	size_t end = 0;
	bool path = false;
	for (; end < text.len && !ascii_is_blank(text.ptr[end]); end++) {
		path |= text.ptr[end] == '/';
		if (text.ptr[end] == '#' && !path)
			break;
	}
	value = span_sub(text, 0, end);
	while (value.len && strchr(",;", value.ptr[value.len - 1]) && value.ptr[value.len - 1])
		value.len--;
	return value;
}

/*
 * "evil.example,loader,2026-01-01", "2026-01-01;evil.example;loader": the first field, or else the
 * only one that is something; where blanks stand between, it may be a sentence and only the first
 * counts.
 */
static enum rc
read_fields(struct reading *r, struct span text)
{
	struct obs_list all = {};
	struct diag ignored;
	struct reading inner = {.arena = r->arena, .out = &all, .why = &ignored};
	bool first = true, sentence = false;
	for (size_t i = 0; i < text.len; i++)
		sentence |= text.ptr[i] == ' ';
	for (size_t start = 0; start < text.len && all.len < 2; first = false) {
		size_t end = start;
		while (end < text.len && !strchr(",;|\t", text.ptr[end]))
			end++;
		struct span field = span_trim(span_sub(text, start, end - start)), value, rest;
		if (cut_quoted(field, &value, &rest) && rest.len == 0)
			field = value;
		start = end + 1;
		size_t before = all.len;
		if (read_value(&inner, field))
			all.len = before;
		else if (first)
			break;
		if (sentence)
			break;
	}
	if (all.len == 0)
		return RC_NONE;
	if (all.len > 1 && !first)
		return diag_fail(r->why, RC_UNKNOWN,
			"several values and no header that says which is meant");
	*r->out = all;
	return RC_OK;
}

/* "||evil.example^$third-party", "|http://evil.example/a|" of ad blockers. */
static enum rc
read_filter(struct reading *r, struct span text)
{
	static const struct span hides[] = {SPAN("##"), SPAN("#@#"), SPAN("#?#"), SPAN("#$#")};
	for (size_t i = 0; i < sizeof hides / sizeof *hides; i++)
		if (span_find(first_word(text), hides[i]) != SIZE_MAX)
			return diag_fail(r->why, RC_UNKNOWN, "a filter of parts of pages");
	if (span_starts(text, SPAN("@@")))
		return diag_fail(r->why, RC_UNKNOWN, "an exception: what must not be blocked");
	if (!span_starts(text, SPAN("|")) || text.len < 2 || ascii_is_blank(text.ptr[1]))
		return RC_NONE;
	text = span_sub(text, text.ptr[1] == '|' ? 2 : 1, SIZE_MAX);
	size_t end = 0;
	while (end < text.len && !strchr("^$|", text.ptr[end]))
		end++;
	struct span behind = span_sub(text, end, SIZE_MAX);
	if (span_find(behind, SPAN("badfilter")) != SIZE_MAX)
		return diag_fail(r->why, RC_UNKNOWN, "an exception: what must not be blocked");
	if (behind.len > 1 && behind.ptr[0] == '^' && behind.ptr[1] != '$' && behind.ptr[1] != '|')
		return diag_fail(r->why, RC_UNKNOWN, "a filter of more than a name");
	return read_value(r, span_sub(text, 0, end));
}

/* dnsmasq's address=/evil.example/0.0.0.0, unbound's local-zone: "evil.example" always_nxdomain */
static enum rc
read_resolver(struct reading *r, struct span text)
{
	static const struct span slashed[] = {SPAN("address=/"), SPAN("server=/"), SPAN("local=/")};
	static const struct span quoted[] = {SPAN("local-zone:"), SPAN("local-data:")};
	for (size_t i = 0; i < sizeof slashed / sizeof *slashed; i++) {
		if (!span_starts(text, slashed[i]))
			continue;
		struct span rest = span_sub(text, slashed[i].len, SIZE_MAX);
		size_t slash;
		enum rc code = RC_UNKNOWN;
		while ((slash = span_find_byte(rest, '/')) != SIZE_MAX) {
			code = read_value(r, span_sub(rest, 0, slash));
			if (code)
				break;
			rest = span_sub(rest, slash + 1, SIZE_MAX);
		}
		return code == RC_UNKNOWN ? diag_fail(r->why, code, "no name between slashes")
					  : code;
	}
	for (size_t i = 0; i < sizeof quoted / sizeof *quoted; i++)
		if (span_starts(text, quoted[i])) {
			text = span_trim(span_sub(text, quoted[i].len, SIZE_MAX));
			return read_value(r, first_value(first_value(text)));
		}
	return RC_NONE;
}

/* A hosts file's "0.0.0.0 evil.example other.example": the names are meant. */
static enum rc
read_hosts(struct reading *r, struct span text)
{
	static const struct span sinks[] = {SPAN("0.0.0.0"), SPAN("127.0.0.1"), SPAN("127.0.1.1"),
		SPAN("::"), SPAN("::1"), SPAN("255.255.255.255"), SPAN("fe80::1%lo0")};
	static const struct span own[] = {SPAN("localhost"), SPAN("local"), SPAN("broadcasthost"),
		SPAN("localhost.localdomain"), SPAN("ip6-localhost"), SPAN("ip6-loopback"),
		SPAN("0.0.0.0"), SPAN("127.0.0.1")};
	size_t end = 0;
	bool sink = false;
	while (end < text.len && !ascii_is_blank(text.ptr[end]))
		end++;
	struct span rest = span_trim(span_sub(text, end, SIZE_MAX));
	for (size_t i = 0; i < sizeof sinks / sizeof *sinks && !sink; i++)
		sink = span_eq(span_sub(text, 0, end), sinks[i]);
	if (!sink || !rest.len || rest.ptr[0] == '#')
		return RC_NONE;
	enum rc code = RC_OK;
	while (!code && rest.len && rest.ptr[0] != '#') {
		struct span name = first_value(rest);
		bool mine = name.len == 0;
		for (size_t i = 0; i < sizeof own / sizeof *own && !mine; i++)
			mine = span_eq_fold(name, own[i]);
		if (!mine)
			code = read_value(r, name);
		for (end = 0; end < rest.len && !ascii_is_blank(rest.ptr[end]);)
			end++;
		rest = span_trim(span_sub(rest, end, SIZE_MAX));
	}
	return code;
}

/* "- evil.example", "* evil.example", "1. evil.example" */
static struct span
drop_bullet(struct span text)
{
	static const struct span bullets[] = {SPAN("- "), SPAN("* "), SPAN("+ "),
		SPAN("\xe2\x80\xa2 "), SPAN("\xe2\x80\x93 "), SPAN("\xc2\xb7 ")};
	for (size_t i = 0; i < sizeof bullets / sizeof *bullets; i++)
		if (span_starts(text, bullets[i]))
			return span_trim(span_sub(text, bullets[i].len, SIZE_MAX));
	size_t digits = 0;
	while (digits < text.len && digits < 6 && ascii_is_digit(text.ptr[digits]))
		digits++;
	if (digits && digits + 2 < text.len && strchr(".)", text.ptr[digits]) &&
		text.ptr[digits + 1] == ' ')
		return span_trim(span_sub(text, digits + 2, SIZE_MAX));
	return text;
}

/* "evil (dot) example", "evil [.] example": blanks around a defanged dot or at are none. */
static struct span
join_defanged(struct span text, struct arena *a)
{
	static const struct span marks[] = {SPAN("[.]"), SPAN("(.)"), SPAN("[dot]"), SPAN("(dot)"),
		SPAN("[at]"), SPAN("(at)"), SPAN("[@]")};
	struct span out = text;
	for (size_t at = 1; at < out.len; at++)
		for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
			size_t to = at + marks[i].len;
			if (out.ptr[at - 1] != ' ' || to >= out.len || out.ptr[to] != ' ' ||
				!starts_fold(span_sub(out, at, SIZE_MAX), marks[i]))
				continue;
			out = arena_printf(a, "%.*s%.*s%.*s", (int)at - 1, out.ptr,
				(int)marks[i].len, out.ptr + at, (int)(out.len - to - 1),
				out.ptr + to + 1);
			break;
		}
	return out;
}

/* Most lines of most lists: nothing but a name, an address or digits. */
static bool
is_plain(struct span text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		if (!ascii_is_alnum(c) && c != '.' && c != '-' && c != '_')
			return false;
	}
	return true;
}

static bool
is_comment(struct span text)
{
	return text.len == 0 || text.ptr[0] == '#' || text.ptr[0] == ';' || text.ptr[0] == '!' ||
	       span_starts(text, SPAN("//")) || starts_fold(text, SPAN("[Adblock"));
}

enum rc
obs_line(struct span line, struct arena *a, struct obs_list *out, struct diag *why)
{
	*out = (struct obs_list){};
	if (span_starts(line, SPAN("\xef\xbb\xbf")))
		line = span_sub(line, 3, SIZE_MAX);
	struct span text = span_trim(line);
	if (is_comment(text))
		return RC_NONE;
	if (text.len > LINE_LONGEST)
		return diag_fail(
			why, RC_LIMIT, "a line of %zu bytes, at most %d", text.len, LINE_LONGEST);
	struct reading r = {.arena = a, .out = out, .why = why};
	if (is_plain(text) && read_plain(&r, text) == RC_OK)
		return RC_OK;
	text = join_defanged(drop_bullet(text), a);
	enum rc code = read_filter(&r, text);
	if (code == RC_NONE)
		code = read_resolver(&r, text);
	if (code == RC_NONE)
		code = read_hosts(&r, text);
	if (code != RC_NONE)
		return code || out->len ? code : RC_NONE;
	code = read_range(&r, text);
	if (code != RC_NONE)
		return code;
	struct span value = first_value(drop_label(text, &r.kind));
	code = read_value(&r, value);
	if (code && r.kind == OBS_NONE) {
		out->len = 0;
		enum rc fields = read_fields(&r, text);
		code = fields == RC_NONE ? code : fields;
	}
	return code;
}

enum rc
obs_value(struct span text, struct arena *a, struct observable *out, struct diag *why)
{
	struct obs_list all;
	enum rc code = obs_line(text, a, &all, why);
	if (!code && all.len > 1)
		return diag_fail(why, RC_UNKNOWN, "several values where one is awaited");
	if (!code)
		*out = all.at[0];
	return code;
}
