#include "obs/line-internal.h"

#include <string.h>

#include "base/ascii.h"
#include "obs/addr.h"
#include "obs/url.h"

enum { LINE_LONGEST = 64 << 10, VALUES_MAX = 256 };

static bool
starts_fold(struct span text, struct span prefix)
{
	return text.len >= prefix.len && span_eq_fold(span_sub(text, 0, prefix.len), prefix);
}

enum rc
line_add(struct line_reading *r, struct observable o)
{
	if (obs_is_everything(o))
		return diag_fail(
			r->why, RC_UNKNOWN, "every address there is: that alarms on everything");
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
	{SPAN("mac"), OBS_MAC},
	{SPAN("mac-addr"), OBS_MAC},
	{SPAN("mac-address"), OBS_MAC},
	{SPAN("cve"), OBS_CVE},
	{SPAN("vulnerability"), OBS_CVE},
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

struct span
line_word(struct span text)
{
	size_t end = 0;
	while (end < text.len && !ascii_is_blank(text.ptr[end]))
		end++;
	return span_sub(text, 0, end);
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
read_plain(struct line_reading *r, struct span text)
{
	struct observable o;
	enum rc code = obs_detect(text, r->arena, &o, r->why);
	if (!code && o.kind == OBS_DOMAIN && span_find(o.value, SPAN(".rpz-")) != SIZE_MAX)
		return diag_fail(
			r->why, RC_UNKNOWN, "a response policy on something else than a name");
	return code ? code : line_add(r, o);
}

/* A value without comment or label, quotes gone. */
static enum rc
read_value(struct line_reading *r, struct span text)
{
	struct observable o;
	text = obs_refang(text, r->arena);
	if (text.len == 0)
		return diag_fail(r->why, RC_UNKNOWN, "nothing but quotes");
	if (r->kind != OBS_NONE) {
		enum rc code = obs_normalize(r->kind, text, r->arena, &o, r->why);
		return code ? code : line_add(r, o);
	}
	enum rc code = line_net(r, text);
	if (code != RC_NONE)
		return code;
	text = drop_port(text);
	/* A name's slash is a slip of the pen; behind a scheme it is a path. */
	if (span_find_byte(text, '/') == text.len - 1 && text.len > 1)
		text.len--;
	return read_plain(r, text);
}

/* ---- what stands around it ---- */

/* Up to the closing quote, or mark of a text format ("++evil.example++"); *rest is what follows. */
static bool
cut_quoted(struct span text, struct span *value, struct span *rest)
{
	struct span word = line_word(text);
	if (word.len > 4 && strchr("+*_", word.ptr[0]) && word.ptr[0] == word.ptr[1] &&
		span_ends(word, span_sub(word, 0, 2))) {
		*value = span_sub(word, 2, word.len - 4);
		*rest = span_sub(text, word.len, SIZE_MAX);
		return true;
	}
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

/* The first value, up to a blank; *rest is what follows. */
static struct span
first_value(struct span text, struct span *rest)
{
	struct span value;
	if (cut_quoted(text, &value, rest))
		return value;
	size_t end = 0;
	bool path = false;
	for (; end < text.len && !ascii_is_blank(text.ptr[end]); end++) {
		path |= text.ptr[end] == '/';
		if (text.ptr[end] == '#' && !path)
			break;
	}
	value = span_sub(text, 0, end);
	*rest = span_sub(text, end, SIZE_MAX);
	while (value.len && strchr(",;", value.ptr[value.len - 1]) && value.ptr[value.len - 1])
		value.len--;
	return value;
}

/* A name that is more likely a file's: "loader.exe" beside its digest or its server. */
static bool
is_file(struct observable o)
{
	static const char endings[] = " exe dll sys scr bat cmd ps1 vbs vbe js jse jar msi lnk hta "
				      "doc docx docm xls xlsx xlsm "
				      "ppt pptx rtf pdf rar gz tgz 7z iso img cab apk elf bin dat "
				      "tmp txt log xml json csv "
				      "html htm php asp aspx jsp png jpg jpeg gif ico eml ";
	char word[8];
	size_t dot = o.value.len;
	while (o.kind == OBS_DOMAIN && dot > 0 && o.value.ptr[dot - 1] != '.')
		dot--;
	size_t len = o.value.len - dot;
	if (o.kind != OBS_DOMAIN || len + 2 >= sizeof word)
		return false;
	word[0] = word[len + 1] = ' ';
	memcpy(word + 1, o.value.ptr + dot, len);
	return span_find(span_of(endings), (struct span){word, len + 2}) != SIZE_MAX;
}

/* Whether what stands beside `first` is meant too. Beside a digest stand names of files. */
static bool
is_welcome(struct observable first, struct observable o)
{
	bool digest = obs_is_hash(first.kind) || first.kind == OBS_JA3 || first.kind == OBS_JA4;
	return digest ? obs_is_hash(o.kind) || o.kind == OBS_JA3 || o.kind == OBS_JA4 : !is_file(o);
}

/* One more value for a line that has some; RC_NONE where it is none or not meant. */
static enum rc
read_beside(struct line_reading *r, struct span text)
{
	struct diag ignored = {};
	struct line_reading inner = *r;
	size_t before = r->out->len;
	inner.why = &ignored;
	enum rc code = read_value(&inner, text);
	bool fits = !code;
	for (size_t i = before; fits && i < r->out->len; i++)
		fits = is_welcome(r->out->at[before ? 0 : i], r->out->at[i]);
	if (fits)
		return RC_OK;
	r->out->len = before;
	return code == RC_LIMIT && before == VALUES_MAX
		       ? diag_fail(r->why, code, "%s", ignored.what)
		       : RC_NONE;
}

/* What separates values on a line; empty: a comment or nothing follows. */
static struct span
skip_between(struct span rest)
{
	size_t at = 0;
	bool blank = false;
	for (; at < rest.len; at++) {
		char c = rest.ptr[at];
		bool arrow = (c == '-' || c == '=') && at + 1 < rest.len && rest.ptr[at + 1] == '>';
		if (c == '#' || (c == ';' && blank) ||
			(c == '/' && at + 1 < rest.len && rest.ptr[at + 1] == '/'))
			return (struct span){};
		if (!ascii_is_blank(c) && c != ',' && c != ';' && c != '|' && !arrow)
			break;
		blank |= ascii_is_blank(c);
		at += arrow;
	}
	return span_sub(rest, at, SIZE_MAX);
}

/* "evil.example 192.0.2.1 loader": the values a line begins with; the first word that is none ends them. */
static enum rc
read_more(struct line_reading *r, struct span rest)
{
	enum rc code = RC_OK;
	while (!code && (rest = skip_between(rest)).len) {
		/* A digest's label holds for those beside it; others may have their own. */
		struct line_reading next = *r;
		if (next.kind != OBS_JA3 && !obs_is_hash(next.kind))
			next.kind = OBS_NONE;
		struct span behind, value = first_value(drop_label(rest, &next.kind), &behind);
		code = read_beside(&next, value);
		rest = behind;
	}
	return code == RC_NONE ? RC_OK : code;
}

/* Behind " #" and " //". */
static struct span
drop_comment(struct span text)
{
	for (size_t i = 1; i < text.len; i++)
		if (ascii_is_blank(text.ptr[i - 1]) &&
			(text.ptr[i] == '#' ||
				span_starts(span_sub(text, i, SIZE_MAX), SPAN("//"))))
			return span_trim(span_sub(text, 0, i));
	return text;
}

/* Words of a sentence, not of a cell: it begins with a letter and goes on behind a blank. */
static bool
is_sentence(struct span field)
{
	return field.len && !ascii_is_digit(field.ptr[0]) && field.ptr[0] != '"' &&
	       span_find_byte(field, ' ') != SIZE_MAX;
}

static size_t
field_end(struct span text, size_t start)
{
	while (start < text.len && !strchr(",;|\t", text.ptr[start]))
		start++;
	return start;
}

/*
 * "evil.example,192.0.2.1,loader", "2026-01-01;evil.example;loader": the first field that is something
 * and those behind it, until one is not.
 */
static enum rc
read_fields(struct line_reading *r, struct span text)
{
	enum rc code = RC_NONE;
	r->out->len = 0;
	text = drop_comment(text);
	for (size_t start = 0, end; start < text.len; start = end + 1) {
		end = field_end(text, start);
		struct span field = span_trim(span_sub(text, start, end - start)), value, rest;
		if (cut_quoted(field, &value, &rest) && rest.len == 0)
			field = value;
		struct line_reading next = *r;
		code = read_beside(&next, drop_label(field, &next.kind));
		if (code == RC_LIMIT || (code && r->out->len) ||
			(code && start == 0 && is_sentence(field)))
			break;
	}
	if (code == RC_LIMIT)
		return code;
	return r->out->len ? RC_OK : RC_NONE;
}

/* A URL may hold commas; where a date, an address or a digest stands between them, they part fields. */
static bool
is_table(struct span text, struct arena *a)
{
	size_t start = field_end(text, 0) + 1;
	while (start < text.len) {
		size_t end = field_end(text, start);
		struct span field = span_trim(span_sub(text, start, end - start));
		struct observable o;
		bool date = field.len >= 10 && ascii_is_digit(field.ptr[0]) &&
			    ascii_is_digit(field.ptr[3]) && field.ptr[4] == '-' &&
			    field.ptr[7] == '-';
		if (date || (!obs_detect(field, a, &o, NULL) && o.kind != OBS_DOMAIN &&
				    (o.kind != OBS_URL || o.value.ptr[0] != '/')))
			return true;
		start = end + 1;
	}
	return false;
}

/* "||evil.example^$third-party", "|http://evil.example/a|" of ad blockers. */
static enum rc
read_filter(struct line_reading *r, struct span text)
{
	static const struct span hides[] = {SPAN("##"), SPAN("#@#"), SPAN("#?#"), SPAN("#$#")};
	for (size_t i = 0; i < sizeof hides / sizeof *hides; i++)
		if (span_find(line_word(text), hides[i]) != SIZE_MAX)
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
read_resolver(struct line_reading *r, struct span text)
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
			struct span rest;
			text = span_trim(span_sub(text, quoted[i].len, SIZE_MAX));
			return read_value(r, first_value(first_value(text, &rest), &rest));
		}
	return RC_NONE;
}

/* A hosts file's "0.0.0.0 evil.example other.example": the names are meant. */
static enum rc
read_hosts(struct line_reading *r, struct span text)
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
		struct span behind, name = first_value(rest, &behind);
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
	/* The brackets of a JSON array, each on a line of its own. */
	static const struct span brackets[] = {SPAN("["), SPAN("]"), SPAN("[]"), SPAN("],")};
	for (size_t i = 0; i < sizeof brackets / sizeof *brackets; i++)
		if (span_eq(text, brackets[i]))
			return true;
	return text.len == 0 || text.ptr[0] == '#' || text.ptr[0] == ';' || text.ptr[0] == '!' ||
	       span_starts(text, SPAN("//")) || starts_fold(text, SPAN("[Adblock"));
}

/* "deny 192.0.2.1;", "add blocked 192.0.2.1": what tools are told, and the word that tells it. */
static struct span
drop_order(struct span text)
{
	static const struct span orders[] = {SPAN("deny from "), SPAN("deny "),
		SPAN("require not ip "), SPAN("require not host "), SPAN("reject "), SPAN("drop "),
		SPAN("block "), SPAN("blackhole "), SPAN("exitaddress ")};
	for (size_t i = 0; i < sizeof orders / sizeof *orders; i++)
		if (starts_fold(text, orders[i]))
			return span_trim(span_sub(text, orders[i].len, SIZE_MAX));
	size_t source = span_find(text, SPAN(" -s "));
	bool denies = span_find(text, SPAN(" DROP")) != SIZE_MAX ||
		      span_find(text, SPAN(" REJECT")) != SIZE_MAX;
	if (denies && source != SIZE_MAX) /* iptables */
		return span_trim(span_sub(text, source + 4, SIZE_MAX));
	if (!starts_fold(text, SPAN("add ")))
		return text;
	text = span_trim(span_sub(text, 4, SIZE_MAX));
	return span_trim(span_sub(text, line_word(text).len, SIZE_MAX));
}

/* "SHA256 (loader.exe) = 9f86d0..." of digest tools. */
static struct span
drop_file(struct span text)
{
	size_t at = text.len && text.ptr[0] == '(' ? span_find(text, SPAN(") = ")) : SIZE_MAX;
	return at == SIZE_MAX ? text : span_sub(text, at + 4, SIZE_MAX);
}

/* What one value, or several in a row, make of a line. */
static enum rc
read_values(struct line_reading *r, struct span text)
{
	struct span rest, value;
	struct line_reading plain = *r;
	text = drop_order(text);
	value = drop_label(text, &r->kind);
	value = first_value(r->kind == OBS_NONE ? value : drop_file(value), &rest);
	bool table = span_find(value, SPAN("://")) != SIZE_MAX && is_table(value, r->arena);
	enum rc code = table ? RC_UNKNOWN : read_value(r, value);
	if (!code)
		return read_more(r, rest);
	if (r->kind != OBS_NONE)
		return code;
	enum rc fields = read_fields(&plain, text);
	return fields == RC_NONE ? code : fields;
}

/* Beside something else a CVE only says what that was seen with. */
static void
drop_context(struct obs_list *all)
{
	size_t kept = 0;
	for (size_t i = 0; i < all->len; i++)
		if (all->at[i].kind != OBS_CVE)
			all->at[kept++] = all->at[i];
	all->len = kept ? kept : all->len;
}

enum rc
obs_line(struct span line, struct arena *a, struct obs_list *out, struct diag *why)
{
	*out = (struct obs_list){};
	struct span text = span_trim(span_without_mark(line));
	if (is_comment(text))
		return RC_NONE;
	if (text.len > LINE_LONGEST)
		return diag_fail(
			why, RC_LIMIT, "a line of %zu bytes, at most %d", text.len, LINE_LONGEST);
	struct line_reading r = {.arena = a, .out = out, .why = why};
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
	code = line_net_columns(&r, text);
	if (code == RC_NONE)
		code = line_net(&r, text);
	if (code == RC_NONE)
		code = read_values(&r, text);
	drop_context(out);
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
