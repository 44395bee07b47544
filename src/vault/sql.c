#include "vault/sql.h"

#include "vault/vault-internal.h"

#define QUARANTINED \
	"number, at, collection, source, reason, id, version, version_at, created, creator, " \
	"facts, " \
	"bytes"

/*
 * Many rows a statement: its cursors stay where the last row went, which is where the next goes. `or fail`:
 * the transaction is rolled back anyhow, so no copy of each page is kept to undo the statement alone.
 */
#define ROW2(a, b) "($" #a ",$" #b ")"
#define ROW6(a, b, c, d, e, f) "($" #a ",$" #b ",$" #c ",$" #d ",$" #e ",$" #f ")"
#define MANY6 \
	ROW6(1, 2, 3, 4, 5, 6) \
	"," ROW6(7, 8, 9, 10, 11, 12) "," ROW6(13, 14, 15, 16, 17, 18) "," ROW6(19, 20, 21, 22, \
		23, \
		24) "," ROW6(25, 26, 27, 28, 29, 30) "," ROW6(31, 32, 33, 34, 35, 36) "," ROW6(37, \
		38, 39, 40, 41, 42) "," ROW6(43, 44, 45, 46, 47, 48) "," ROW6(49, 50, 51, 52, 53, \
		54) "," ROW6(55, 56, 57, 58, 59, 60) "," ROW6(61, 62, 63, 64, 65, 66) "," ROW6(67, \
		68, 69, 70, 71, 72) "," ROW6(73, 74, 75, 76, 77, 78) "," ROW6(79, 80, 81, 82, 83, \
		84) "," ROW6(85, 86, 87, 88, 89, 90) "," ROW6(91, 92, 93, 94, 95, 96)
#define MANY2 \
	ROW2(1, 2) \
	"," ROW2(3, 4) "," ROW2(5, 6) "," ROW2(7, 8) "," ROW2(9, 10) "," ROW2(11, 12) "," ROW2( \
		13, 14) "," ROW2(15, 16) "," ROW2(17, 18) "," ROW2(19, 20) "," ROW2(21, \
		22) "," ROW2(23, 24) "," ROW2(25, 26) "," ROW2(27, 28) "," ROW2(29, \
		30) "," ROW2(31, 32)

const char *const vault_sql[SQL_QUERIES] = {
	[SQL_GROUP] =
		"select " VAULT_ROW " from entry cross join object on object.added = entry.added "
		"where entry.key = $1 order by entry.added",
	[SQL_KEY] = "select 1 from entry where key = $1 limit 1",
	[SQL_SET_LAST] = "update object set last = $1 where added = $2",
	[SQL_INSERT] = "insert into object(added, collection, last, kind, facts, bytes) "
		       "values($1, $2, $3, $4, $5, $6)",
	[SQL_INSERT_MANY] = "insert or fail into object(added, collection, last, kind, facts, "
			    "bytes) values" MANY6,
	[SQL_ENTRY_MANY] = "insert or fail into entry(key, added) values" MANY2,
	[SQL_ENTRY] = "insert into entry(key, added) values($1, $2)",
	[SQL_ENTRY_DELETE] = "delete from entry where key = $1 and added = $2",
	[SQL_OBJECT_DELETE] = "delete from object where added = $1",
	[SQL_BYTES] = "select bytes from object where added = $1",
	[SQL_NEVER_LEAVES] = "select never_leaves from collection where number = $1",
	[SQL_ONE_FACTS] = "select " VAULT_ROW " from object where added = $1",
	[SQL_ONE_BYTES] = "select " VAULT_ROW ", bytes from object where added = $1",
	[SQL_PAGE_FACTS] = "select " VAULT_ROW " from object "
			   "where collection = $1 and last = $2 and added > $3 order by added",
	[SQL_PAGE_BYTES] = "select " VAULT_ROW ", bytes from object "
			   "where collection = $1 and last = $2 and added > $3 order by added",
	[SQL_PAGE_SEND] = "select added, facts, bytes from object "
			  "where collection = $1 and last = $2 and added > $3 order by added",
	/* Over the table itself: half the work a row where most rows are wanted. */
	[SQL_SCAN_SEND] = "select added, facts, bytes, collection, last from object "
			  "where added > $1 order by added",
	[SQL_KIND_FACTS] = "select " VAULT_ROW " from object where collection = $1 and last = $2 "
			   "and added > $3 and kind = $4 order by added",
	[SQL_KIND_BYTES] = "select " VAULT_ROW ", bytes from object where collection = $1 "
			   "and last = $2 and added > $3 and kind = $4 order by added",
	[SQL_COUNT] = "select count(*), sum(last) from object indexed by object_page where "
		      "collection = $1",
	[SQL_PRINT] = "select count(*), sum(added & 4294967295) from object "
		      "where collection = $1 and kind = $2 and last = 1",
	[SQL_STAMPS] = "select added from object where collection = $1 and kind = $2 and last = 1 "
		       "and added > $3 order by added limit $4",
	[SQL_OF_COLLECTION] = "select " VAULT_ROW ", bytes from object indexed by object_page "
			      "where collection = $1 limit $2",
	[SQL_FROM] = "select added, bytes from object where added > $1 order by added limit $2",
	[SQL_FIRST] = "select added from object where added > $1 order by added limit 1",
	[SQL_EVERYTHING] = "select " VAULT_ROW ", bytes from object order by added",
	/* Over the narrow index: the table itself would be read whole, texts and all. */
	[SQL_BEHIND] = "select count(*) from collection cross join (values(0), (1)) as part "
		       "cross join object indexed by object_page "
		       "where object.collection = collection.number and object.last = part.column1 "
		       "and object.added > $1",
	[SQL_SEARCH] = "select rowid from search where search match $1 order by rowid desc",
	[SQL_SEARCH_ADD] = "insert into search(rowid, body) values($1, $2)",
	[SQL_SEARCH_DELETE] = "insert into search(search, rowid, body) values('delete', $1, $2)",
	[SQL_STATUS_PUT] =
		"insert into status(id, collection, owner, requested, complete, total, "
		"successes, failures, details) values($1, $2, $3, $4, $5, $6, $7, $8, $9) "
		"on conflict(id) do update set complete = $5, total = $6, successes = $7, "
		"failures = $8, details = $9 where status.complete = 0",
	[SQL_STATUS_GET] =
		"select collection, owner, requested, complete, total, successes, failures, "
		"details from status where id = $1",
	[SQL_STATUS_OLD] = "delete from status where requested < $1",
	[SQL_STATUS_PENDING] = "update status set complete = 1, failures = total, details = $2 "
			       "where requested < $1 and complete = 0",
	[SQL_STATUS_DELETE_COLLECTION] = "delete from status where collection = $1",
	[SQL_QUARANTINE_PUT] =
		"insert into quarantine(at, collection, source, reason, digest, id, version, "
		"version_at, created, creator, facts, bytes) "
		"values($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
	[SQL_QUARANTINE_SAME] = "select " QUARANTINED " from quarantine where digest = $1",
	[SQL_QUARANTINE_GET] = "select " QUARANTINED " from quarantine where number = $1",
	[SQL_QUARANTINE_NEXT] = "select " QUARANTINED " from quarantine where number > $1 "
				"order by number limit 1",
	[SQL_STATUS_ALL] = "select id, details from status",
	[SQL_STATUS_DELETE] = "delete from status where id = $1",
	[SQL_QUARANTINE_DELETE] = "delete from quarantine where number = $1",
	[SQL_QUARANTINE_DELETE_COLLECTION] = "delete from quarantine where collection = $1",
};
