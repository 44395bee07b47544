#include "keys/password.h"

#include <sodium.h>
#include <string.h>

#include "base/must.h"

_Static_assert(PASSWORD_TEXT >= crypto_pwhash_STRBYTES, "room for an Argon2id string");

static const struct password_cost highest = {16, (size_t)1 << 30};

struct password_cost
password_cost_default(void)
{
	return (struct password_cost){3, (size_t)32 << 20};
}

struct password_cost
password_cost_least(void)
{
	return (struct password_cost){
		crypto_pwhash_argon2id_OPSLIMIT_MIN, crypto_pwhash_argon2id_MEMLIMIT_MIN};
}

enum rc
password_hash(struct span password, struct password_cost cost, char out[static PASSWORD_TEXT],
	struct diag *why)
{
	char text[crypto_pwhash_STRBYTES];
	must(sodium_init() >= 0);
	must(cost.passes >= 1 && cost.passes <= highest.passes);
	must(cost.memory >= crypto_pwhash_argon2id_MEMLIMIT_MIN && cost.memory <= highest.memory);
	if (password.len == 0 || password.len > PASSWORD_LONGEST)
		return diag_fail(why, RC_LIMIT, "a password has 1 to %d bytes", PASSWORD_LONGEST);
	if (crypto_pwhash_str_alg(text, password.ptr, password.len, cost.passes, cost.memory,
		    crypto_pwhash_ALG_ARGON2ID13) != 0)
		return diag_fail(why, RC_AGAIN, "no memory for the password hash");
	memcpy(out, text, sizeof text);
	return RC_OK;
}

/*
 * "$argon2id$v=19$m=KIB,t=PASSES,p=1$...": the cost, when it is one that we would spend. A database
 * that somebody altered must not make a login take a terabyte.
 */
static enum rc
stored_cost(struct span stored, struct password_cost *out)
{
	struct span rest = stored, piece, part;
	uint64_t memory, passes;
	if (stored.len >= PASSWORD_TEXT || !span_starts(stored, SPAN("$argon2id$v=19$m=")))
		return RC_BAD;
	rest = span_sub(stored, SPAN("$argon2id$v=19$").len, SIZE_MAX);
	if (!span_cut(&rest, '$', &piece))
		return RC_BAD;
	if (!span_cut(&piece, ',', &part) || !span_starts(part, SPAN("m=")) ||
		!span_to_u64(span_sub(part, 2, SIZE_MAX), &memory))
		return RC_BAD;
	if (!piece.ptr || !span_cut(&piece, ',', &part) || !span_starts(part, SPAN("t=")) ||
		!span_to_u64(span_sub(part, 2, SIZE_MAX), &passes))
		return RC_BAD;
	if (!piece.ptr || !span_eq(piece, SPAN("p=1")) || memory > highest.memory / 1024 ||
		passes > highest.passes)
		return RC_BAD;
	*out = (struct password_cost){passes, (size_t)memory * 1024};
	return RC_OK;
}

enum rc
password_check(struct span stored, struct span password)
{
	struct password_cost cost;
	char text[PASSWORD_TEXT];
	must(sodium_init() >= 0);
	if (stored_cost(stored, &cost) != RC_OK)
		return RC_BAD;
	if (password.len == 0 || password.len > PASSWORD_LONGEST)
		return RC_DENIED;
	span_copy(stored, text, sizeof text);
	return crypto_pwhash_str_verify(text, password.ptr, password.len) == 0 ? RC_OK : RC_DENIED;
}

void
password_decoy(struct span password, struct password_cost cost)
{
	static const unsigned char salt[crypto_pwhash_SALTBYTES] = "no such user";
	unsigned char hash[32];
	must(sodium_init() >= 0);
	if (password.len == 0 || password.len > PASSWORD_LONGEST)
		return;
	/* Out of memory is as good as wrong: nothing is learnt from the result. */
	if (crypto_pwhash(hash, sizeof hash, password.ptr, password.len, salt, cost.passes,
		    cost.memory, crypto_pwhash_ALG_ARGON2ID13) != 0)
		return;
	sodium_memzero(hash, sizeof hash);
}

bool
password_is_stale(struct span stored, struct password_cost cost)
{
	struct password_cost made;
	if (stored_cost(stored, &made) != RC_OK)
		return true;
	return made.passes != cost.passes || made.memory != cost.memory / 1024 * 1024;
}

enum rc
password_fit(struct span password, struct diag *why)
{
	if (password.len < PASSWORD_SHORTEST || password.len > PASSWORD_LONGEST) {
		diag_todo(
			why, "a sentence of four or five words is easy to keep and hard to guess");
		return diag_fail(why, RC_BAD, "a password has %d to %d bytes", PASSWORD_SHORTEST,
			PASSWORD_LONGEST);
	}
	if (!span_is_utf8(password))
		return diag_fail(why, RC_BAD, "the password is not UTF-8");
	for (size_t i = 0; i < password.len; i++)
		if ((unsigned char)password.ptr[i] < 0x20 || password.ptr[i] == 0x7f)
			return diag_fail(why, RC_BAD, "the password has a control character");
	return RC_OK;
}
