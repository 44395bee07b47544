#pragma once
/*
 * Reads bytes that may be compressed: gzip (RFC 1952), zstd (RFC 8878) and xz, told apart by their
 * first bytes, several members or frames in a row; anything else comes through as it is. Memory is
 * bounded whatever the input says of itself, and so is what a small input may unfold into. One
 * thread at a time.
 */
#include "base/rc.h"

enum stream_kind { STREAM_PLAIN, STREAM_GZIP, STREAM_ZSTD, STREAM_XZ };

struct stream_limits {
	uint64_t bytes;	 /* of unpacked data; 0: none */
	uint64_t ratio;	 /* unpacked to packed, judged beyond the first 64 MiB unpacked; 0: none */
	uint64_t memory; /* of the decoder's window and tables; 0: 128 MiB */
};

struct stream;

#define own_stream __attribute__((cleanup(stream_free)))

/* The descriptor is borrowed and read from where it stands. */
struct stream *stream_new_fd(int fd, const struct stream_limits *limits);
/* The bytes are borrowed. */
struct stream *stream_new_span(struct span packed, const struct stream_limits *limits);
void stream_free(struct stream **s); /* NULL accepted */

/*
 * Up to `size` (> 0) unpacked bytes; *got > 0 on RC_OK. RC_NONE: the end; for a plain descriptor a
 * later call tries again, so that a growing file can be followed. RC_BAD: malformed or cut off,
 * after everything before the fault was given out; RC_LIMIT: beyond a limit; RC_IO: read failed.
 * Faults stay.
 */
enum rc stream_read(struct stream *s, char *out, size_t size, size_t *got, struct diag *why);
/* Whether nobody is waited for: a regular file, but for what the kernel makes as it is read, or bytes that are there. */
bool stream_is_prompt(const struct stream *s);
/*
 * Of a regular file that is known not to be packed its descriptor, for pread, and where in it reading stands;
 * -1: it is something else. stream_seek: such a file is read on from there.
 */
int stream_plain_file(const struct stream *s, uint64_t *at);
void stream_seek(struct stream *s, uint64_t at);
/* Gives back what reading needs: from now on there is nothing but the end, or the fault that was. */
void stream_finish(struct stream *s);
/* Known once the first byte was asked for. */
enum stream_kind stream_kind(const struct stream *s);
/* Packed bytes taken in so far, for progress. */
uint64_t stream_taken(const struct stream *s);
/* "plain", "gzip", "zstd", "xz" */
const char *stream_kind_word(enum stream_kind kind);
