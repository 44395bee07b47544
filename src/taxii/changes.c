/* POST, DELETE and status: TAXII 2.1 sections 4.3, 5.5 and 5.7. */
#include <stdio.h>

#include "base/mutant.h"
#include "taxii/envelope.h"
#include "taxii/media.h"
#include "taxii/server-internal.h"

/* Hands call->write over, or asks how far it is. RC_AGAIN: wait. */
static enum rc
hand_over(struct taxii_server *s, struct taxii_call *call, struct diag *why)
{
	int64_t now = clock_monotonic();
	if (!call->writing)
		call->wait_until = now + (int64_t)s->config.write_seconds * SECOND;
	enum rc code = s->config.ops.write(s->config.ops.ctx, &call->write, why);
	call->writing = code == RC_AGAIN;
	if (code == RC_AGAIN && now >= call->wait_until) {
		s->config.ops.drop(s->config.ops.ctx, &call->write);
		call->writing = false;
		return RC_LIMIT;
	}
	return code;
}

static enum rc
status_body(
	struct taxii_reader *r, struct taxii_call *call, const struct uuid *id, struct diag *why)
{
	struct vault_status status;
	struct span owner = call_owner(call);
	if (mutant(430))
		owner = (struct span){};
	enum rc code = vault_status_get(r->vault, id, owner, &call->mem, &status, why);
	return code ? code : encode_status(&call->body, &status);
}

enum taxii_next
serve_status(struct taxii_server *s, struct taxii_reader *r, struct taxii_call *call)
{
	struct diag why = {};
	struct uuid id;
	(void)s;
	if (uuid_parse(call->route.status, &id))
		return answer_absent(call);
	enum rc code = status_body(r, call, &id, &why);
	if (code == RC_NONE)
		return answer_absent(call);
	return code ? answer_failure(call, code) : answer_ok(call, 200);
}

/* What can be said of a body without judging its objects. 0: take it. */
static unsigned
refuse_body(struct taxii_server *s, struct taxii_call *call, struct diag *why)
{
	const struct taxii_request *q = &call->request;
	if (q->body.len > s->config.max_content && !mutant(120)) {
		diag_what(why, "%zu bytes, at most %llu", q->body.len,
			(unsigned long long)s->config.max_content);
		return 413;
	}
	if (media_body(q->content_type, why))
		return 415;
	struct span coding = span_trim(q->content_encoding);
	if (coding.len && !span_eq_fold(coding, SPAN("identity")) && !mutant(63)) {
		answer_header(call, "Accept-Encoding", "identity"); /* RFC 9110 section 12.5.3 */
		diag_what(why, "Content-Encoding is not understood here");
		diag_todo(why, "send the body without compression");
		return 415;
	}
	*why = (struct diag){};
	enum rc code = envelope_check(q->body, &call->write.objects, why);
	if (mutant(121) && code)
		return 202;
	return code == RC_LIMIT ? 422 : code ? 400 : 0;
}

enum taxii_next
serve_post(struct taxii_server *s, struct taxii_reader *r, struct taxii_call *call,
	const struct vault_collection *c)
{
	struct diag why = {};
	if (!call->writing) {
		call->write = (struct taxii_write){
			.kind = TAXII_POST, .exchange = call->request.exchange};
		unsigned refused = refuse_body(s, call, &why);
		if (refused)
			return answer_diag(call, refused, &why);
		call->write.user = call->user;
		call->write.collection = c->number;
		call->write.body = call->request.body;
		if (!mutant(182))
			call->write.status = uuid_v4(s->config.chance);
		call->write.owner = call_owner(call);
		call->write.received = clock_now(s->config.clock);
	}
	enum rc code = hand_over(s, call, &why);
	if (code == RC_AGAIN)
		return TAXII_WAIT;
	if (code == RC_NONE)
		return answer_absent(call);
	if (code)
		return answer_unwritten(call, code);
	code = status_body(r, call, &call->write.status, &why);
	call->objects = call->write.objects;
	return code ? answer_failure(call, code) : answer_ok(call, mutant(420) ? 200 : 202);
}

static enum rc
visible(struct taxii_server *s, struct taxii_reader *r, struct taxii_call *call,
	const struct vault_collection *c, struct diag *why)
{
	enum rc code = call_pass(s, call, c, why);
	return code ? code : call_sees(r, call, c, (struct instants){}, why);
}

/* Which versions DELETE takes: all, or those its filters pick. */
static void
delete_filter(struct taxii_call *call)
{
	const struct query *q = &call->query;
	unsigned *specs = arena_new(&call->mem, (q->specs.count + 1) * sizeof *specs);
	size_t count = 0;
	for (size_t i = 0; i < q->specs.count; i++)
		specs[count++] = span_eq(q->specs.at[i], SPAN("2.0"))	? VAULT_SPEC_2_0
				 : span_eq(q->specs.at[i], SPAN("2.1")) ? VAULT_SPEC_2_1
									: 0;
	call->write.filter = (struct vault_filter){
		.specs = specs,
		.spec_count = count,
		.at = q->versions,
		.at_count = q->version_count,
		.which = (q->first ? VAULT_FIRST : 0) | (q->last && q->versioned ? VAULT_LAST : 0) |
			 (q->all ? VAULT_ALL : 0),
	};
	if (mutant(411))
		call->write.filter = (struct vault_filter){};
}

enum taxii_next
serve_delete(struct taxii_server *s, struct taxii_reader *r, struct taxii_call *call,
	const struct vault_collection *c)
{
	struct diag why = {};
	if (!call->writing) {
		enum rc seen = visible(s, r, call, c, &why);
		if (seen == RC_AGAIN)
			return await_pass(s, call);
		if (seen == RC_NONE || seen == RC_DENIED)
			return answer_absent(call);
		if (seen)
			return answer_failure(call, seen);
		call->write = (struct taxii_write){
			.kind = TAXII_DELETE,
			.exchange = call->request.exchange,
			.user = call->user,
			.collection = c->number,
			.object = call->route.object,
		};
		delete_filter(call);
	}
	enum rc code = mutant(410) ? RC_OK : hand_over(s, call, &why);
	if (code == RC_AGAIN)
		return TAXII_WAIT;
	if (code == RC_NONE)
		return answer_absent(call);
	return code ? answer_unwritten(call, code) : answer_ok(call, mutant(412) ? 204 : 200);
}
