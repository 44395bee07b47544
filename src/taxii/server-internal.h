#pragma once
/* What the files of the server share. Each answer_* ends a call; each serve_* serves one route. */
#include "taxii/server.h"

enum taxii_next answer_error(struct taxii_call *call, unsigned status, struct span description);
/* 404 without a word of what there is: the same bytes for what is absent and what is not yours. */
enum taxii_next answer_absent(struct taxii_call *call);
enum taxii_next answer_diag(struct taxii_call *call, unsigned status, const struct diag *why);
/* For codes of the store and the ops: 503 where the same may succeed later, else 500. */
enum taxii_next answer_failure(struct taxii_call *call, enum rc code);
/* A write failed: a disk that is broken or read-only is no fault of the request, and may be mended. */
enum taxii_next answer_unwritten(struct taxii_call *call, enum rc code);
/* The body is in call->body. */
enum taxii_next answer_ok(struct taxii_call *call, unsigned status);
void answer_header(struct taxii_call *call, const char *name, const char *value);

enum taxii_next serve_pages(struct taxii_server *s, struct taxii_reader *r, struct taxii_call *call,
	const struct vault_collection *c);
enum taxii_next serve_post(struct taxii_server *s, struct taxii_reader *r, struct taxii_call *call,
	const struct vault_collection *c);
enum taxii_next serve_delete(struct taxii_server *s, struct taxii_reader *r,
	struct taxii_call *call, const struct vault_collection *c);
enum taxii_next serve_status(
	struct taxii_server *s, struct taxii_reader *r, struct taxii_call *call);

/* The user in a form that no later user of the same name shares. */
struct span call_owner(struct taxii_call *call);
/*
 * Makes sure call->pass is one for reading this collection. RC_AGAIN: under way; RC_DENIED: nothing
 * of it is for this reader.
 */
enum rc call_pass(struct taxii_server *s, struct taxii_call *call, const struct vault_collection *c,
	struct diag *why);
/* After RC_AGAIN of call_pass: waits for it, in the end answers 503. */
enum taxii_next await_pass(struct taxii_server *s, struct taxii_call *call);
/*
 * Is any version of the route's object there that the gate lets this reader see, and that is one of
 * those instants where `at` names any? RC_NONE: no.
 */
struct instants {
	const int64_t *at;
	size_t count;
};
enum rc call_sees(struct taxii_reader *r, struct taxii_call *call, const struct vault_collection *c,
	struct instants versions, struct diag *why);
