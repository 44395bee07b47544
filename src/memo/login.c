#include "memo/login.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/must.h"
#include "base/own.h"
#include "codec/base64.h"
#include "keys/mac.h"
#include "keys/x509.h"
#include "memo/brake.h"
#include "memo/memo-internal.h"
#include "memo/verify.h"

enum { HEADER_LONGEST = 4096, REMEMBERED = 4096, WAYS = 4 };

/* One verified password: the MAC of name and password, whose it was and at which epoch. */
struct remembered {
	uint8_t mac[MAC_SIZE];
	int64_t user, epoch, until; /* until 0: free */
};

struct login {
	struct login_options options;
	struct mac_key key;
	struct verifier *verifier; /* NULL: computed by whoever asks */
	pthread_mutex_t lock;	   /* all below */
	struct remembered table[REMEMBERED];
	struct brake brake;
	struct login_counts counts;
};

/* An address that fails is slowed at once; a name tried from everywhere only a little, so that
 * nobody can lock a user out by guessing. */
static const struct brake_rule rule_address = {10, 60 * SECOND};
static const struct brake_rule rule_pair = {4, 60 * SECOND};
static const struct brake_rule rule_name = {20, 5 * SECOND};

/* ---- the Authorization field ---- */

/* What follows the scheme and its blanks. */
static bool
after_scheme(struct span header, struct span scheme, struct span *rest)
{
	if (header.len <= scheme.len || !span_eq_fold(span_sub(header, 0, scheme.len), scheme) ||
		header.ptr[scheme.len] != ' ')
		return false;
	*rest = span_trim(span_sub(header, scheme.len, SIZE_MAX));
	return true;
}

/* b64token (RFC 6750 section 2.1). */
static bool
is_b64token(struct span s)
{
	size_t i = 0;
	while (i < s.len && (ascii_is_alnum(s.ptr[i]) || memchr("-._~+/", s.ptr[i], 6)))
		i++;
	size_t body = i;
	while (i < s.len && s.ptr[i] == '=')
		i++;
	return body > 0 && i == s.len;
}

/* user-id ":" password; no control characters (RFC 7617 section 2). */
static enum rc
parse_basic(struct span text, struct arena *a, struct credential *out)
{
	own_buf struct buf bytes = {};
	enum rc code = RC_BAD;
	size_t colon;
	if (base64_decode(text, &bytes, NULL) != RC_OK)
		return RC_BAD;
	struct span pair = buf_span(&bytes);
	if ((colon = span_find_byte(pair, ':')) != SIZE_MAX && span_is_utf8(pair)) {
		code = RC_OK;
		for (size_t i = 0; i < pair.len; i++)
			if ((unsigned char)pair.ptr[i] < 0x20 || pair.ptr[i] == 0x7f)
				code = RC_BAD;
	}
	if (code == RC_OK)
		*out = (struct credential){CREDENTIAL_BASIC, arena_dup(a, span_sub(pair, 0, colon)),
			arena_dup(a, span_sub(pair, colon + 1, SIZE_MAX))};
	if (bytes.ptr)
		secret_wipe(bytes.ptr, bytes.cap);
	return code;
}

enum rc
credential_parse(struct span header, struct arena *a, struct credential *out)
{
	struct span rest;
	header = span_trim(header);
	if (header.len == 0) {
		*out = (struct credential){};
		return RC_OK;
	}
	if (header.len > HEADER_LONGEST)
		return RC_BAD;
	if (after_scheme(header, SPAN("Basic"), &rest))
		return parse_basic(rest, a, out);
	if (!after_scheme(header, SPAN("Bearer"), &rest))
		return RC_UNKNOWN;
	if (!is_b64token(rest))
		return RC_BAD;
	*out = (struct credential){CREDENTIAL_BEARER, {}, arena_dup(a, rest)};
	return RC_OK;
}

/* ---- remembering ---- */

