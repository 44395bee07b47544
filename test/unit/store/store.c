#include "../test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/own.h"
#include "store/store.h"

static char folder[64], path[128];

static const struct store_step steps_one[] = {
	{"create table fruit(id integer primary key, name text not null)", NULL}};
static const struct store_schema fruit_one = {"fruit", 1, steps_one};
static enum rc
fill(struct store *s, struct diag *why)
{
	return store_run(
		s, "insert into fruit(id, name, colour) values(99, 'made by a step', 'red')", why);
}
static const struct store_step steps_two[] = {
	{"create table fruit(id integer primary key, name text not null)", NULL},
	{"alter table fruit add column colour text", fill},
};
static const struct store_schema fruit_two = {"fruit", 2, steps_two};
static const struct store_step steps_broken[] = {
	{"create table fruit(id integer primary key, name text not null)", NULL},
	{"alter table fruit add column colour text; insert into nowhere values(1)", NULL},
};
static const struct store_schema fruit_broken = {"fruit", 2, steps_broken};
static const struct store_schema *const list_one[] = {&fruit_one, NULL};
static const struct store_schema *const list_two[] = {&fruit_two, NULL};
static const struct store_schema *const list_broken[] = {&fruit_broken, NULL};

static const char sql_put[] = "insert into fruit(id, name) values($2, $1)";
static const char sql_count[] = "select count(*) from fruit";
static const char sql_name[] = "select name from fruit where id = $1";

