#include "memo/brake.h"

#include "base/clock.h"

static const int64_t forget = 600 * SECOND;

/* A clock that went back counts as no time passed. */
static int64_t
since(const struct brake_place *p, int64_t now)
{
	return now > p->last ? now - p->last : 0;
}

int64_t
brake_wait(const struct brake *b, uint64_t key, struct brake_rule rule, int64_t now)
{
	const struct brake_place *p = &b->place[key % BRAKE_PLACES];
	int64_t gone = since(p, now);
	if (p->failures <= rule.free || gone >= forget)
		return 0;
	uint32_t over = p->failures - rule.free - 1;
	int64_t wait = over < 20 ? SECOND << over : rule.most;
	if (wait > rule.most)
		wait = rule.most;
	return gone < wait ? wait - gone : 0;
}

void
brake_failed(struct brake *b, uint64_t key, int64_t now)
{
	struct brake_place *p = &b->place[key % BRAKE_PLACES];
	if (since(p, now) >= forget)
		p->failures = 0;
	if (p->failures < UINT32_MAX)
		p->failures++;
	p->last = now;
}

void
brake_passed(struct brake *b, uint64_t key)
{
	b->place[key % BRAKE_PLACES].failures = 0;
}
