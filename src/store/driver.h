#pragma once
/*
 * What a database must offer to stand behind store.h: one const struct store_driver a database, all
 * in the table of store.c. `db` and `st` are the driver's own handles, used by one thread at a
 * time. Codes are those of store.h.
 */
#include "store/store.h"

enum store_begin { STORE_BEGIN_READ, STORE_BEGIN_WRITE };

struct store_driver {
	const char *name;
	/* Opens with durability, caches and time-outs set; reads and writes no table. */
	enum rc (*open)(const struct store_options *options, void **db, struct diag *why);
	void (*close)(void *db);
	enum rc (*begin)(void *db, enum store_begin kind, struct diag *why);
	enum rc (*commit)(void *db, struct diag *why);
	void (*rollback)(void *db);
	enum rc (*run)(void *db, const char *sql, struct diag *why);
	enum rc (*prepare)(void *db, const char *sql, void **st, struct diag *why);
	void (*finalize)(void *st);
	/* The driver's number of parameter $N, 0 when the statement has none such. */
	unsigned (*parameter)(void *st, unsigned number);
	/* bytes->ptr NULL binds NULL. */
	void (*bind_i64)(void *st, unsigned parameter, int64_t value);
	void (*bind_text)(void *st, unsigned parameter, struct span text);
	void (*bind_blob)(void *st, unsigned parameter, struct span bytes);
	enum rc (*step)(void *st, struct diag *why);
	void (*reset)(void *st);
	int64_t (*column_i64)(void *st, unsigned column);
	struct span (*column_bytes)(void *st, unsigned column);
	bool (*column_is_null)(void *st, unsigned column);
	int64_t (*changes)(void *db);
	/* A number that differs after a commit of another connection. */
	int64_t (*version)(void *db);
	void (*idle)(void *db);
	/* Copies the database to a new file / another database's content into this one, at once. */
	enum rc (*backup)(void *db, const char *file, struct diag *why);
	enum rc (*replace)(void *db, const char *file, struct diag *why);
	/* Every page and index read and compared; RC_BAD: damaged. */
	enum rc (*verify)(void *db, struct diag *why);
	enum rc (*flush)(void *db, struct diag *why);
	enum rc (*compact)(void *db, struct diag *why);
	/* Suffixes of the path's files, NULL-terminated. */
	const char *const *files;
	/* "explain query plan" in front of a statement, and the column that holds its text. */
	const char *explain;
	unsigned explain_column;
};

extern const struct store_driver store_sqlite;
