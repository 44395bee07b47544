#pragma once
/* A database with this module's tables in a folder of its own, for one test; see open_fixture. */
#include "../test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "memo/grant.h"
#include "memo/login.h"
#include "memo/release.h"
#include "memo/role.h"
#include "memo/user.h"

#define COLLECTION "0c7c3c0a-38f5-4c3a-9df5-1d0f4f2f6a01"
#define OTHER_COLLECTION "0c7c3c0a-38f5-4c3a-9df5-1d0f4f2f6a02"

static const int64_t noon = INT64_C(1800000000) * SECOND;
static const struct store_schema *const fixture_schemas[] = {&memo_schema, NULL};

struct fixture {
	char folder[32], path[64];
	struct store *s;
	struct arena a;
};

static inline struct store *
fixture_store(const struct fixture *f, enum store_mode mode)
{
	struct store *s = NULL;
	struct diag why = {};
	struct store_options options = {.path = f->path, .mode = mode, .schemas = fixture_schemas};
	enum rc code = store_open(&options, &s, &why);
	if (code != RC_OK)
		print_message("# %s\n", why.what);
	assert_rc(code, RC_OK);
	return s;
}

static inline int
open_fixture(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	snprintf(f->folder, sizeof f->folder, "/tmp/tocsin-memo-XXXXXX");
	if (!f || !mkdtemp(f->folder))
		return -1;
	snprintf(f->path, sizeof f->path, "%s/db", f->folder);
	f->s = fixture_store(f, STORE_CREATE);
	*state = f;
	return 0;
}

static inline int
close_fixture(void **state)
{
	static const char *const ends[] = {"", "-wal", "-shm"};
	struct fixture *f = *state;
	char path[80];
	store_close(&f->s);
	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof path, "%s%s", f->path, ends[i]);
		unlink(path);
	}
	rmdir(f->folder);
	arena_fini(&f->a);
	free(f);
	return 0;
}

static inline struct user
add_user(struct fixture *f, const char *name, unsigned roles)
{
	struct user u = {.name = span_of(name), .roles = roles};
	assert_rc(user_add(f->s, clock_system(), &u, NULL), RC_OK);
	return u;
}

#define with_fixture(test) cmocka_unit_test_setup_teardown(test, open_fixture, close_fixture)
