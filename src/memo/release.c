#include "memo/release.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/must.h"
#include "base/mutant.h"
#include "base/own.h"
#include "base/uuid.h"
#include "memo/grant.h"
#include "memo/memo-internal.h"
#include "memo/role.h"

/* A memorandum's default_tlp where it is silent, and with no memorandum at all. */
static const enum tlp default_tlp = TLP_AMBER;

struct pass {
	uint8_t reader_kind, action;
	bool never_leaves;
	int64_t made, until, epoch;
	char clause[80];  /* "grant:" and an alias of at most 64 */
	char reader[264]; /* "party:" and a DNS name of at most 253 */
	char collection[UUID_TEXT];
};

const char *
gate_action_word(enum gate_action a)
{
	static const char *const words[] = {"send", "show", "export", "act", "keep"};
	return words[a];
}

const char *
gate_step_word(enum gate_step s)
{
	static const char *const words[] = {
		"", "hold", "state", "recalled", "marking", "deny", "permit", "nothing"};
	return words[s];
}

void
pass_free(struct pass **pass)
{
	free(*pass);
	*pass = NULL;
}

/* What this node's own people and scanner do with what it holds is no exit. */
static bool
stays_here(uint8_t reader_kind, uint8_t action)
{
	return reader_kind == READER_SELF &&
	       (action == GATE_SHOW || action == GATE_ACT || action == GATE_KEEP);
}

/* ---- the decision on one object ---- */

/* Why not, or NULL; *step is set then. */
static const char *
objection(const struct pass *pass, struct facts f, enum gate_step *step)
{
	must(pass != NULL);
	if (stays_here(pass->reader_kind, pass->action))
		return NULL;
	*step = GATE_HOLD;
	if (pass->never_leaves || (f.flags & FACTS_NEVER_LEAVES && !mutant(512)))
		return "never-leaves";
	*step = GATE_MARKING;
	if (f.flags & FACTS_HIDDEN && !mutant(513))
		return "hidden-end";
	enum tlp level = facts_level(f, default_tlp);
	if (level >= TLP_RED && !mutant(510))
		return "tlp";
	if (pass->reader_kind == READER_PUBLIC && level != TLP_CLEAR && !mutant(511))
		return "public";
	return NULL;
}

struct gate_verdict
pass_decide(const struct pass *pass, struct facts f)
{
	enum gate_step step = GATE_PERMIT;
	const char *clause = objection(pass, f, &step);
	return (struct gate_verdict){
		.permit = !clause,
		.step = clause ? step : GATE_PERMIT,
		.clause = span_of(clause ? clause : pass->clause),
	};
}

bool
pass_permits(const struct pass *pass, struct facts f)
{
	enum gate_step step;
	return !objection(pass, f, &step);
}

bool
pass_object(const struct pass *pass, struct facts own, struct span bytes,
	const struct facts_source *ends)
{
	if (!pass_permits(pass, own))
		return false;
	if (stays_here(pass->reader_kind, pass->action) || !facts_may_have_ends(own, bytes))
		return true;
	return pass_permits(pass, facts_with_ends(own, bytes, ends));
}

/* ---- making a pass ---- */

static enum rc
refuse(struct diag *why, enum gate_step step, const char *what)
{
	diag_where(why, "gate step %d, %s", (int)step, gate_step_word(step));
	return diag_fail(why, RC_DENIED, "%s", what);
}

enum rc
memo_epoch(struct store *s, int64_t *out, struct diag *why)
{
	static const char sql[] = "select epoch from memo_state where one = 1";
	own_stmt struct stmt *st = NULL;
	enum rc code = store_sql(s, sql, &st, why);
	if (code == RC_OK && (code = stmt_step(st, why)) == RC_OK)
		*out = stmt_i64(st, 0);
	return code;
}

static enum rc
judge_user(struct store *s, const struct release_ask *ask, struct diag *why)
{
	own_arena struct arena a = {};
	struct user user;
	enum grant rights;
	enum rc code = user_get(s, ask->to.name, &a, &user, why);
	if (code == RC_NONE)
		return refuse(why, GATE_STATE, "no such user");
	if (code != RC_OK)
		return code;
	if (!role_may(user.roles, ACT_READ) && !mutant(518)) {
		diag_todo(why, "content needs the role reader, analyst, releaser or officer");
		return refuse(why, GATE_STATE, "no role of this user reads content");
	}
	code = grant_get(s, ask->from.id, ask->to.name, &rights, why);
	if (code == RC_OK && !(rights & GRANT_READ) && !mutant(519)) {
		diag_todo(why, "tocsin grant %.*s %.*s read", (int)ask->from.alias.len,
			ask->from.alias.ptr, (int)ask->to.name.len, ask->to.name.ptr);
		return refuse(why, GATE_NOTHING, "no grant to read this collection");
	}
	return code;
}

