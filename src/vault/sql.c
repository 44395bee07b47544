#include "vault/sql.h"

#include "vault/vault-internal.h"

#define QUARANTINED \
	"number, at, collection, source, reason, id, version, version_at, created, creator, " \
	"facts, " \
	"bytes"

const char *const vault_sql[SQL_QUERIES] = {
	[SQL_GROUP] =
		"select " VAULT_ROW " from entry cross join object on object.added = entry.added "
		"where entry.key = $1 order by entry.added",
	[SQL_SET_LAST] = "update object set last = $1 where added = $2",
	[SQL_INSERT] = "insert into object(added, collection, last, kind, facts, bytes) "
		       "values($1, $2, $3, $4, $5, $6)",
	[SQL_ENTRY] = "insert into entry(key, added) values($1, $2)",
	[SQL_ENTRY_DELETE] = "delete from entry where key = $1 and added = $2",
	[SQL_OBJECT_DELETE] = "delete from object where added = $1",
	[SQL_BYTES] = "select bytes from object where added = $1",
	[SQL_ONE_FACTS] = "select " VAULT_ROW " from object where added = $1",
	[SQL_ONE_BYTES] = "select " VAULT_ROW ", bytes from object where added = $1",
	[SQL_PAGE_FACTS] = "select " VAULT_ROW " from object "
			   "where collection = $1 and last = $2 and added > $3 order by added",
	[SQL_PAGE_BYTES] = "select " VAULT_ROW ", bytes from object "
			   "where collection = $1 and last = $2 and added > $3 order by added",
	[SQL_KIND_FACTS] = "select " VAULT_ROW " from object where collection = $1 and last = $2 "
			   "and added > $3 and kind = $4 order by added",
	[SQL_KIND_BYTES] = "select " VAULT_ROW ", bytes from object where collection = $1 "
			   "and last = $2 and added > $3 and kind = $4 order by added",
	[SQL_COUNT] = "select count(*), sum(last) from object indexed by object_page where "
		      "collection = $1",
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
