/*
 * [BOMB] the ratio and the total are judged while unpacking
 * [WINDOW] a header may ask for gigabytes: decoders get a bound
 * [CUT] an end inside a member is a fault, not an end
 * [STUCK] a decoder that neither takes nor gives ends the stream
 */
#include "codec/stream.h"

#include <errno.h>
#include <lzma.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "base/mem.h"
#include "base/must.h"

enum { INPUT = 128 << 10, MAGIC = 6, WINDOW_LOG_MAX = 31 };
#define MEMORY (UINT64_C(128) << 20)
#define RATIO_FROM (UINT64_C(64) << 20)

struct stream {
	int fd;		   /* -1: from `rest` */
	struct span rest;  /* of the span not yet taken */
	struct span input; /* taken, not yet unpacked */
	char *buffer;	   /* INPUT bytes, for a descriptor */
	uint64_t taken, given;
	struct stream_limits limits;
	enum stream_kind kind;
	bool known, ended, inside; /* format seen; no more input; inside a member or frame */
	enum rc fault;
	struct diag why; /* of the fault */
	z_stream z;
	ZSTD_DCtx *zstd;
	lzma_stream xz;
};

static struct stream *
new_stream(int fd, struct span packed, const struct stream_limits *limits)
{
	struct stream *s = mem_new(sizeof *s);
	s->fd = fd;
	s->rest = packed;
	if (limits)
		s->limits = *limits;
	if (!s->limits.memory)
		s->limits.memory = MEMORY;
	if (fd >= 0)
		s->buffer = mem_grow(NULL, INPUT, 1);
	return s;
}

struct stream *
stream_new_fd(int fd, const struct stream_limits *limits)
{
	must(fd >= 0);
	return new_stream(fd, (struct span){}, limits);
}

struct stream *
stream_new_span(struct span packed, const struct stream_limits *limits)
{
	return new_stream(-1, packed, limits);
}

void
stream_finish(struct stream *s)
{
	if (s->kind == STREAM_GZIP)
		inflateEnd(&s->z); /* a second time it is nothing */
	ZSTD_freeDCtx(s->zstd);
	lzma_end(&s->xz);
	free(s->buffer);
	s->zstd = NULL;
	s->buffer = NULL;
	s->taken = stream_taken(s);
	s->input.len = 0;
	if (!s->fault)
		s->fault = RC_NONE;
}

void
stream_free(struct stream **s)
{
	if (!*s)
		return;
	stream_finish(*s);
	free(*s);
	*s = NULL;
}

enum stream_kind
stream_kind(const struct stream *s)
{
	return s->kind;
}

uint64_t
stream_taken(const struct stream *s)
{
	return s->taken - s->input.len;
}

