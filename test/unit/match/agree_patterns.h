#pragma once
/* Patterns of chance, most of them about what one of a log's events tells; printed as they are or with one operator altered. */
#include "agree_events.h"

enum { RECORDS_MOST = 14, NODES_MOST = 256 };

/* Of the log under work; most patterns are about what one of them tells. */
static struct event events[RECORDS_MOST];
static size_t event_count;

enum op {
	OP_AND,
	OP_OR,
	OP_FOLLOWEDBY,
	OP_REPEATS,
	OP_WITHIN,
	OP_STARTSTOP,
	OP_ALL, /* AND in brackets */
	OP_ANY, /* OR in brackets */
	OP_EQ,
	OP_NE,
	OP_LT,
	OP_GT,
	OP_LE,
	OP_GE,
	OP_IN,
	OP_LIKE,
	OP_MATCHES,
	OP_ISSUBSET,
	OP_ISSUPERSET,
	OP_EXISTS,
	OP_NOT, /* of a comparison, which has its own operator besides */
	OPS,
};

static const char *const op_words[] = {"AND", "OR", "FOLLOWEDBY", "REPEATS", "WITHIN", "START STOP",
	"[AND]", "[OR]", "=", "!=", "<", ">", "<=", ">=", "IN", "LIKE", "MATCHES", "ISSUBSET",
	"ISSUPERSET", "EXISTS", "NOT"};

/* A node of a pattern; a comparison's path and constant are text. */
struct node {
	enum op op;
	bool observation; /* [ child ] stands here */
	struct node *child[3];
	unsigned children, number, until;
	char path[80], constant[120];
	bool negated, altered;
};

static struct node pool[NODES_MOST];
static unsigned used;

static inline struct node *
node_new(enum op op)
{
	struct node *n = &pool[used++];
	*n = (struct node){.op = op};
	return n;
}

static inline void
print(const struct node *n, struct buf *out)
{
	if (n->op >= OP_EQ) {
		bool negated = n->negated != n->altered;
		if (n->op == OP_EXISTS)
			buf_printf(out, "%sEXISTS %s", negated ? "NOT " : "", n->path);
		else
			buf_printf(out, "%s %s%s %s", n->path, negated ? "NOT " : "",
				op_words[n->op], n->constant);
		return;
	}
	const char *word = n->op == OP_ALL || n->op == OP_AND  ? n->altered ? "OR" : "AND"
			   : n->op == OP_ANY || n->op == OP_OR ? n->altered ? "AND" : "OR"
			   : n->altered			       ? "AND"
							       : "FOLLOWEDBY";
	bool qualifier = n->op == OP_REPEATS || n->op == OP_WITHIN || n->op == OP_STARTSTOP;
	buf_add(out, n->observation ? SPAN("[") : SPAN("("));
	for (unsigned i = 0; i < n->children; i++) {
		if (i)
			buf_printf(out, " %s ", word);
		print(n->child[i], out);
	}
	buf_add(out, n->observation ? SPAN("]") : SPAN(")"));
	if (!qualifier || n->altered)
		return;
	char from[TIME_TEXT], until[TIME_TEXT];
	time_text(NOON + n->number * SECOND, from);
	time_text(NOON + n->until * SECOND, until);
	if (n->op == OP_REPEATS)
		buf_printf(out, " REPEATS %u TIMES", n->number);
	else if (n->op == OP_WITHIN)
		buf_printf(out, " WITHIN %u SECONDS", n->number);
	else
		buf_printf(out, " START t'%s' STOP t'%s'", from, until);
}

/* What one comparison can be: atoms select candidates, others only narrow. */
struct shape {
	const char *type, *path;
	enum {
		DOMAIN,
		ADDRESS,
		PORT,
		NAME,
		URL,
		HASH,
		EMAIL,
		SUBJECT,
		SIZE,
		COMMAND,
		METHOD,
		AGENT
	} what;
	bool atom;
};

