#include "../test.h"

#include <fcntl.h>
#include <lzma.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "base/buf.h"
#include "base/own.h"
#include "codec/stream.h"

enum { SIZE = 300000 };

static char plain[SIZE];

static struct buf
pack(enum stream_kind kind, const char *data, size_t size)
{
	struct buf out = {};
	char *to = buf_room(&out, size + 4096);
	if (kind == STREAM_PLAIN) {
		memcpy(to, data, size);
		out.len = size;
	} else if (kind == STREAM_GZIP) {
		z_stream z = {};
		assert_int_equal(
			deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
		z.next_in = (unsigned char *)(uintptr_t)data;
		z.avail_in = (unsigned)size;
		z.next_out = (unsigned char *)to;
		z.avail_out = (unsigned)(size + 4096);
		assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
		out.len = z.total_out;
		deflateEnd(&z);
	} else if (kind == STREAM_ZSTD) {
		ZSTD_CCtx *c = ZSTD_createCCtx();
		ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, 1);
		out.len = ZSTD_compress2(c, to, size + 4096, data, size);
		ZSTD_freeCCtx(c);
		assert_false(ZSTD_isError(out.len));
	} else {
		assert_int_equal(
			lzma_easy_buffer_encode(0, LZMA_CHECK_CRC32, NULL, (const uint8_t *)data,
				size, (uint8_t *)to, &out.len, size + 4096),
			LZMA_OK);
	}
	return out;
}

static enum rc
unpack(struct stream *s, size_t piece, struct buf *out, struct diag *why)
{
	enum rc code;
	size_t got;
	while (!(code = stream_read(s, buf_room(out, piece), piece, &got, why)))
		out->len += got;
	return code;
}

static void
every_format_comes_out_as_it_went_in(void **state)
{
	(void)state;
	for (enum stream_kind kind = STREAM_PLAIN; kind <= STREAM_XZ; kind++)
		for (size_t piece = 1000; piece <= SIZE * 2; piece *= 9) {
			own_buf struct buf packed = pack(kind, plain, SIZE), out = {};
			own_stream struct stream *s = stream_new_span(buf_span(&packed), NULL);
			assert_rc(unpack(s, piece, &out, NULL), RC_NONE);
			assert_int_equal(stream_kind(s), kind);
			assert_int_equal(out.len, SIZE);
			assert_memory_equal(out.ptr, plain, SIZE);
			assert_int_equal(stream_taken(s), packed.len);
		}
}

static void
members_in_a_row_come_out_in_a_row_also_from_a_descriptor(void **state)
{
	(void)state;
	for (enum stream_kind kind = STREAM_GZIP; kind <= STREAM_XZ; kind++) {
		own_buf struct buf one = pack(kind, "first\n", 6), two = pack(kind, plain, SIZE),
				   out = {};
		char path[] = "/tmp/tocsin-stream-XXXXXX";
		own_fd int fd = mkstemp(path);
		assert_true(fd >= 0);
		unlink(path);
		assert_int_equal(write(fd, one.ptr, one.len), one.len);
		assert_int_equal(write(fd, two.ptr, two.len), two.len);
		lseek(fd, 0, SEEK_SET);
		own_stream struct stream *s = stream_new_fd(fd, NULL);
		assert_rc(unpack(s, 4096, &out, NULL), RC_NONE);
		assert_int_equal(out.len, SIZE + 6);
		assert_memory_equal(out.ptr, "first\n", 6);
		assert_memory_equal(out.ptr + 6, plain, SIZE);
	}
}

static void
what_is_cut_off_gives_its_beginning_and_then_says_so(void **state)
{
	(void)state;
	for (enum stream_kind kind = STREAM_GZIP; kind <= STREAM_XZ; kind++)
		for (size_t cut = 8; cut < 60; cut += 7) {
			own_buf struct buf packed = pack(kind, plain, SIZE), out = {};
			struct diag why = {};
			packed.len -= cut;
			own_stream struct stream *s = stream_new_span(buf_span(&packed), NULL);
			assert_rc(unpack(s, 5000, &out, &why), RC_BAD);
			assert_non_null(strstr(why.what, "cut off"));
			assert_true(out.len > SIZE / 2);
			assert_memory_equal(out.ptr, plain, out.len);
			assert_rc(unpack(s, 5000, &out, &why), RC_BAD);
		}
}

