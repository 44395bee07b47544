#include "match/vscan.h"

#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef TOCSIN_VECTORSCAN
#include <hs/hs.h>
#endif

#include "base/ascii.h"
#include "base/mem.h"
#include "base/mutant.h"
#include "base/own.h"

enum {
	REPEATS_MOST = 512,	/* of one item: the library unrolls them */
	MEMORY_MOST = 1024,	/* MiB of the child beyond what it has at its start */
	SHARD_MOST = 256 << 20, /* bytes compiled */
	COMPILES_MOST = 16,	/* tries, each without what the last one failed at */
};

/* ---- which expressions, which texts ---- */

/* "{3}", "{3,}" or "{3,5}" at `at`, not too many. */
static bool
is_plain_repeat(struct span text, size_t at)
{
	unsigned value = 0, digits = 0;
	for (at++; at < text.len; at++) {
		char c = text.ptr[at];
		if (c == '}' || (c == ',' && digits)) {
			if (value > REPEATS_MOST)
				return false;
			if (c == '}')
				return digits || text.ptr[at - 1] == ',';
			value = 0;
		} else if (ascii_is_digit(c) && digits < 8) {
			value = value * 10 + (unsigned)(c - '0');
			digits++;
		} else {
			return false;
		}
	}
	return false;
}

bool
vscan_takes(struct span expression)
{
	if (!expression.len || expression.len > VSCAN_TEXT_MAX || !vscan_fits(expression))
		return false;
	for (size_t i = 0; i < expression.len; i++)
		if (expression.ptr[i] == '{' && !is_plain_repeat(expression, i))
			return false;
	return true;
}

bool
vscan_fits(struct span text)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];
		if (((c < ' ' && c != '\t') || c >= 0x7f) && !mutant(1687))
			return false;
	}
	return text.len > 0;
}

#ifdef TOCSIN_VECTORSCAN

#define EACH_CALL(X) \
	X(hs_valid_platform) \
	X(hs_version) \
	X(hs_compile_multi) \
	X(hs_free_compile_error) \
	X(hs_expression_info) \
	X(hs_free_database) \
	X(hs_serialize_database) \
	X(hs_deserialize_database) \
	X(hs_alloc_scratch) \
	X(hs_free_scratch) \
	X(hs_scan)

struct vscan {
	void *library;
	hs_scratch_t *scratch;
#define X(name) typeof(&(name)) name;
	EACH_CALL(X)
#undef X
};

struct vscan_shard {
	struct vscan *v;
	hs_database_t *db;
	uint64_t has[VSCAN_WORDS];
	size_t count;
};

/* What a child leaves in the file: this, then the database. */
struct made {
	uint64_t bytes;
	uint64_t has[VSCAN_WORDS];
};

struct vscan_making {
	struct vscan *v;
	pid_t child; /* 0: ended */
	int file;
	bool fine;
};

