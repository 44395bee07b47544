/* Versions as bytes in a file: written once, and stood upon while only little of them changes. */
#include <stdlib.h>
#include <string.h>

#include "base/must.h"
#include "base/own.h"
#include "node/versions-internal.h"

enum { FORMAT = 1 };

/* ---- standing on them ---- */

struct seen
versions_row(const struct versions *v, uint64_t row)
{
	const struct packed_row *r = &v->base[row];
	/* A collection that is none holds nothing. */
	bool known = r->collection < v->base_collections;
	return (struct seen){.uuid = r->uuid,
		.added = versions_number(r->added),
		.version = versions_number(r->version),
		.collection = known ? v->base_collection[r->collection].number : 0,
		.spec = r->spec,
		.permitted = r->bits & ROW_PERMITTED,
		.in_force = r->bits & ROW_IN_FORCE};
}

/* First place in the order whose object is not before this one. */
static uint64_t
find_row(const struct versions *v, const struct uuid *uuid)
{
	uint64_t low = 0, high = v->base_rows;
	while (low < high) {
		uint64_t middle = low + (high - low) / 2;
		uint32_t row = v->base_order[middle];
		if (row < v->base_rows && memcmp(&v->base[row].uuid, uuid, sizeof *uuid) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static const struct packed_remark *
find_remark(const struct versions *v, const struct uuid *uuid)
{
	uint64_t low = 0, high = v->base_remarks;
	while (low < high) {
		uint64_t middle = low + (high - low) / 2;
		if (memcmp(&v->base_remark[middle].uuid, uuid, sizeof *uuid) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	bool there =
		low < v->base_remarks && memcmp(&v->base_remark[low].uuid, uuid, sizeof *uuid) == 0;
	return there ? &v->base_remark[low] : NULL;
}

void
versions_lift(struct versions *v, const struct uuid *uuid)
{
	for (uint64_t at = find_row(v, uuid); at < v->base_rows; at++) {
		uint32_t row = v->base_order[at];
		if (row >= v->base_rows || versions_is_lifted(v, row) ||
			memcmp(&v->base[row].uuid, uuid, sizeof *uuid) != 0)
			return;
		struct seen s = versions_row(v, row);
		const struct packed_remark *said =
			v->base[row].bits & ROW_REMARK ? find_remark(v, uuid) : NULL;
		if (said && s.in_force) {
			*vec_add(&v->remarks) = said->said;
			s.remark = (uint32_t)v->remarks.len;
		}
		v->lifted[row / 64] |= UINT64_C(1) << row % 64;
		versions_put(v, &s);
	}
}

/* The whole of one kind of record, of bytes that are left. */
static bool
take_records(struct span *left, uint64_t count, size_t width, const void **out)
{
	if (count > left->len / width)
		return false;
	*out = left->ptr;
	*left = span_sub(*left, count * width, SIZE_MAX);
	return true;
}

static bool
take_all(struct versions *v, struct span bytes)
{
	struct packed_head head;
	const void *collections, *remarks, *rows, *order;
	if (bytes.len < sizeof head)
		return false;
	memcpy(&head, bytes.ptr, sizeof head);
	bytes = span_sub(bytes, sizeof head, SIZE_MAX);
	if (head.format != FORMAT || head.collections > UINT16_MAX || head.rows > UINT32_MAX - 1 ||
		!take_records(&bytes, head.collections, sizeof *v->base_collection, &collections) ||
		!take_records(&bytes, head.remarks, sizeof *v->base_remark, &remarks) ||
		!take_records(&bytes, head.rows, sizeof *v->base, &rows) ||
		!take_records(&bytes, head.rows, sizeof *v->base_order, &order) || bytes.len)
		return false;
	v->base_collection = collections;
	v->base_remark = remarks;
	v->base = rows;
	v->base_order = order;
	v->base_collections = head.collections;
	v->base_remarks = head.remarks;
	v->base_rows = head.rows;
	memcpy(v->sums, head.sums, sizeof v->sums);
	return true;
}

enum rc
versions_unpack(struct span bytes, struct versions **out)
{
	struct versions *v = versions_new();
	uint64_t rows = 0;
	bool sound = (uintptr_t)bytes.ptr % 8 == 0 && take_all(v, bytes);
	for (uint32_t i = 0; sound && i < v->base_collections; i++) {
		const struct packed_collection c = v->base_collection[i];
		sound = c.first == rows && c.count <= v->base_rows - rows && c.number;
		rows += c.count;
		*vec_add(&v->prints) = (struct print){c.number, {c.count, c.sum}};
	}
	if (!sound || rows != v->base_rows) {
		versions_free(v);
		return RC_BAD;
	}
	v->lifted = mem_new((v->base_rows / 64 + 1) * sizeof *v->lifted);
	*out = v;
	return RC_OK;
}

/* Rows of one collection, ascending; each remark is of one that is in force. */
static bool
is_sound(const struct versions *v, uint32_t c, uint64_t *remarks)
{
	const struct packed_collection *all = &v->base_collection[c];
	uint64_t sum = 0;
	for (uint64_t i = all->first; i < all->first + all->count; i++) {
		const struct packed_row *row = &v->base[i];
		int64_t added = versions_number(row->added);
		sum += vault_print_of(added);
		if (row->collection != c ||
			(i > all->first && added <= versions_number(v->base[i - 1].added)))
			return false;
		if (!(row->bits & ROW_REMARK))
			continue;
		++*remarks;
		if (!(row->bits & ROW_IN_FORCE) || !find_remark(v, &row->uuid))
			return false;
	}
	return all->count && sum == all->sum && (!c || all->number > all[-1].number);
}

/* Each row once, by its object, and of an object's rows one in force at most. */
static bool
is_ordered(const struct versions *v)
{
	own_mem uint64_t *there = mem_new((v->base_rows / 64 + 1) * sizeof *there);
	const struct packed_row *before = NULL;
	bool in_force = false;
	for (uint64_t i = 0; i < v->base_rows; i++) {
		uint32_t at = v->base_order[i];
		if (at >= v->base_rows || there[at / 64] >> at % 64 & 1)
			return false;
		const struct packed_row *row = &v->base[at];
		int order = before ? memcmp(&before->uuid, &row->uuid, sizeof row->uuid) : -1;
		in_force &= order == 0;
		if (order > 0 || (in_force && row->bits & ROW_IN_FORCE))
			return false;
		in_force |= (row->bits & ROW_IN_FORCE) != 0;
		there[at / 64] |= UINT64_C(1) << at % 64;
		before = row;
	}
	return true;
}

enum rc
versions_verify(const struct versions *v)
{
	uint64_t remarks = 0;
	for (uint32_t c = 0; c < v->base_collections; c++)
		if (!is_sound(v, c, &remarks))
			return RC_BAD;
	for (uint64_t i = 1; i < v->base_remarks; i++)
		if (memcmp(&v->base_remark[i - 1].uuid, &v->base_remark[i].uuid,
			    sizeof(struct uuid)) >= 0)
			return RC_BAD;
	return remarks == v->base_remarks && is_ordered(v) ? RC_OK : RC_BAD;
}

/* ---- writing them ---- */

struct packing {
	const struct versions *v;
	vec_of(struct packed_collection) collections;
	vec_of(struct packed_remark) remarks;
	struct packed_row *row;
	size_t rows;
};

static int
row_order(const void *a, const void *b)
{
	const struct packed_row *x = a, *y = b;
	if (x->collection != y->collection)
		return x->collection < y->collection ? -1 : 1;
	int64_t one = versions_number(x->added), two = versions_number(y->added);
	return one < two ? -1 : one > two;
}

static int
remark_order(const void *a, const void *b)
{
	const struct packed_remark *x = a, *y = b;
	return memcmp(&x->uuid, &y->uuid, sizeof x->uuid);
}

static uint16_t
collection_index(const struct packing *p, uint32_t number)
{
	for (size_t i = 0; i < p->collections.len; i++)
		if (p->collections.at[i].number == number)
			return (uint16_t)i;
	must(!"a row of no collection");
}

static void
add_row(struct packing *p, const struct seen *s)
{
	unsigned bits = (s->permitted ? ROW_PERMITTED : 0U) | (s->in_force ? ROW_IN_FORCE : 0U) |
			(s->remark ? ROW_REMARK : 0U);
	p->row[p->rows++] = (struct packed_row){.uuid = s->uuid,
		.added = {(uint32_t)s->added, (uint32_t)((uint64_t)s->added >> 32)},
		.version = {(uint32_t)s->version, (uint32_t)((uint64_t)s->version >> 32)},
		.collection = collection_index(p, s->collection),
		.spec = s->spec,
		.bits = (uint8_t)bits};
	if (s->remark)
		*vec_add(&p->remarks) = (struct packed_remark){.uuid = s->uuid,
			.added = s->added,
			.collection = s->collection,
			.said = p->v->remarks.at[s->remark - 1]};
}

/* Rows that were not lifted, of collections that are still there; then those of the heap. */
static void
add_rows(struct packing *p)
{
	const struct versions *v = p->v;
	for (uint64_t i = 0; i < v->base_rows; i++) {
		if (versions_is_lifted(v, i))
			continue;
		struct seen s = versions_row(v, i);
		if (!versions_print(v, s.collection).count)
			continue;
		add_row(p, &s);
		if (!(v->base[i].bits & ROW_REMARK))
			continue;
		const struct packed_remark *said = find_remark(v, &s.uuid);
		if (said) {
			*vec_add(&p->remarks) = *said;
			p->row[p->rows - 1].bits |= ROW_REMARK;
		}
	}
	for (size_t i = 0; i < v->seen.len; i++)
		if (!v->seen.at[i].gone && versions_print(v, v->seen.at[i].collection).count)
			add_row(p, &v->seen.at[i]);
}

static enum rc
add_collections(struct packing *p)
{
	for (uint32_t number = 0; (number = versions_collection(p->v, number));) {
		struct vault_print print = versions_print(p->v, number);
		if (p->collections.len == UINT16_MAX)
			return RC_LIMIT;
		*vec_add(&p->collections) = (struct packed_collection){
			.number = number, .count = print.count, .sum = print.sum};
	}
	for (size_t i = 1; i < p->collections.len; i++)
		p->collections.at[i].first =
			p->collections.at[i - 1].first + p->collections.at[i - 1].count;
	return RC_OK;
}

struct place {
	struct uuid uuid;
	uint32_t row;
};

static int
place_order(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	int order = memcmp(&x->uuid, &y->uuid, sizeof x->uuid);
	return order ? order : x->row < y->row ? -1 : x->row > y->row;
}

static void
add_order(const struct packing *p, struct buf *out)
{
	struct place *place = mem_grow(NULL, p->rows + 1, sizeof *place);
	for (size_t i = 0; i < p->rows; i++)
		place[i] = (struct place){p->row[i].uuid, (uint32_t)i};
	qsort(place, p->rows, sizeof *place, place_order);
	for (size_t i = 0; i < p->rows; i++)
		buf_add(out, (struct span){(const char *)&place[i].row, sizeof place[i].row});
	free(place);
}

static void
add_bytes(struct buf *out, const void *at, size_t count, size_t width)
{
	if (count)
		buf_add(out, (struct span){at, count * width});
}

enum rc
versions_pack(const struct versions *v, struct buf *out)
{
	struct packing p = {.v = v};
	enum rc code = add_collections(&p);
	if (!code && versions_count(v) >= UINT32_MAX - 1)
		code = RC_LIMIT;
	if (!code) {
		p.row = mem_grow(NULL, v->base_rows + v->seen.len + 1, sizeof *p.row);
		add_rows(&p);
		qsort(p.row, p.rows, sizeof *p.row, row_order);
		if (p.remarks.len)
			qsort(p.remarks.at, p.remarks.len, sizeof *p.remarks.at, remark_order);
		struct packed_head head = {.format = FORMAT,
			.collections = (uint32_t)p.collections.len,
			.rows = p.rows,
			.remarks = p.remarks.len};
		memcpy(head.sums, v->sums, sizeof head.sums);
		add_bytes(out, &head, 1, sizeof head);
		add_bytes(out, p.collections.at, p.collections.len, sizeof *p.collections.at);
		add_bytes(out, p.remarks.at, p.remarks.len, sizeof *p.remarks.at);
		add_bytes(out, p.row, p.rows, sizeof *p.row);
		add_order(&p, out);
	}
	free(p.row);
	free(p.collections.at);
	free(p.remarks.at);
	return code;
}