bool
stream_is_prompt(const struct stream *s)
{
	struct stat st;
	return s->fd < 0 || (fstat(s->fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0);
}

int
stream_plain_file(const struct stream *s, uint64_t *at)
{
	if (!s->known || s->kind != STREAM_PLAIN || s->fault || s->limits.bytes || s->fd < 0 ||
		!stream_is_prompt(s))
		return -1;
	off_t stands = lseek(s->fd, 0, SEEK_CUR);
	if (stands < 0 || (uint64_t)stands < s->input.len)
		return -1;
	*at = (uint64_t)stands - s->input.len;
	return s->fd;
}

void
stream_seek(struct stream *s, uint64_t at)
{
	must(s->kind == STREAM_PLAIN && s->fd >= 0);
	off_t stands = lseek(s->fd, 0, SEEK_CUR);
	must(stands >= 0 && lseek(s->fd, (off_t)at, SEEK_SET) >= 0);
	s->taken += at - (uint64_t)stands;
	s->input.len = 0;
}

const char *
stream_kind_word(enum stream_kind kind)
{
	static const char *const words[] = {"plain", "gzip", "zstd", "xz"};
	return words[kind];
}

static enum rc
read_some(struct stream *s, char *to, size_t size, size_t *got)
{
	ssize_t n;
	do
		n = read(s->fd, to, size);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return diag_fail(&s->why, RC_IO, "%s", strerror(errno));
	*got = (size_t)n;
	s->taken += (size_t)n;
	return RC_OK;
}

/* At least `want` bytes of input where there are as many; moves what is left to the front. */
static enum rc
fill(struct stream *s, size_t want)
{
	if (s->fd < 0) {
		if (s->input.len == 0) {
			s->input = s->rest;
			s->taken += s->rest.len;
			s->rest.len = 0;
		}
		s->ended = true;
		return RC_OK;
	}
	if (s->input.len && s->input.ptr != s->buffer)
		memmove(s->buffer, s->input.ptr, s->input.len);
	s->input.ptr = s->buffer;
	s->ended = false;
	while (s->input.len < want) {
		size_t got;
		enum rc code = read_some(s, s->buffer + s->input.len, INPUT - s->input.len, &got);
		if (code)
			return code;
		if (got == 0) {
			s->ended = true;
			break;
		}
		s->input.len += got;
	}
	return RC_OK;
}

static bool
starts(struct span s, const char *magic, size_t len)
{
	return s.len >= len && memcmp(s.ptr, magic, len) == 0;
}

static bool
is_zstd(struct span s)
{
	/* Also a skippable frame: 0x184D2A50 to 5F, little-endian. */
	return starts(s, "\x28\xb5\x2f\xfd", 4) ||
	       (s.len >= 4 && ((unsigned char)s.ptr[0] & 0xf0) == 0x50 &&
		       starts(span_sub(s, 1, 3), "\x2a\x4d\x18", 3));
}

static enum rc
start(struct stream *s)
{
	enum rc code = fill(s, MAGIC);
	if (code)
		return code;
	if (s->input.len < MAGIC && s->fd >= 0 && s->input.len == 0)
		return RC_OK; /* empty so far: perhaps a file about to grow */
	s->known = true;
	if (starts(s->input, "\x1f\x8b\x08", 3)) {
		s->kind = STREAM_GZIP;
		must(inflateInit2(&s->z, 15 + 16) == Z_OK);
		s->inside = true;
	} else if (is_zstd(s->input)) {
		s->kind = STREAM_ZSTD;
		s->zstd = ZSTD_createDCtx();
		must(s->zstd != NULL);
		int log = 10; /* [WINDOW] */
		while (log < WINDOW_LOG_MAX - 1 && UINT64_C(2) << log <= s->limits.memory)
			log++;
		must(!ZSTD_isError(ZSTD_DCtx_setParameter(s->zstd, ZSTD_d_windowLogMax, log)));
	} else if (starts(s->input,
			   "\xfd"
			   "7zXZ\0",
			   6)) {
		s->kind = STREAM_XZ;
		must(lzma_stream_decoder(&s->xz, s->limits.memory, LZMA_CONCATENATED) == LZMA_OK);
		s->inside = true;
	}
	return RC_OK;
}

static void
take_input(struct stream *s, size_t used)
{
	s->input = span_sub(s->input, used, SIZE_MAX);
}

/* Between members: another one, padding, or rubbish. */
static enum rc
next_member(struct stream *s, bool *more)
{
	*more = false;
	for (;;) {
		enum rc code = s->input.len < 2 ? fill(s, 2) : RC_OK;
		if (code)
			return code;
		if (s->input.len && s->input.ptr[0] == 0) {
			take_input(s, 1);
			continue;
		}
		if (s->input.len == 0)
			return RC_OK;
		if (!starts(s->input, "\x1f\x8b", 2))
			return diag_fail(&s->why, RC_BAD,
				"something that is no gzip follows the last member");
		must(inflateReset(&s->z) == Z_OK);
		*more = s->inside = true;
		return RC_OK;
	}
}

static enum rc
step_gzip(struct stream *s, char *out, size_t size, size_t *got)
{
	if (!s->inside) {
		bool more;
		enum rc code = next_member(s, &more);
		if (code || !more)
			return code ? code : RC_NONE;
	}
	s->z.next_in = (unsigned char *)(uintptr_t)s->input.ptr;
	s->z.avail_in = (unsigned)s->input.len;
	s->z.next_out = (unsigned char *)out;
	s->z.avail_out = (unsigned)size;
	int result = inflate(&s->z, Z_NO_FLUSH);
	*got = size - s->z.avail_out;
	take_input(s, s->input.len - s->z.avail_in);
	if (result == Z_STREAM_END)
		s->inside = false;
	else if (result != Z_OK && result != Z_BUF_ERROR)
		return diag_fail(&s->why, RC_BAD, "gzip: %s", s->z.msg ? s->z.msg : "damaged");
	return RC_OK;
}

static enum rc
step_zstd(struct stream *s, char *out, size_t size, size_t *got)
{
	if (!s->inside && s->input.len == 0 && s->ended)
		return RC_NONE;
	ZSTD_inBuffer in = {s->input.ptr, s->input.len, 0};
	ZSTD_outBuffer to = {out, size, 0};
	size_t result = ZSTD_decompressStream(s->zstd, &to, &in);
	*got = to.pos;
	take_input(s, in.pos);
	if (ZSTD_isError(result)) {
		const char *name = ZSTD_getErrorName(result);
		bool window = strstr(name, "memory") != NULL;
		if (window)
			diag_todo(&s->why, "unpack it first with \"zstd -d --long=31\"");
		return diag_fail(&s->why, window ? RC_LIMIT : RC_BAD, "zstd: %s", name);
	}
	s->inside = result != 0;
	return RC_OK;
}

static enum rc
step_xz(struct stream *s, char *out, size_t size, size_t *got)
{
	if (!s->inside)
		return RC_NONE;
	s->xz.next_in = (const uint8_t *)s->input.ptr;
	s->xz.avail_in = s->input.len;
	s->xz.next_out = (uint8_t *)out;
	s->xz.avail_out = size;
	lzma_ret result = lzma_code(&s->xz, s->ended ? LZMA_FINISH : LZMA_RUN);
	*got = size - s->xz.avail_out;
	take_input(s, s->input.len - s->xz.avail_in);
	if (result == LZMA_STREAM_END)
		s->inside = false;
	else if (result == LZMA_MEMLIMIT_ERROR)
		return diag_fail(
			&s->why, RC_LIMIT, "xz: its dictionary needs more memory than allowed");
	else if (result != LZMA_OK && result != LZMA_BUF_ERROR)
		return diag_fail(&s->why, RC_BAD, "xz: damaged");
	return RC_OK;
}

static enum rc
read_plain(struct stream *s, char *out, size_t size, size_t *got)
{
	if (s->input.len == 0 && s->fd >= 0) {
		enum rc code = read_some(s, out, size, got);
		return code ? code : *got ? RC_OK : RC_NONE;
	}
	enum rc code = s->input.len == 0 ? fill(s, 1) : RC_OK;
	if (code)
		return code;
	*got = s->input.len < size ? s->input.len : size;
	if (!*got)
		return RC_NONE;
	memcpy(out, s->input.ptr, *got);
	take_input(s, *got);
	return RC_OK;
}

static enum rc
check_limits(struct stream *s) /* [BOMB] */
{
	if (s->limits.bytes && s->given > s->limits.bytes)
		return diag_fail(&s->why, RC_LIMIT, "unpacks to more than %llu bytes",
			(unsigned long long)s->limits.bytes);
	if (s->kind != STREAM_PLAIN && s->limits.ratio && s->given > RATIO_FROM &&
		s->given / s->limits.ratio > stream_taken(s)) {
		diag_todo(&s->why, "unpack it yourself if it is what it claims to be");
		return diag_fail(&s->why, RC_LIMIT, "unpacks to more than %llu times its size",
			(unsigned long long)s->limits.ratio);
	}
	return RC_OK;
}

static enum rc
step(struct stream *s, char *out, size_t size, size_t *got)
{
	enum rc code = s->input.len == 0 && !s->ended ? fill(s, 1) : RC_OK;
	if (code)
		return code;
	size_t before = s->input.len;
	code = s->kind == STREAM_GZIP	? step_gzip(s, out, size, got)
	       : s->kind == STREAM_ZSTD ? step_zstd(s, out, size, got)
					: step_xz(s, out, size, got);
	if (code || *got || s->input.len != before)
		return code;
	if (!s->ended && before < INPUT)
		return fill(s, before + 1);
	if (before == 0 && !s->inside)
		return RC_OK;		  /* the next step says so */
	return diag_fail(&s->why, RC_BAD, /* [CUT] [STUCK] */
		before ? "%s: damaged" : "cut off: the %s data end in the middle",
		stream_kind_word(s->kind));
}

enum rc
stream_read(struct stream *s, char *out, size_t size, size_t *got, struct diag *why)
{
	must(size > 0);
	*got = 0;
	enum rc code = s->fault;
	if (!code && !s->known)
		code = start(s);
	if (!code && !s->known)
		return RC_NONE;
	while (!code && *got == 0)
		code = s->kind == STREAM_PLAIN ? read_plain(s, out, size, got)
					       : step(s, out, size, got);
	s->given += *got;
	if (!code)
		code = check_limits(s);
	if (code && code != RC_NONE) {
		s->fault = code;
		if (*got && code == RC_BAD)
			return RC_OK; /* what came before the fault first */
		*got = 0;
		if (why)
			*why = s->why;
	}
	return code;
}