static bool
find_calls(struct vscan *v)
{
#define X(call) \
	*(void **)&v->call = dlsym(v->library, #call); \
	if (!v->call) \
		return false;
	EACH_CALL(X)
#undef X
	return true;
}

enum rc
vscan_open(struct vscan **out, struct diag *why)
{
	struct vscan *v = mem_new(sizeof *v);
	v->library = dlopen("libhs.so.5", RTLD_NOW | RTLD_LOCAL);
	enum rc code = RC_OK;
	if (!v->library || !find_calls(v))
		code = diag_fail(why, RC_UNKNOWN, "no libhs.so.5 here (Vectorscan)");
	else if (v->hs_valid_platform() != HS_SUCCESS)
		code = diag_fail(why, RC_UNKNOWN,
			"this processor lacks what Vectorscan wants (SSE4.2 on x86-64)");
	if (code)
		vscan_close(&v);
	else
		*out = v;
	return code;
}

void
vscan_close(struct vscan **p)
{
	struct vscan *v = *p;
	*p = NULL;
	if (!v)
		return;
	if (v->scratch)
		v->hs_free_scratch(v->scratch);
	if (v->library)
		dlclose(v->library);
	free(v);
}

const char *
vscan_version(const struct vscan *v)
{
	return v->hs_version();
}

/* ---- the child ---- */

enum { FLAGS = HS_FLAG_DOTALL | HS_FLAG_SINGLEMATCH | HS_FLAG_ALLOWEMPTY };

struct work {
	const struct vscan *v;
	char *text[VSCAN_SHARD];
	const char *pattern[VSCAN_SHARD];
	unsigned flags[VSCAN_SHARD], ids[VSCAN_SHARD];
	unsigned count;
};

static bool
is_taken(const struct vscan *v, const char *text, unsigned flags)
{
	hs_expr_info_t *info = NULL;
	hs_compile_error_t *error = NULL;
	if (v->hs_expression_info(text, flags, &info, &error) == HS_SUCCESS) {
		free(info);
		return true;
	}
	v->hs_free_compile_error(error);
	return false;
}

/* Back-references and looking around only as a hint, which says more often that something may match. */
static void
add_expression(struct work *w, struct span expression, unsigned id)
{
	unsigned flags = FLAGS;
	if (!vscan_takes(expression))
		return;
	char *text = mem_dup(expression);
	if (!is_taken(w->v, text, flags))
		flags |= HS_FLAG_PREFILTER;
	if ((flags & HS_FLAG_PREFILTER) && !is_taken(w->v, text, flags))
		return;
	w->pattern[w->count] = text;
	w->flags[w->count] = flags;
	w->ids[w->count++] = id;
}

static void
drop_expression(struct work *w, unsigned at)
{
	w->count--;
	memmove(w->pattern + at, w->pattern + at + 1, (w->count - at) * sizeof *w->pattern);
	memmove(w->flags + at, w->flags + at + 1, (w->count - at) * sizeof *w->flags);
	memmove(w->ids + at, w->ids + at + 1, (w->count - at) * sizeof *w->ids);
}

static hs_database_t *
compile(struct work *w)
{
	hs_database_t *db = NULL;
	hs_compile_error_t *error = NULL;
	for (unsigned i = 0; i < COMPILES_MOST && w->count; i++) {
		if (w->v->hs_compile_multi(w->pattern, w->flags, w->ids, w->count, HS_MODE_BLOCK,
			    NULL, &db, &error) == HS_SUCCESS)
			return db;
		int at = error->expression;
		w->v->hs_free_compile_error(error);
		if (at < 0 || (unsigned)at >= w->count)
			return NULL;
		drop_expression(w, (unsigned)at);
	}
	return NULL;
}

static bool
write_all(int file, const void *from, size_t len)
{
	for (const char *at = from; len;) {
		ssize_t put = write(file, at, len);
		if (put <= 0)
			return false;
		at += put;
		len -= (size_t)put;
	}
	return true;
}

/* The child's processor time and memory; what it cannot set is bounded by the caller's patience alone. */
static void
set_limits(void)
{
	struct rlimit time = {VSCAN_SECONDS, VSCAN_SECONDS + 1}, core = {0, 0};
	unsigned long pages[6] = {};
	FILE *f = fopen("/proc/self/statm", "re");
	if (f && fscanf(f, "%lu %lu %lu %lu %lu %lu", &pages[0], &pages[1], &pages[2], &pages[3],
			 &pages[4], &pages[5]) == 6) {
		rlim_t most = (rlim_t)pages[5] * (rlim_t)sysconf(_SC_PAGESIZE) +
			      ((rlim_t)MEMORY_MOST << 20);
		struct rlimit memory = {most, most};
		setrlimit(RLIMIT_DATA, &memory);
	}
	setrlimit(RLIMIT_CPU, &time);
	setrlimit(RLIMIT_CORE, &core);
}

static void
work(struct vscan *v, const struct span *expression, size_t count, int file)
{
	struct work *w = mem_new(sizeof *w);
	struct made made = {};
	char *bytes = NULL;
	size_t len = 0;
	set_limits();
	w->v = v;
	for (size_t i = 0; i < count; i++)
		add_expression(w, expression[i], (unsigned)i);
	hs_database_t *db = compile(w);
	if (!db || v->hs_serialize_database(db, &bytes, &len) != HS_SUCCESS || len > SHARD_MOST)
		_exit(1);
	made.bytes = len;
	for (unsigned i = 0; i < w->count; i++)
		made.has[w->ids[i] / 64] |= UINT64_C(1) << w->ids[i] % 64;
	_exit(write_all(file, &made, sizeof made) && write_all(file, bytes, len) ? 0 : 1);
}

enum rc
vscan_begin(struct vscan *v, const struct span *expression, size_t count, struct vscan_making **out,
	struct diag *why)
{
	struct vscan_making *m = mem_new(sizeof *m);
	m->v = v;
	m->file = memfd_create("tocsin-expressions", MFD_CLOEXEC);
	m->child = m->file < 0 ? -1 : fork();
	if (m->child == 0)
		work(v, expression, count < VSCAN_SHARD ? count : VSCAN_SHARD, m->file);
	if (m->child < 0) {
		int fault = errno;
		m->child = 0;
		vscan_making_free(&m);
		return diag_fail(why, RC_IO, "no process to compile with: %s", strerror(fault));
	}
	*out = m;
	return RC_OK;
}

void
vscan_making_free(struct vscan_making **p)
{
	struct vscan_making *m = *p;
	*p = NULL;
	if (!m)
		return;
	if (m->child) {
		kill(m->child, SIGKILL);
		while (waitpid(m->child, NULL, 0) < 0 && errno == EINTR)
			continue;
	}
	if (m->file >= 0)
		close(m->file);
	free(m);
}

/* ---- what it made ---- */

enum rc
vscan_shard_of(struct vscan *v, struct span bytes, struct vscan_shard **out)
{
	struct made made;
	if (bytes.len < sizeof made)
		return RC_BAD;
	memcpy(&made, bytes.ptr, sizeof made);
	if (made.bytes != bytes.len - sizeof made)
		return RC_BAD;
	struct vscan_shard *s = mem_new(sizeof *s);
	s->v = v;
	memcpy(s->has, made.has, sizeof s->has);
	for (size_t i = 0; i < VSCAN_SHARD; i++)
		s->count += vscan_has(s, i);
	if (v->hs_deserialize_database(bytes.ptr + sizeof made, made.bytes, &s->db) != HS_SUCCESS ||
		v->hs_alloc_scratch(s->db, &v->scratch) != HS_SUCCESS) {
		vscan_shard_free(&s);
		return RC_BAD;
	}
	*out = s;
	return RC_OK;
}

enum rc
vscan_bytes(struct vscan_making *m, struct buf *out)
{
	struct made made;
	if (!m->fine || pread(m->file, &made, sizeof made, 0) != (ssize_t)sizeof made ||
		made.bytes > SHARD_MOST)
		return RC_LIMIT;
	size_t len = sizeof made + made.bytes;
	if (pread(m->file, buf_room(out, len), len, 0) != (ssize_t)len)
		return RC_LIMIT;
	out->len += len;
	return RC_OK;
}

enum rc
vscan_end(struct vscan_making *m, enum vscan_wait wait, struct vscan_shard **out)
{
	int status = 0;
	pid_t ended = 0;
	while (m->child &&
		(ended = waitpid(m->child, &status, wait == VSCAN_WAIT ? 0 : WNOHANG)) < 0 &&
		errno == EINTR)
		continue;
	if (m->child && ended == 0)
		return RC_AGAIN;
	if (m->child)
		m->fine = ended == m->child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
	m->child = 0;
	own_buf struct buf bytes = {};
	enum rc code = vscan_bytes(m, &bytes);
	return code || vscan_shard_of(m->v, buf_span(&bytes), out) ? RC_LIMIT : RC_OK;
}

void
vscan_shard_free(struct vscan_shard **p)
{
	struct vscan_shard *s = *p;
	*p = NULL;
	if (!s)
		return;
	if (s->db)
		s->v->hs_free_database(s->db);
	free(s);
}

bool
vscan_has(const struct vscan_shard *s, size_t index)
{
	return index < VSCAN_SHARD && s->has[index / 64] >> index % 64 & 1;
}

size_t
vscan_count(const struct vscan_shard *s)
{
	return s->count;
}

static int
note(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *ctx)
{
	uint64_t *may = ctx;
	(void)from;
	(void)to;
	(void)flags;
	if (id < VSCAN_SHARD)
		may[id / 64] |= UINT64_C(1) << id % 64;
	return 0;
}

enum rc
vscan_scan(const struct vscan_shard *s, struct span text, uint64_t may[static VSCAN_WORDS])
{
	memset(may, 0, VSCAN_WORDS * sizeof *may);
	if (text.len > UINT32_MAX || s->v->hs_scan(s->db, text.ptr, (unsigned)text.len, 0,
					     s->v->scratch, note, may) != HS_SUCCESS)
		return RC_IO;
	return RC_OK;
}

#else

enum rc
vscan_open(struct vscan **out, struct diag *why)
{
	(void)out;
	return diag_fail(why, RC_UNKNOWN, "built without Vectorscan");
}

void
vscan_close(struct vscan **v)
{
	*v = NULL;
}

const char *
vscan_version(const struct vscan *v)
{
	(void)v;
	return "";
}

enum rc
vscan_begin(struct vscan *v, const struct span *expression, size_t count, struct vscan_making **out,
	struct diag *why)
{
	(void)v;
	(void)expression;
	(void)count;
	(void)out;
	return diag_fail(why, RC_IO, "built without Vectorscan");
}

enum rc
vscan_end(struct vscan_making *m, enum vscan_wait wait, struct vscan_shard **out)
{
	(void)m;
	(void)wait;
	(void)out;
	return RC_LIMIT;
}

enum rc
vscan_bytes(struct vscan_making *m, struct buf *out)
{
	(void)m;
	(void)out;
	return RC_LIMIT;
}

enum rc
vscan_shard_of(struct vscan *v, struct span bytes, struct vscan_shard **out)
{
	(void)v;
	(void)bytes;
	(void)out;
	return RC_BAD;
}

void
vscan_making_free(struct vscan_making **m)
{
	*m = NULL;
}

void
vscan_shard_free(struct vscan_shard **s)
{
	*s = NULL;
}

bool
vscan_has(const struct vscan_shard *s, size_t index)
{
	(void)s;
	(void)index;
	return false;
}

size_t
vscan_count(const struct vscan_shard *s)
{
	(void)s;
	return 0;
}

enum rc
vscan_scan(const struct vscan_shard *s, struct span text, uint64_t may[static VSCAN_WORDS])
{
	(void)s;
	(void)text;
	(void)may;
	return RC_IO;
}

#endif