struct login *
login_new(const struct login_options *options)
{
	struct login *l = mem_new(sizeof *l);
	l->options = *options;
	if (l->options.remember == 0)
		l->options.remember = 300 * SECOND;
	l->key = mac_key_new(options->rng);
	must(pthread_mutex_init(&l->lock, NULL) == 0);
	struct verifier_options v = {.cost = options->cost,
		.waiting = options->waiting ? options->waiting : 64,
		.per_address = options->per_address ? options->per_address : 16,
		.wake = options->wake,
		.ctx = options->ctx};
	if (options->wake)
		l->verifier = verifier_new(&v);
	return l;
}

void
login_stop(struct login *l)
{
	if (l->verifier)
		verifier_stop(l->verifier);
}

void
login_free(struct login *l)
{
	if (!l)
		return;
	verifier_free(l->verifier);
	pthread_mutex_destroy(&l->lock);
	secret_wipe(l, sizeof *l);
	free(l);
}

static void
hold(struct login *l)
{
	must(pthread_mutex_lock(&l->lock) == 0);
}

static void
let_go(struct login *l)
{
	must(pthread_mutex_unlock(&l->lock) == 0);
}

/* Name and password with the name's length between, so that no two pairs read alike. */
static void
mac_of_pair(const struct login *l, const struct credential *c, uint8_t out[static MAC_SIZE])
{
	own_buf struct buf text = {};
	buf_add_u64(&text, c->name.len);
	buf_add_byte(&text, ':');
	buf_add(&text, c->name);
	buf_add(&text, c->secret);
	mac_of(&l->key, buf_span(&text), out);
	secret_wipe(text.ptr, text.cap);
}

/* The WAYS places where a MAC may be. It is random to everybody but us. */
static struct remembered *
places(struct login *l, const uint8_t mac[static MAC_SIZE])
{
	size_t set = (size_t)(mac[0] | mac[1] << 8) % (REMEMBERED / WAYS);
	return &l->table[set * WAYS];
}

/* Under the lock. */
static struct remembered *
recall(struct login *l, const uint8_t mac[static MAC_SIZE], int64_t now)
{
	struct remembered *at = places(l, mac);
	for (size_t i = 0; i < WAYS; i++)
		if (at[i].until > now && memcmp(at[i].mac, mac, MAC_SIZE) == 0)
			return &at[i];
	return NULL;
}

static void
remember(struct login *l, const uint8_t mac[static MAC_SIZE], const struct user *u, int64_t now)
{
	hold(l);
	struct remembered *at = places(l, mac), *oldest = at;
	for (size_t i = 0; i < WAYS; i++) {
		if (memcmp(at[i].mac, mac, MAC_SIZE) == 0) {
			oldest = &at[i];
			break;
		}
		if (at[i].until < oldest->until)
			oldest = &at[i];
	}
	memcpy(oldest->mac, mac, MAC_SIZE);
	oldest->user = u->number;
	oldest->epoch = u->epoch;
	oldest->until = now + l->options.remember;
	let_go(l);
}

/*
 * RC_OK: remembered, and the user's row is as it was then. RC_NONE: not, verify it. The row is read
 * at each use: that is how a removed user is out at once.
 */
static enum rc
check_remembered(struct login *l, struct store *s, const uint8_t mac[static MAC_SIZE], int64_t now,
	struct arena *a, struct user *out)
{
	struct user user;
	hold(l);
	const struct remembered *r = recall(l, mac, now);
	int64_t number = r ? r->user : 0, epoch = r ? r->epoch : 0;
	/* One that a clock set back would keep alive is not believed. */
	if (r && r->until > now + l->options.remember)
		number = 0;
	let_go(l);
	if (number == 0)
		return RC_NONE;
	enum rc code = user_by_number(s, number, a, &user, NULL);
	if (code != RC_OK)
		return code;
	if (user.epoch != epoch)
		return RC_NONE;
	*out = user;
	return RC_OK;
}

/* ---- the brake ---- */

struct brake_keys {
	uint64_t address, pair, name;
};