/* A party stands behind its users here: what one of them may read may go to it. */
static enum rc
judge_party(struct store *s, const struct release_ask *ask, struct diag *why)
{
	static const char sql[] =
		"select 1 from memo_user u join memo_grant g on g.user = u.number "
		"where u.party = $1 and g.collection = $2 and (g.rights & 1) <> 0 "
		"and (u.roles & $3) <> 0 limit 1";
	own_stmt struct stmt *st = NULL;
	if (!party_id_fits(ask->to.name))
		return diag_fail(why, RC_BAD, "no id of a party: a DNS name in lower case");
	enum rc code = store_sql(s, sql, &st, why);
	if (code != RC_OK)
		return code;
	stmt_bind_text(st, 1, ask->to.name);
	stmt_bind_text(st, 2, ask->from.id);
	stmt_bind_i64(st, 3, role_of_act(ACT_READ));
	code = stmt_step(st, why);
	if (code != RC_NONE)
		return code;
	diag_todo(why, "tocsin user add NAME --party %.*s, then tocsin grant %.*s NAME read",
		(int)ask->to.name.len, ask->to.name.ptr, (int)ask->from.alias.len,
		ask->from.alias.ptr);
	return refuse(why, GATE_NOTHING, "no user of this party may read this collection");
}

static enum rc
judge_public(struct store *s, const struct release_ask *ask, struct diag *why)
{
	enum grant rights;
	enum rc code = grant_get(s, ask->from.id, SPAN("public"), &rights, why);
	if (code == RC_OK && !(rights & GRANT_READ)) {
		diag_todo(why, "tocsin grant %.*s public read", (int)ask->from.alias.len,
			ask->from.alias.ptr);
		return refuse(why, GATE_NOTHING, "this collection is not public");
	}
	return code;
}

static enum rc
ask_fits(const struct release_ask *ask, struct diag *why)
{
	struct uuid uuid;
	char text[UUID_TEXT];
	diag_where(why, "gate");
	if (uuid_parse(ask->from.id, &uuid) != RC_OK)
		return diag_fail(why, RC_BAD, "no id of a collection");
	uuid_text(&uuid, text);
	if (!span_eq(ask->from.id, span_of(text)))
		return diag_fail(why, RC_BAD, "an id of a collection is in lower case");
	if (ask->from.alias.len == 0 || ask->from.alias.len > 64)
		return diag_fail(why, RC_BAD, "no alias of a collection");
	if (ask->to.kind == READER_SELF && ask->action == GATE_SEND)
		return diag_fail(why, RC_BAD, "nothing is sent to oneself");
	if (ask->to.name.len > 253)
		return diag_fail(why, RC_BAD, "a reader's name is too long");
	return RC_OK;
}

static struct pass *
pass_new(const struct release_ask *ask, int64_t epoch)
{
	static const char *const prefixes[] = {"self", "user:", "party:", "public"};
	struct pass *pass = mem_new(sizeof *pass);
	bool self = ask->to.kind == READER_SELF;
	pass->reader_kind = (uint8_t)ask->to.kind;
	pass->action = (uint8_t)ask->action;
	pass->never_leaves = ask->from.never_leaves;
	pass->made = ask->now;
	pass->until = ask->now + PASS_LIFE;
	pass->epoch = epoch;
	snprintf(pass->clause, sizeof pass->clause, "%s%.*s",
		self ? "local" : "grant:", self ? 0 : (int)ask->from.alias.len,
		ask->from.alias.ptr);
	bool named = ask->to.kind == READER_USER || ask->to.kind == READER_PARTY;
	snprintf(pass->reader, sizeof pass->reader, "%s%.*s", prefixes[ask->to.kind],
		named ? (int)ask->to.name.len : 0, named ? ask->to.name.ptr : "");
	span_copy(ask->from.id, pass->collection, sizeof pass->collection);
	return pass;
}

enum rc
memo_release(struct store *s, const struct release_ask *ask, struct pass **out, struct diag *why)
{
	int64_t epoch;
	enum rc code = ask_fits(ask, why);
	/* The epoch first: a change that comes between makes the pass stale, never too generous. */
	if (code == RC_OK)
		code = memo_epoch(s, &epoch, why);
	if (code != RC_OK)
		return code;
	if (ask->from.never_leaves && !stays_here((uint8_t)ask->to.kind, (uint8_t)ask->action))
		return refuse(why, GATE_HOLD, "nothing of this collection leaves the node");
	switch (ask->to.kind) {
	case READER_SELF: break;
	case READER_USER: code = judge_user(s, ask, why); break;
	case READER_PARTY: code = judge_party(s, ask, why); break;
	case READER_PUBLIC: code = judge_public(s, ask, why); break;
	}
	if (code == RC_OK)
		*out = pass_new(ask, epoch);
	return code;
}