static void
a_damaged_member_is_refused(void **state)
{
	(void)state;
	for (enum stream_kind kind = STREAM_GZIP; kind <= STREAM_XZ; kind++) {
		own_buf struct buf packed = pack(kind, plain, SIZE), out = {};
		for (size_t i = packed.len / 2; i < packed.len / 2 + 64; i++)
			packed.ptr[i] ^= 0x5a;
		own_stream struct stream *s = stream_new_span(buf_span(&packed), NULL);
		assert_rc(unpack(s, 5000, &out, NULL), RC_BAD);
	}
}

static void
a_bomb_is_cut_by_ratio_and_by_size(void **state)
{
	(void)state;
	size_t size = 100 << 20;
	char *zeros = calloc(size, 1);
	struct stream_limits ratio = {.ratio = 500}, bytes = {.bytes = 1 << 20};
	for (enum stream_kind kind = STREAM_GZIP; kind <= STREAM_XZ; kind++) {
		own_buf struct buf packed = pack(kind, zeros, size), out = {};
		own_stream struct stream *s = stream_new_span(buf_span(&packed), &ratio);
		assert_rc(unpack(s, 1 << 20, &out, NULL), RC_LIMIT);
		assert_true(out.len <= 66 << 20);
		buf_reset(&out);
		own_stream struct stream *t = stream_new_span(buf_span(&packed), &bytes);
		assert_rc(unpack(t, 65536, &out, NULL), RC_LIMIT);
		assert_true(out.len <= (1 << 20) + 65536);
	}
	free(zeros);
}

static void
a_header_that_asks_for_much_memory_is_refused(void **state)
{
	(void)state;
	own_buf struct buf out = {};
	/* A zstd frame header with a window of 2^31 bytes. */
	own_stream struct stream *s =
		stream_new_span(SPAN("\x28\xb5\x2f\xfd\x00\xa8\x01\x00\x00"), NULL);
	assert_rc(unpack(s, 4096, &out, NULL), RC_LIMIT);
	own_buf struct buf packed = pack(STREAM_XZ, plain, SIZE);
	struct stream_limits tiny = {.memory = 1 << 16};
	own_stream struct stream *u = stream_new_span(buf_span(&packed), &tiny);
	assert_rc(unpack(u, 4096, &out, NULL), RC_LIMIT);
}

static void
a_plain_file_can_grow_after_its_end(void **state)
{
	(void)state;
	char path[] = "/tmp/tocsin-stream-XXXXXX", piece[16];
	size_t got;
	own_fd int fd = mkstemp(path);
	own_fd int writer = open(path, O_WRONLY | O_APPEND);
	unlink(path);
	own_stream struct stream *s = stream_new_fd(fd, NULL);
	assert_rc(stream_read(s, piece, sizeof piece, &got, NULL), RC_NONE);
	assert_int_equal(write(writer, "abc", 3), 3);
	assert_rc(stream_read(s, piece, sizeof piece, &got, NULL), RC_OK);
	assert_int_equal(got, 3);
	assert_rc(stream_read(s, piece, sizeof piece, &got, NULL), RC_NONE);
	assert_int_equal(write(writer, "defghijk", 8), 8);
	assert_rc(stream_read(s, piece, sizeof piece, &got, NULL), RC_OK);
	assert_int_equal(got, 8);
}