/* An IPv6 client has a /64 to itself and counts as one address. */
static struct span
address_of(struct span from, char room[static INET6_ADDRSTRLEN])
{
	struct in6_addr six;
	span_copy(from, room, INET6_ADDRSTRLEN);
	if (from.len >= INET6_ADDRSTRLEN || inet_pton(AF_INET6, room, &six) != 1 ||
		IN6_IS_ADDR_V4MAPPED(&six))
		return from;
	memset(six.s6_addr + 8, 0, 8);
	must(inet_ntop(AF_INET6, &six, room, INET6_ADDRSTRLEN) != NULL);
	return span_of(room);
}

static uint64_t
brake_key(const struct login *l, char kind, struct span address, struct span name)
{
	uint8_t mac[MAC_SIZE];
	uint64_t key;
	own_buf struct buf text = {};
	buf_add_byte(&text, kind);
	buf_add_u64(&text, address.len);
	buf_add_byte(&text, ':');
	buf_add(&text, address);
	buf_add(&text, name);
	mac_of(&l->key, buf_span(&text), mac);
	memcpy(&key, mac, sizeof key);
	return key;
}

static struct brake_keys
brake_keys(const struct login *l, const struct login_ask *ask)
{
	char room[INET6_ADDRSTRLEN];
	struct span address = address_of(ask->from, room), name = ask->credential.name;
	return (struct brake_keys){
		.address = brake_key(l, 'a', address, SPAN("")),
		.pair = brake_key(l, 'p', address, name),
		.name = brake_key(l, 'n', SPAN(""), name),
	};
}

static int64_t
later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* Under the lock. us to wait, 0: go on. */
static int64_t
braked(const struct login *l, const struct brake_keys *k, int64_t now)
{
	int64_t wait = brake_wait(&l->brake, k->address, rule_address, now);
	wait = later(wait, brake_wait(&l->brake, k->pair, rule_pair, now));
	return later(wait, brake_wait(&l->brake, k->name, rule_name, now));
}

static void
count_result(struct login *l, enum rc code)
{
	hold(l);
	l->counts.verified += code == RC_OK;
	l->counts.refused += code == RC_DENIED;
	let_go(l);
}

static void
brake_result(struct login *l, const struct brake_keys *k, int64_t now, enum rc code)
{
	hold(l);
	if (code == RC_OK) {
		/* The address stays: who owns one account must not clear his guesses at others. */
		brake_passed(&l->brake, k->pair);
	} else if (code == RC_DENIED) {
		brake_failed(&l->brake, k->address, now);
		brake_failed(&l->brake, k->pair, now);
		brake_failed(&l->brake, k->name, now);
	}
	let_go(l);
}

/* ---- verifying ---- */

/* What was verified holds while the row is as it was before the slow part. */
static enum rc
still_the_same(struct store *s, int64_t number, int64_t epoch, struct arena *a, struct user *out)
{
	struct user now;
	enum rc code = user_by_number(s, number, a, &now, NULL);
	if (code == RC_NONE || (code == RC_OK && now.epoch != epoch))
		return RC_DENIED;
	if (code == RC_OK)
		*out = now;
	return code;
}

/* In this thread. */
static enum rc
compute_here(struct login *l, struct store *s, const struct verify_ask *ask, struct arena *a,
	struct user *out)
{
	if (!ask->stored.len) {
		password_decoy(ask->secret, l->options.cost);
		return RC_DENIED;
	}
	if (password_check(ask->stored, ask->secret))
		return RC_DENIED;
	return still_the_same(s, ask->user, ask->epoch, a, out);
}

/* Looks at a question that was asked before. */
static enum rc
look(struct login *l, struct store *s, struct verify_wait **wait, struct arena *a, struct user *out)
{
	int64_t user, epoch;
	enum rc code = verify_look(l->verifier, *wait, &user, &epoch);
	if (code == RC_AGAIN)
		return RC_AGAIN;
	verify_drop(l->verifier, take(wait));
	return code ? code : still_the_same(s, user, epoch, a, out);
}