static int
fresh(void **state)
{
	(void)state;
	snprintf(folder, sizeof folder, "/tmp/tocsin-store-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof path, "%s/t.db", folder);
	return 0;
}

static int
clean(void **state)
{
	(void)state;
	char command[128];
	snprintf(command, sizeof command, "rm -rf %s", folder);
	return system(command);
}

static struct store *
open_as(enum store_mode mode, const struct store_schema *const *schemas)
{
	struct store *s = NULL;
	struct diag why = {};
	struct store_options o = {.path = path, .mode = mode, .schemas = schemas, .busy_ms = 300};
	if (store_open(&o, &s, &why) != RC_OK)
		print_message("# %s: %s\n", why.where, why.what);
	assert_non_null(s);
	return s;
}

static enum rc
put(struct store *s, int64_t id, struct span name)
{
	struct stmt *st;
	enum rc rc = store_sql(s, sql_put, &st, NULL);
	if (rc != RC_OK)
		return rc;
	stmt_bind_text(st, 1, name);
	stmt_bind_i64(st, 2, id);
	return stmt_run(st, NULL);
}

static int64_t
count(struct store *s)
{
	own_stmt struct stmt *st = NULL;
	assert_rc(store_sql(s, sql_count, &st, NULL), RC_OK);
	assert_rc(stmt_step(st, NULL), RC_OK);
	return stmt_i64(st, 0);
}

static void
parameters_are_bound_by_their_number_not_by_first_appearance(void **state)
{
	(void)state;
	own_store struct store *s = open_as(STORE_CREATE, list_one);
	assert_rc(put(s, 7, SPAN("pear")), RC_OK);
	own_stmt struct stmt *st = NULL;
	assert_rc(store_sql(s, sql_name, &st, NULL), RC_OK);
	stmt_bind_i64(st, 1, 7);
	assert_rc(stmt_step(st, NULL), RC_OK);
	assert_span(stmt_bytes(st, 0), "pear");
	assert_rc(stmt_step(st, NULL), RC_NONE);
}

static void
what_is_rolled_back_is_not_there_and_what_is_committed_is(void **state)
{
	(void)state;
	own_store struct store *s = open_as(STORE_CREATE, list_one);
	assert_rc(store_begin(s, NULL), RC_OK);
	assert_rc(put(s, 1, SPAN("a")), RC_OK);
	store_rollback(s);
	assert_int_equal(count(s), 0);
	assert_rc(store_begin(s, NULL), RC_OK);
	assert_rc(put(s, 1, SPAN("a")), RC_OK);
	assert_rc(store_commit(s, NULL), RC_OK);
	own_store struct store *other = open_as(STORE_READ, list_one);
	assert_int_equal(count(other), 1);
	assert_rc(put(s, 1, SPAN("again")), RC_CONFLICT);
	assert_true(put(other, 2, SPAN("b")) != RC_OK);
}

static void
one_writer_at_a_time_holds_the_append_lock(void **state)
{
	(void)state;
	own_store struct store *one = open_as(STORE_CREATE, list_one);
	own_store struct store *two = open_as(STORE_WRITE, list_one);
	struct diag why = {};
	assert_rc(store_begin(one, NULL), RC_OK);
	int64_t before = clock_monotonic();
	assert_rc(store_begin(two, &why), RC_AGAIN);
	int64_t waited = clock_monotonic() - before;
	assert_true(waited >= 250 * 1000 && waited < 20 * SECOND);
	assert_true(strlen(why.todo) > 0);
	assert_rc(store_commit(one, NULL), RC_OK);
	assert_rc(store_begin(two, NULL), RC_OK);
	store_rollback(two);
}

static void
a_snapshot_does_not_see_later_commits(void **state)
{
	(void)state;
	own_store struct store *writer = open_as(STORE_CREATE, list_one);
	own_store struct store *reader = open_as(STORE_READ, list_one);
	assert_rc(store_begin_read(reader, NULL), RC_OK);
	assert_int_equal(count(reader), 0);
	assert_rc(put(writer, 1, SPAN("a")), RC_OK);
	assert_int_equal(count(reader), 0);
	assert_rc(store_commit(reader, NULL), RC_OK);
	assert_int_equal(count(reader), 1);
}

static void
commits_of_others_are_noticed_once(void **state)
{
	(void)state;
	own_store struct store *writer = open_as(STORE_CREATE, list_one);
	own_store struct store *reader = open_as(STORE_READ, list_one);
	assert_true(store_changed(reader));
	assert_false(store_changed(reader));
	assert_rc(put(writer, 1, SPAN("a")), RC_OK);
	assert_true(store_changed(reader));
	assert_false(store_changed(reader));
	store_changed(writer);
	assert_rc(put(writer, 2, SPAN("b")), RC_OK);
	assert_false(store_changed(writer));
}

static void
a_missing_database_and_a_foreign_one_are_told_apart(void **state)
{
	(void)state;
	struct store *s = NULL;
	struct diag why = {};
	struct store_options o = {.path = path, .mode = STORE_WRITE, .schemas = list_one};
	assert_rc(store_open(&o, &s, &why), RC_NONE);
	assert_true(strlen(why.todo) > 0);
	own_fd int fd = open(path, O_CREAT | O_WRONLY, 0600);
	char junk[5000] = "This is no database";
	assert_int_equal(write(fd, junk, sizeof junk), sizeof junk);
	assert_rc(store_open(&o, &s, &why), RC_BAD);
	assert_null(s);
}

static void
a_newer_schema_is_refused_and_an_older_one_waits_for_upgrade(void **state)
{
	(void)state;
	struct store *s = open_as(STORE_CREATE, list_one);
	assert_rc(put(s, 1, SPAN("kept")), RC_OK);
	store_close(&s);
	struct diag why = {};
	struct store_options o = {.path = path, .mode = STORE_CREATE, .schemas = list_two};
	assert_rc(store_open(&o, &s, &why), RC_CONFLICT);
	assert_non_null(strstr(why.todo, "upgrade"));

	char backup[160];
	snprintf(backup, sizeof backup, "%s/before.db", folder);
	assert_rc(store_upgrade(path, backup, list_two, &why), RC_OK);
	assert_rc(store_upgrade(path, backup, list_two, &why), RC_NONE);
	s = open_as(STORE_WRITE, list_two);
	assert_int_equal(count(s), 2);
	store_close(&s);
	o.schemas = list_one;
	assert_rc(store_open(&o, &s, &why), RC_NEWER);
	o.path = backup;
	assert_rc(store_open(&o, &s, &why), RC_OK);
	assert_int_equal(count(s), 1);
	store_close(&s);
}

static void
an_upgrade_that_fails_leaves_everything_as_it_was(void **state)
{
	(void)state;
	struct store *s = open_as(STORE_CREATE, list_one);
	assert_rc(put(s, 1, SPAN("kept")), RC_OK);
	store_close(&s);
	char backup[160];
	snprintf(backup, sizeof backup, "%s/before.db", folder);
	assert_true(store_upgrade(path, backup, list_broken, NULL) != RC_OK);
	s = open_as(STORE_WRITE, list_one);
	assert_int_equal(count(s), 1);
	assert_true(store_run(s, "select colour from fruit", NULL) != RC_OK);
	store_close(&s);
}

static void
backup_and_restore_work_while_others_read_and_write(void **state)
{
	(void)state;
	own_store struct store *writer = open_as(STORE_CREATE, list_one);
	own_store struct store *reader = open_as(STORE_READ, list_one);
	assert_rc(put(writer, 1, SPAN("a")), RC_OK);
	char backup[160];
	snprintf(backup, sizeof backup, "%s/backup.db", folder);
	assert_rc(store_backup(reader, backup, NULL), RC_OK);
	assert_rc(store_backup(reader, backup, NULL), RC_CONFLICT);
	struct stat st;
	assert_int_equal(stat(backup, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_rc(put(writer, 2, SPAN("b")), RC_OK);
	assert_int_equal(count(reader), 2);
	store_changed(reader);
	assert_rc(store_restore(path, backup, list_one, NULL), RC_OK);
	assert_true(store_changed(reader));
	assert_int_equal(count(reader), 1);
	assert_rc(put(writer, 3, SPAN("c")), RC_OK);
	assert_int_equal(count(reader), 2);
	char before[160];
	snprintf(before, sizeof before, "%s.before-restore", path);
	struct store_options o = {.path = before, .mode = STORE_READ, .schemas = list_one};
	own_store struct store *old = NULL;
	assert_rc(store_open(&o, &old, NULL), RC_OK);
	assert_int_equal(count(old), 2);
}

static void
restore_brings_an_older_backup_up_to_date_and_refuses_a_damaged_one(void **state)
{
	(void)state;
	struct store *s = open_as(STORE_CREATE, list_one);
	for (int64_t i = 1000; i < 3000; i++)
		assert_rc(put(s, i, SPAN("some name that takes a little room on its page")), RC_OK);
	char backup[160];
	snprintf(backup, sizeof backup, "%s/backup.db", folder);
	assert_rc(store_backup(s, backup, NULL), RC_OK);
	store_close(&s);
	assert_rc(store_restore(path, backup, list_two, NULL), RC_OK);
	s = open_as(STORE_WRITE, list_two);
	assert_int_equal(count(s), 2001);
	own_fd int fd = open(backup, O_WRONLY);
	char junk[8192];
	memset(junk, 0x5a, sizeof junk);
	assert_int_equal(pwrite(fd, junk, sizeof junk, 3 * 8192), sizeof junk);
	struct diag why = {};
	assert_rc(store_restore(path, backup, list_two, &why), RC_BAD);
	assert_int_equal(count(s), 2001);
	store_close(&s);
}

static void
a_full_database_says_so_and_nothing_is_half_there(void **state)
{
	(void)state;
	own_store struct store *s = open_as(STORE_CREATE, list_one);
	assert_rc(put(s, 1, SPAN("kept")), RC_OK);
	store_close(&s);
	struct store_options o = {
		.path = path, .mode = STORE_WRITE, .schemas = list_one, .max_pages = 12};
	assert_rc(store_open(&o, &s, NULL), RC_OK);
	struct diag why = {};
	static char big[20000];
	memset(big, 'x', sizeof big);
	assert_rc(store_begin(s, NULL), RC_OK);
	enum rc rc = RC_OK;
	for (int64_t i = 2; rc == RC_OK && i < 100; i++) {
		struct stmt *st;
		assert_rc(store_sql(s, sql_put, &st, NULL), RC_OK);
		stmt_bind_text(st, 1, (struct span){big, sizeof big});
		stmt_bind_i64(st, 2, i);
		rc = stmt_run(st, &why);
	}
	assert_rc(rc, RC_FULL);
	assert_non_null(strstr(why.what, "space"));
	store_rollback(s);
	assert_int_equal(count(s), 1);
	assert_rc(put(s, 2, SPAN("small still fits")), RC_OK);
}

int
main(void)
{
#define ONE(name) cmocka_unit_test_setup_teardown(name, fresh, clean)
	const struct CMUnitTest tests[] = {
		ONE(parameters_are_bound_by_their_number_not_by_first_appearance),
		ONE(what_is_rolled_back_is_not_there_and_what_is_committed_is),
		ONE(one_writer_at_a_time_holds_the_append_lock),
		ONE(a_snapshot_does_not_see_later_commits),
		ONE(commits_of_others_are_noticed_once),
		ONE(a_missing_database_and_a_foreign_one_are_told_apart),
		ONE(a_newer_schema_is_refused_and_an_older_one_waits_for_upgrade),
		ONE(an_upgrade_that_fails_leaves_everything_as_it_was),
		ONE(backup_and_restore_work_while_others_read_and_write),
		ONE(restore_brings_an_older_backup_up_to_date_and_refuses_a_damaged_one),
		ONE(a_full_database_says_so_and_nothing_is_half_there),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
