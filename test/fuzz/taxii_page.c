#include <stdlib.h>
#include <string.h>

#include "taxii/find.h"
#include "taxii/pull.h"
#include "taxii/push.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t seed = 1;

/* The client's side: a hostile server's page, its stamp (first line), its lists, its status. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = {(const char *)data, size}, line = text;
	size_t end = span_find_byte(text, '\n');
	if (end != SIZE_MAX) {
		line = span_sub(text, 0, end);
		text = span_sub(text, end + 1, SIZE_MAX);
	}
	struct diag why = {};
	const struct reply r = {.status = 200, .body = text, .date_last = line, .applied = line};
	struct pull p;
	struct pull_turn turn;
	const struct pull_config config = {
		.url = SPAN("https://h/"), .every = SECOND, .wait = 5, .chance = rng_seeded(&seed)};
	pull_init(&p, &config, NULL);
	for (int i = 0; i < 3; i++) {
		struct ask ask;
		pull_ask(&p, &ask);
		pull_take(&p, &r, &turn, &why);
		if (turn.count &&
			(turn.objects.ptr < text.ptr ||
				turn.objects.ptr + turn.objects.len > text.ptr + text.len))
			abort();
		if (turn.sleep < 0 || turn.sleep > INT64_C(86401) * SECOND)
			abort();
	}
	pull_fini(&p);
	struct find f;
	enum rc code;
	if (find_init(&f, SPAN("https://h/taxii2/"), line, &why) == RC_OK)
		for (int i = 0; i < 6 && find_take(&f, &r, &code, &why) == FIND_ASK; i++) {
			struct ask ask;
			find_ask(&f, &ask);
			if (!span_starts(ask.url, SPAN("https://h/")))
				abort();
		}
	find_fini(&f);
	struct push_item items[2] = {
		{.id = line, .text = SPAN("{}")}, {.id = SPAN("a--1"), .text = SPAN("{\"x\":1}")}};
	struct push push;
	const struct push_config pc = {.objects_url = SPAN("https://h/o/"),
		.root_url = SPAN("https://h/"),
		.chance = rng_seeded(&seed)};
	push_init(&push, &pc, items, 2);
	for (int i = 0; i < 20; i++) {
		struct ask ask;
		struct push_turn pt;
		push_ask(&push, &ask);
		if (push_take(&push, &r, &pt, &why) == PUSH_DONE)
			break;
	}
	push_fini(&push);
	return 0;
}