/* One Argon2id computation whatever the name is: a user's, one without password, or nobody's. */
static enum rc
check_password(struct login *l, struct store *s, const struct login_ask *ask, uint64_t address,
	const uint8_t mac[static MAC_SIZE], struct arena *a, struct user *out)
{
	struct user before = {};
	struct span stored = {};
	enum rc code = user_secret(s, ask->credential.name, a, &before, &stored, NULL);
	if (code != RC_OK && code != RC_NONE)
		return code;
	struct verify_ask question = {.user = before.number,
		.epoch = before.epoch,
		.stored = stored,
		.secret = ask->credential.secret,
		.address = address,
		.waker = ask->waker};
	memcpy(question.mac, mac, MAC_SIZE);
	if (!l->verifier)
		code = compute_here(l, s, &question, a, out);
	else
		code = verify_begin(l->verifier, &question, ask->wait);
	if (stored.len)
		secret_wipe((char *)(uintptr_t)stored.ptr, stored.len);
	/* Somebody else's same question may be answered by now. */
	return l->verifier && !code ? look(l, s, ask->wait, a, out) : code;
}

static enum rc
check_digest(struct store *s, const struct credential *c, struct arena *a, struct user *out)
{
	char digest[FINGERPRINT_TEXT];
	int64_t number;
	int kind = c->kind == CREDENTIAL_BEARER ? CREDENTIAL_ROW_TOKEN : CREDENTIAL_ROW_CERT;
	if (c->kind == CREDENTIAL_BEARER) {
		if (!token_is(c->secret))
			return RC_DENIED;
		token_digest(c->secret, digest);
	} else if (fingerprint_parse(c->secret, digest) != RC_OK) {
		return RC_DENIED;
	}
	enum rc code = user_of_credential(s, kind, span_of(digest), &number, NULL);
	if (code == RC_OK)
		code = user_by_number(s, number, a, out, NULL);
	return code == RC_NONE ? RC_DENIED : code;
}

/* Us to wait, 0: go on. What was verified before passes the brake: guessing must not stop a partner. */
static int64_t
held_back(struct login *l, const struct brake_keys *keys, int64_t now)
{
	hold(l);
	int64_t wait = braked(l, keys, now);
	l->counts.braked += wait > 0;
	let_go(l);
	return wait;
}

static enum rc
login_basic(struct login *l, struct store *s, const struct login_ask *ask, struct arena *a,
	struct user *out, int64_t *wait)
{
	struct brake_keys keys = brake_keys(l, ask);
	uint8_t mac[MAC_SIZE];
	enum rc code;
	*wait = 0;
	mac_of_pair(l, &ask->credential, mac);
	if (ask->wait && *ask->wait) {
		code = look(l, s, ask->wait, a, out);
	} else {
		code = check_remembered(l, s, mac, ask->now, a, out);
		if (code != RC_NONE) {
			hold(l);
			l->counts.remembered += code == RC_OK;
			let_go(l);
			return code;
		}
		if ((*wait = held_back(l, &keys, ask->now)) > 0)
			return RC_AGAIN;
		code = check_password(l, s, ask, keys.address, mac, a, out);
		*wait = code == RC_AGAIN ? SECOND : 0;
	}
	if (code == RC_OK)
		remember(l, mac, out, ask->now);
	brake_result(l, &keys, ask->now, code);
	count_result(l, code);
	return code;
}

void
login_drop(struct login *l, struct verify_wait *wait)
{
	if (wait)
		verify_drop(l->verifier, wait);
}

enum rc
login_check(struct login *l, struct store *s, const struct login_ask *ask, struct arena *a,
	struct user *out, int64_t *wait)
{
	if (ask->credential.kind == CREDENTIAL_NONE)
		return RC_DENIED;
	if (ask->credential.kind == CREDENTIAL_BASIC)
		return login_basic(l, s, ask, a, out, wait);
	/* Nobody guesses 256 bits: no brake, so that one bad client behind a proxy stops no other.
	 */
	enum rc code = check_digest(s, &ask->credential, a, out);
	count_result(l, code);
	return code;
}

struct login_counts
login_counts(struct login *l)
{
	hold(l);
	struct login_counts counts = l->counts;
	let_go(l);
	return counts;
}