static int
file_of(struct span bytes)
{
	char path[] = "/tmp/tocsin-stream-XXXXXX";
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	unlink(path);
	assert_int_equal(write(fd, bytes.ptr, bytes.len), bytes.len);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static void
a_plain_file_is_read_on_from_where_one_says(void **state)
{
	(void)state;
	char piece[10];
	size_t got;
	uint64_t at;
	own_fd int fd = file_of((struct span){plain, SIZE});
	own_stream struct stream *s = stream_new_fd(fd, NULL);
	assert_int_equal(stream_plain_file(s, &at), -1); /* not known yet */
	assert_rc(stream_read(s, piece, sizeof piece, &got, NULL), RC_OK);
	assert_int_equal(stream_plain_file(s, &at), fd);
	assert_int_equal(at, got);
	assert_int_equal(stream_taken(s), got);
	/* Backwards, forwards, and what the beginning of a packed file would be is none there. */
	static const uint64_t to[] = {3, SIZE / 2, 7, SIZE - 4};
	for (size_t i = 0; i < sizeof to / sizeof *to; i++) {
		stream_seek(s, to[i]);
		assert_int_equal(stream_taken(s), to[i]);
		assert_rc(stream_read(s, piece, sizeof piece, &got, NULL), RC_OK);
		assert_memory_equal(piece, plain + to[i], got);
		assert_int_equal(stream_plain_file(s, &at), fd);
		assert_int_equal(at, to[i] + got);
	}
	assert_rc(stream_read(s, piece, sizeof piece, &got, NULL), RC_NONE);
}

static void
what_is_packed_or_a_pipe_is_no_plain_file(void **state)
{
	(void)state;
	char piece[10];
	size_t got;
	uint64_t at;
	int ends[2];
	for (enum stream_kind kind = STREAM_GZIP; kind <= STREAM_XZ; kind++) {
		own_buf struct buf packed = pack(kind, plain, SIZE);
		own_fd int fd = file_of(buf_span(&packed));
		own_stream struct stream *s = stream_new_fd(fd, NULL);
		assert_rc(stream_read(s, piece, sizeof piece, &got, NULL), RC_OK);
		assert_int_equal(stream_plain_file(s, &at), -1);
		assert_true(stream_is_prompt(s));
	}
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], plain, 100), 100);
	own_stream struct stream *s = stream_new_fd(ends[0], NULL);
	assert_rc(stream_read(s, piece, sizeof piece, &got, NULL), RC_OK);
	assert_int_equal(stream_plain_file(s, &at), -1);
	assert_false(stream_is_prompt(s));
	close(ends[0]);
	close(ends[1]);
	own_fd int none = open("/proc/self/status", O_RDONLY); /* a regular file by what it says */
	own_stream struct stream *made = stream_new_fd(none, NULL);
	assert_rc(stream_read(made, piece, sizeof piece, &got, NULL), RC_OK);
	assert_int_equal(stream_plain_file(made, &at), -1);
	assert_false(stream_is_prompt(made));
}

static void
what_is_finished_gives_no_more_and_says_what_it_was(void **state)
{
	(void)state;
	char piece[10];
	size_t got;
	for (enum stream_kind kind = STREAM_PLAIN; kind <= STREAM_XZ; kind++) {
		own_buf struct buf packed = {};
		if (kind != STREAM_PLAIN)
			packed = pack(kind, plain, SIZE);
		struct span bytes = kind ? buf_span(&packed) : (struct span){plain, SIZE};
		own_stream struct stream *s = stream_new_span(bytes, NULL);
		assert_rc(stream_read(s, piece, sizeof piece, &got, NULL), RC_OK);
		uint64_t taken = stream_taken(s);
		stream_finish(s);
		assert_rc(stream_read(s, piece, sizeof piece, &got, NULL), RC_NONE);
		stream_finish(s);
		assert_rc(stream_read(s, piece, sizeof piece, &got, NULL), RC_NONE);
		assert_int_equal(stream_kind(s), kind);
		assert_int_equal(stream_taken(s), taken);
	}
	own_buf struct buf cut = pack(STREAM_GZIP, plain, SIZE), out = {};
	own_stream struct stream *s =
		stream_new_span(span_sub(buf_span(&cut), 0, cut.len - 20), NULL);
	struct diag why = {};
	assert_rc(unpack(s, 5000, &out, &why), RC_BAD);
	stream_finish(s);
	why.what[0] = 0;
	assert_rc(stream_read(s, piece, sizeof piece, &got, &why), RC_BAD);
	assert_non_null(strstr(why.what, "cut off"));
}

int
main(void)
{
	uint64_t x = 88172645463325252u;
	for (size_t i = 0; i < SIZE; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		plain[i] = (char)("0123456789abcdef"[x & 15]);
	}
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_format_comes_out_as_it_went_in),
		cmocka_unit_test(members_in_a_row_come_out_in_a_row_also_from_a_descriptor),
		cmocka_unit_test(what_is_cut_off_gives_its_beginning_and_then_says_so),
		cmocka_unit_test(a_damaged_member_is_refused),
		cmocka_unit_test(a_bomb_is_cut_by_ratio_and_by_size),
		cmocka_unit_test(a_header_that_asks_for_much_memory_is_refused),
		cmocka_unit_test(a_plain_file_can_grow_after_its_end),
		cmocka_unit_test(a_plain_file_is_read_on_from_where_one_says),
		cmocka_unit_test(what_is_packed_or_a_pipe_is_no_plain_file),
		cmocka_unit_test(what_is_finished_gives_no_more_and_says_what_it_was),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
