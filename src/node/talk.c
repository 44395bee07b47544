#include "node/talk.h"

#include <string.h>

void
talk_diag(struct buf *out, const struct diag *why)
{
	pack_span(out, span_of(why->where));
	pack_span(out, span_of(why->what));
	pack_span(out, span_of(why->todo));
}

void
talk_diag_read(struct unpack *u, struct diag *why)
{
	span_copy(unpack_span(u), why->where, sizeof why->where);
	span_copy(unpack_span(u), why->what, sizeof why->what);
	span_copy(unpack_span(u), why->todo, sizeof why->todo);
}

void
talk_ask_pack(const struct release_ask *ask, struct buf *out)
{
	pack_number(out, ask->to.kind);
	pack_span(out, ask->to.name);
	pack_span(out, ask->from.id);
	pack_span(out, ask->from.alias);
	pack_number(out, ask->from.never_leaves);
	pack_number(out, ask->action);
	pack_number(out, (uint64_t)ask->now);
}

enum rc
talk_ask_unpack(struct span payload, struct release_ask *out)
{
	struct unpack u = {payload, false};
	struct release_ask ask = {};
	uint64_t kind = unpack_number(&u);
	ask.to.name = unpack_span(&u);
	ask.from.id = unpack_span(&u);
	ask.from.alias = unpack_span(&u);
	ask.from.never_leaves = unpack_number(&u) != 0;
	uint64_t action = unpack_number(&u);
	ask.now = (int64_t)unpack_number(&u);
	if (!unpack_done(&u) || kind > READER_PUBLIC || action > GATE_KEEP)
		return RC_BAD;
	ask.to.kind = (enum reader_kind)kind;
	ask.action = (enum gate_action)action;
	*out = ask;
	return RC_OK;
}

enum rc
talk_write_pack(const struct taxii_write *w, struct buf *out)
{
	const struct talk_write *limits = NULL;
	const struct vault_filter *f = &w->filter;
	if (f->spec_count > sizeof limits->specs / sizeof limits->specs[0] ||
		f->at_count > sizeof limits->at / sizeof limits->at[0])
		return RC_LIMIT;
	pack_number(out, w->kind);
	pack_span(out, w->user.name);
	pack_number(out, w->collection);
	pack_span(out, w->body);
	pack_number(out, w->objects);
	pack_span(out, (struct span){(const char *)w->status.byte, sizeof w->status.byte});
	pack_span(out, w->owner);
	pack_number(out, (uint64_t)w->received);
	pack_span(out, w->object);
	pack_number(out, f->spec_count);
	for (size_t i = 0; i < f->spec_count; i++)
		pack_number(out, f->specs[i]);
	pack_number(out, f->at_count);
	for (size_t i = 0; i < f->at_count; i++)
		pack_number(out, (uint64_t)f->at[i]);
	pack_number(out, f->which);
	return RC_OK;
}

enum rc
talk_write_unpack(struct span payload, struct talk_write *out)
{
	struct unpack u = {payload, false};
	struct talk_write w = {};
	uint64_t kind = unpack_number(&u);
	w.user = unpack_span(&u);
	w.collection = (uint32_t)unpack_number(&u);
	w.body = unpack_span(&u);
	w.objects = unpack_number(&u);
	struct span status = unpack_span(&u);
	w.owner = unpack_span(&u);
	w.received = (int64_t)unpack_number(&u);
	w.object = unpack_span(&u);
	w.spec_count = unpack_number(&u);
	if (w.spec_count > sizeof w.specs / sizeof w.specs[0])
		return RC_BAD;
	for (size_t i = 0; i < w.spec_count; i++)
		w.specs[i] = (unsigned)unpack_number(&u);
	w.at_count = unpack_number(&u);
	if (w.at_count > sizeof w.at / sizeof w.at[0])
		return RC_BAD;
	for (size_t i = 0; i < w.at_count; i++)
		w.at[i] = (int64_t)unpack_number(&u);
	w.which = (unsigned)unpack_number(&u);
	if (!unpack_done(&u) || kind > TAXII_DELETE || status.len != sizeof w.status.byte)
		return RC_BAD;
	w.kind = (enum taxii_write_kind)kind;
	memcpy(w.status.byte, status.ptr, sizeof w.status.byte);
	*out = w;
	return RC_OK;
}