/* ---- what a pass says of itself ---- */

struct span
pass_clause(const struct pass *pass)
{
	return span_of(pass->clause);
}

struct span
pass_reader(const struct pass *pass)
{
	return span_of(pass->reader);
}

struct span
pass_collection(const struct pass *pass)
{
	return span_of(pass->collection);
}

enum gate_action
pass_action(const struct pass *pass)
{
	return (enum gate_action)pass->action;
}

int64_t
pass_until(const struct pass *pass)
{
	return pass->until;
}

bool
pass_fresh(const struct pass *pass, int64_t now, int64_t epoch)
{
	/* A clock that was set back must not prolong it. */
	return epoch == pass->epoch && now < pass->until && now >= pass->made - PASS_LIFE;
}

/* ---- travelling ---- */

/*
 * "TPAS", form (1), reader kind, action, flags; made, until, epoch (8 bytes each, little endian);
 * clause, reader and collection, each with its length before it (2 bytes, little endian); MAC over
 * all of it.
 */
enum { PACK_HEAD = 8 + 3 * 8, PACK_FORM = 1 };

static void
add_number(struct buf *out, uint64_t value, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		buf_add_byte(out, (char)(value >> (8 * i)));
}

static void
add_text(struct buf *out, const char *text)
{
	struct span s = span_of(text);
	add_number(out, s.len, 2);
	buf_add(out, s);
}

void
pass_pack(const struct pass *pass, const struct mac_key *key, struct buf *out)
{
	uint8_t mac[MAC_SIZE];
	size_t start = out->len;
	buf_add(out, SPAN("TPAS"));
	buf_add_byte(out, PACK_FORM);
	buf_add_byte(out, (char)pass->reader_kind);
	buf_add_byte(out, (char)pass->action);
	buf_add_byte(out, pass->never_leaves ? 1 : 0);
	add_number(out, (uint64_t)pass->made, 8);
	add_number(out, (uint64_t)pass->until, 8);
	add_number(out, (uint64_t)pass->epoch, 8);
	add_text(out, pass->clause);
	add_text(out, pass->reader);
	add_text(out, pass->collection);
	mac_of(key, span_sub(buf_span(out), start, SIZE_MAX), mac);
	buf_add(out, (struct span){(const char *)mac, sizeof mac});
	must(out->len - start <= PASS_PACKED);
}

static uint64_t
number_at(struct span s, size_t at, unsigned bytes)
{
	uint64_t value = 0;
	for (unsigned i = 0; i < bytes; i++)
		value |= (uint64_t)(uint8_t)s.ptr[at + i] << (8 * i);
	return value;
}

/* Takes a text with its length off *rest into `out`, which has room for a NUL. */
static bool
take_text(struct span *rest, char *out, size_t size)
{
	if (rest->len < 2)
		return false;
	size_t len = number_at(*rest, 0, 2);
	if (len >= size || len > rest->len - 2 ||
		span_find_byte(span_sub(*rest, 2, len), 0) != SIZE_MAX)
		return false;
	span_copy(span_sub(*rest, 2, len), out, size);
	*rest = span_sub(*rest, 2 + len, SIZE_MAX);
	return true;
}

enum rc
pass_unpack(struct span packed, const struct mac_key *key, struct pass **out, struct diag *why)
{
	if (packed.len < PACK_HEAD + MAC_SIZE || packed.len > PASS_PACKED ||
		!span_starts(packed, SPAN("TPAS")))
		return diag_fail(why, RC_BAD, "no pass");
	size_t body = packed.len - MAC_SIZE;
	if (!mac_check(key, span_sub(packed, 0, body), span_sub(packed, body, MAC_SIZE)))
		return diag_fail(why, RC_BAD, "a pass that this node did not make");
	if (packed.ptr[4] != PACK_FORM)
		return diag_fail(why, RC_NEWER, "a pass of another form");
	own_mem struct pass *pass = mem_new(sizeof *pass);
	struct span rest = span_sub(packed, PACK_HEAD, body - PACK_HEAD);
	pass->reader_kind = (uint8_t)packed.ptr[5];
	pass->action = (uint8_t)packed.ptr[6];
	pass->never_leaves = packed.ptr[7] != 0;
	pass->made = (int64_t)number_at(packed, 8, 8);
	pass->until = (int64_t)number_at(packed, 16, 8);
	pass->epoch = (int64_t)number_at(packed, 24, 8);
	if (pass->reader_kind > READER_PUBLIC || pass->action > GATE_KEEP ||
		!take_text(&rest, pass->clause, sizeof pass->clause) ||
		!take_text(&rest, pass->reader, sizeof pass->reader) ||
		!take_text(&rest, pass->collection, sizeof pass->collection) || rest.len)
		return diag_fail(why, RC_BAD, "a pass that does not hold together");
	*out = take(&pass);
	return RC_OK;
}