static const struct shape shapes[] = {
	{"domain-name", "value", DOMAIN, true},
	{"domain-name", "resolves_to_refs[*].value", ADDRESS, true},
	{"ipv4-addr", "value", ADDRESS, true},
	{"network-traffic", "src_ref.value", ADDRESS, true},
	{"network-traffic", "dst_ref.value", ADDRESS, true},
	{"network-traffic", "dst_port", PORT, false},
	{"network-traffic", "protocols[*]", METHOD, false},
	{"network-traffic", "extensions.'http-request-ext'.request_header.'User-Agent'[*]", AGENT,
		false},
	{"url", "value", URL, true},
	{"file", "hashes.'SHA-256'", HASH, true},
	{"file", "name", NAME, true},
	{"file", "size", SIZE, false},
	{"email-addr", "value", EMAIL, true},
	{"email-message", "from_ref.value", EMAIL, true},
	{"email-message", "to_refs[*].value", EMAIL, true},
	{"email-message", "subject", SUBJECT, true},
	{"process", "image_ref.hashes.'SHA-256'", HASH, true},
	{"process", "command_line", COMMAND, true},
	{"process", "pid", SIZE, false},
};
enum { SHAPES = sizeof shapes / sizeof *shapes };

static inline unsigned
address_of(const struct shape *s, const struct event *e)
{
	return strstr(s->path, "dst_ref")    ? e->destination
	       : strstr(s->path, "resolves") ? e->answer[0]
					     : e->source;
}

static inline unsigned
mail_of(const struct shape *s, const struct event *e)
{
	return strstr(s->path, "to_refs") ? e->recipient : e->sender;
}

static inline void
text_of(const struct shape *s, const struct event *focus, char *out, size_t size)
{
	struct event other = make_event();
	const struct event *e = focus && chance(8) ? focus : &other;
	switch (s->what) {
	case DOMAIN: snprintf(out, size, "'d%u.evil.example'", e->domain); break;
	case ADDRESS: snprintf(out, size, "'203.0.113.%u'", address_of(s, e)); break;
	case PORT: snprintf(out, size, "%u", ports[e->port]); break;
	case NAME: snprintf(out, size, "'%s'", files[e->file]); break;
	case URL: snprintf(out, size, "'http://d%u.evil.example/p%u'", e->domain, e->path); break;
	case HASH: snprintf(out, size, "'%064x'", e->hash + 0xabc0); break;
	case EMAIL: snprintf(out, size, "'u%u@mail.example'", mail_of(s, e)); break;
	case SUBJECT: snprintf(out, size, "'%s'", subjects[e->subject]); break;
	case SIZE: snprintf(out, size, "%u", e->size); break;
	case COMMAND: snprintf(out, size, "'%s %s'", files[e->file], commands[e->command]); break;
	case METHOD: snprintf(out, size, "'%s'", e->udp ? "udp" : "tcp"); break;
	case AGENT: snprintf(out, size, "'%s'", agents[e->agent]); break;
	}
}

/* Whether an event of this kind tells such a thing. */
static inline bool
is_told(const struct shape *s, enum kind kind)
{
	static const char *const types[KINDS] = {
		[CONN] = "ipv4-addr network-traffic",
		[DNS] = "ipv4-addr network-traffic domain-name",
		[HTTP] = "ipv4-addr network-traffic domain-name url",
		[FILEINFO] = "ipv4-addr network-traffic file",
		[PLAIN] = "ipv4-addr network-traffic domain-name",
		[MAIL] = "email-addr email-message",
		[PROCESS] = "file process",
	};
	return strstr(types[kind], s->type) && (s->what != AGENT || kind == HTTP) &&
	       (!strstr(s->path, "resolves") || kind == DNS) &&
	       (s->what != SIZE || kind != PROCESS || strcmp(s->type, "process") == 0);
}

static inline void
like_of(const struct shape *s, const struct event *focus, char *out, size_t size)
{
	switch (s->what) {
	case DOMAIN:
		snprintf(out, size, "'d%u.%%'", focus ? focus->domain : (unsigned)chance(4));
		break;
	case NAME: snprintf(out, size, "'%s'", chance(2) ? "%.exe" : "_.dll"); break;
	case SUBJECT: snprintf(out, size, "'%s'", chance(2) ? "%n%" : "Lunc_"); break;
	case COMMAND: snprintf(out, size, "'%s'", chance(2) ? "%-enc %" : "a.exe%"); break;
	case AGENT: snprintf(out, size, "'%s'", chance(2) ? "%/%" : "evil%"); break;
	default: text_of(s, focus, out, size);
	}
}

static inline void
regex_of(const struct shape *s, const struct event *focus, char *out, size_t size)
{
	switch (s->what) {
	case DOMAIN: snprintf(out, size, "'^d[0-%u]\\\\.'", (unsigned)chance(4)); break;
	case NAME: snprintf(out, size, "'%s'", chance(2) ? "\\\\.(exe|ps1)$" : "^[ab]"); break;
	case SUBJECT: snprintf(out, size, "'%s'", chance(2) ? "[0-9]+" : "^L"); break;
	case COMMAND: snprintf(out, size, "'%s'", chance(2) ? "-(enc|nop)" : "help$"); break;
	case AGENT: snprintf(out, size, "'%s'", chance(2) ? "/[0-9]" : "bot"); break;
	default: text_of(s, focus, out, size);
	}
}

/*
 * Texts to look for, expressions and LIKE's. In what no field explains, scanning takes whatever is like a text for
 * it; so these stand in nothing else.
 */
static const char *const distinct[3][2][2] = {
	{{"[.](exe|ps1)$", "^b[.]dll"}, {"%.exe", "run.p_1"}},
	{{"Invoice [0-9]+", "parcel$"}, {"Your par%", "Lunc_"}},
	{{"-enc SQB", "hid+en"}, {"%-nop -w%", "%--he_p"}},
};

/* A comparison; selecting: one that a candidate can be found by. */
static inline struct node *
make_test(const struct shape *s, const struct event *focus, bool selecting)
{
	struct node *n = node_new(OP_EQ);
	bool text = s->what != PORT && s->what != SIZE;
	snprintf(n->path, sizeof n->path, "%s:%s", s->type, s->path);
	text_of(s, focus, n->constant, sizeof n->constant);
	if (selecting) {
		char more[100];
		text_of(s, focus, more, sizeof more);
		if (chance(4) == 0) {
			char one[100];
			snprintf(one, sizeof one, "%s", n->constant);
			n->op = OP_IN;
			snprintf(n->constant, sizeof n->constant, "(%.50s, %.50s)",
				s->what == HASH ? "'x'" : one, s->what == HASH ? "'y'" : more);
			if (s->what == HASH) {
				n->op = OP_EQ;
				text_of(s, focus, n->constant, sizeof n->constant);
			}
		} else if (s->what == ADDRESS && chance(2)) {
			n->op = OP_ISSUBSET;
			snprintf(n->constant, sizeof n->constant, "'203.0.113.%u/%u'",
				(unsigned)chance(6) & 6, 30 + (unsigned)chance(3));
		} else if ((s->what == NAME || s->what == SUBJECT || s->what == COMMAND) &&
			   chance(2)) {
			n->op = chance(2) ? OP_LIKE : OP_MATCHES;
			snprintf(n->constant, sizeof n->constant, "'%s'",
				distinct[s->what == NAME      ? 0
					 : s->what == SUBJECT ? 1
							      : 2][n->op == OP_LIKE][chance(2)]);
		} else if (s->what == DOMAIN && chance(6) == 0) {
			n->op = OP_LIKE;
			snprintf(n->constant, sizeof n->constant, "'%%.evil.example'");
		}
		return n;
	}
	static const enum op orders[] = {OP_LT, OP_GT, OP_LT, OP_GT, OP_LE, OP_GE, OP_NE, OP_IN};
	static const enum op texts[] = {OP_NE, OP_LIKE, OP_LIKE, OP_MATCHES, OP_MATCHES, OP_EQ,
		OP_EXISTS, OP_LE, OP_GE, OP_LT, OP_GT};
	n->op = text ? texts[chance(11)] : orders[chance(8)];
	if (s->what == ADDRESS && chance(2))
		n->op = OP_ISSUPERSET;
	if (n->op == OP_LIKE)
		like_of(s, focus, n->constant, sizeof n->constant);
	if (n->op == OP_MATCHES)
		regex_of(s, focus, n->constant, sizeof n->constant);
	if (n->op == OP_IN) {
		char one[100];
		snprintf(one, sizeof one, "%s", n->constant);
		snprintf(n->constant, sizeof n->constant, "(%.50s)", one);
	}
	n->negated = chance(4) == 0;
	return n;
}

/* A part that nothing selects: any record may be it. */
static inline struct node *
make_open_expr(void)
{
	const struct event *focus = chance(10) ? &events[chance(event_count)] : NULL;
	struct node *n = node_new(chance(3) ? OP_ALL : OP_ANY);
	const struct shape *first = NULL;
	for (unsigned left = 1 + (chance(3) == 0); left;) {
		const struct shape *s = &shapes[chance(SHAPES)];
		if (focus && !is_told(s, focus->kind) && chance(4))
			continue;
		/*
		 * In a record, whatever is written like a name or a URL is one ("b.dll" is not d0.evil.example), and
		 * what no field explains may be either end: a negation says more of it than of the model.
		 */
		if (strcmp(s->type, "domain-name") == 0 || s->what == URL ||
			strstr(s->path, "_ref"))
			continue;
		if (n->op == OP_ALL && first && strcmp(first->type, s->type) != 0)
			continue;
		first = s;
		struct node *test = make_test(s, focus, false);
		/* Two hosts of a line may be traffic, of which nothing else is told. */
		if (test->op == OP_EXISTS && strcmp(s->type, "network-traffic") == 0)
			continue;
		/* What could be looked for is taken for more than the standard does, in what no field explains. */
		if (s->what != PORT && s->what != SIZE && s->what != METHOD && test->op != OP_NE &&
			test->op != OP_EXISTS)
			test->op = OP_NE;
		n->child[n->children++] = test;
		left--;
	}
	return n;
}

static inline struct node *
make_expr(void)
{
	if (chance(8) == 0)
		return make_open_expr();
	const struct event *focus = chance(10) ? &events[chance(event_count)] : NULL;
	const struct shape *s;
	do
		s = &shapes[chance(SHAPES)];
	while (!s->atom || (focus && !is_told(s, focus->kind)));
	struct node *first = make_test(s, focus, true);
	if (chance(3) == 0)
		return first;
	bool all = chance(4) != 0;
	struct node *n = node_new(all ? OP_ALL : OP_ANY);
	n->child[n->children++] = first;
	for (unsigned left = 1 + (chance(3) == 0); left;) {
		const struct shape *t = &shapes[chance(SHAPES)];
		if (all ? strcmp(t->type, s->type) != 0 ||
					(focus && !is_told(t, focus->kind) && chance(10))
			: !t->atom)
			continue;
		n->child[n->children++] = make_test(t, all ? focus : NULL, !all);
		left--;
	}
	return n;
}

static inline struct node *
make_node(unsigned depth)
{
	struct node *n;
	if (depth == 0 || used > 40 || chance(4) == 0) {
		n = node_new(OP_ALL);
		n->observation = true;
		n->child[n->children++] = make_expr();
	} else {
		static const enum op joins[] = {OP_AND, OP_OR, OP_FOLLOWEDBY, OP_FOLLOWEDBY};
		n = node_new(joins[chance(4)]);
		for (unsigned left = 2 + (chance(4) == 0); left; left--)
			n->child[n->children++] = make_node(depth - 1);
	}
	if (chance(5) > 1)
		return n;
	static const enum op qualifiers[] = {OP_REPEATS, OP_WITHIN, OP_WITHIN, OP_STARTSTOP};
	/* A window around one observation says nothing, unless that is repeated. */
	struct node *q = node_new(qualifiers[n->observation ? chance(5) % 4 : chance(3)]);
	q->child[q->children++] = n;
	q->number = q->op == OP_REPEATS	 ? 2 + (unsigned)chance(2)
		    : q->op == OP_WITHIN ? 3 + (unsigned)chance(40)
					 : (unsigned)chance(SPREAD / 2);
	q->until = q->number + 20 + (unsigned)chance(SPREAD / 2);
	return q;
}
