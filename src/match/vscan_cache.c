#include "match/vscan_cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/mutant.h"
#include "base/own.h"
#include "keys/digest.h"

/* A file: the magic, the MAC of the file's name and of what follows, then a shard's bytes. */
#define MAGIC "TOCSINX1"
#define BEGINNING "expressions-"

enum {
	MAGIC_LEN = 8,
	FILE_MOST = 300 << 20,
	FILES_MOST = 128,
	NAME = sizeof BEGINNING + HEX_SHA256,
};

static void
name_of(const struct vscan *v, const struct span *expression, size_t count, char out[static NAME])
{
	uint8_t digest[SHA256_SIZE];
	struct digest_run *run = digest_new(DIGEST_SHA256);
	digest_add(run, span_of(vscan_version(v)));
	for (size_t i = 0; i < count; i++) {
		uint64_t len = expression[i].len;
		digest_add(run, (struct span){(const char *)&len, sizeof len});
		if (len)
			digest_add(run, expression[i]);
	}
	digest_take(run, digest);
	digest_free(run);
	memcpy(out, BEGINNING, sizeof BEGINNING - 1);
	hex_text(digest, sizeof digest, out + sizeof BEGINNING - 1);
}

static void
mac_file(const struct vscan_cache *c, const char *name, struct span bytes,
	uint8_t out[static MAC_SIZE])
{
	own_buf struct buf text = {};
	uint8_t digest[SHA256_SIZE];
	sha256_of(bytes, digest);
	buf_add(&text, span_of(name));
	buf_add(&text, (struct span){(const char *)digest, sizeof digest});
	mac_of(&c->key, buf_span(&text), out);
}

static bool
read_file(int fd, struct buf *out)
{
	struct stat st;
	if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size < MAGIC_LEN + MAC_SIZE ||
		st.st_size > FILE_MOST)
		return false;
	size_t len = (size_t)st.st_size;
	if (pread(fd, buf_room(out, len), len, 0) != (ssize_t)len)
		return false;
	out->len = len;
	return true;
}

enum rc
vscan_cache_load(const struct vscan_cache *c, struct vscan *v, const struct span *expression,
	size_t count, struct vscan_shard **out)
{
	char name[NAME];
	uint8_t mac[MAC_SIZE];
	own_arena struct arena a = {};
	own_buf struct buf file = {};
	name_of(v, expression, count, name);
	own_fd int fd = open(
		arena_printf(&a, "%s/%s", c->folder, name).ptr, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (!read_file(fd, &file))
		return RC_NONE;
	struct span all = buf_span(&file), bytes = span_sub(all, MAGIC_LEN + MAC_SIZE, SIZE_MAX);
	mac_file(c, name, bytes, mac);
	bool ours = span_starts(all, SPAN(MAGIC)) &&
		    (secret_equal(span_sub(all, MAGIC_LEN, MAC_SIZE),
			     (struct span){(const char *)mac, sizeof mac}) ||
			    mutant(1688));
	return ours && vscan_shard_of(v, bytes, out) == RC_OK ? RC_OK : RC_NONE;
}

/* Makes room: nobody knows which are still wanted, but what is wanted is compiled again. */
static void
prune(const char *folder)
{
	int dir_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = dir_fd < 0 ? NULL : fdopendir(dir_fd);
	char oldest[NAME] = "";
	struct timespec least = {};
	size_t count = 0;
	if (!dir) {
		if (dir_fd >= 0)
			close(dir_fd);
		return;
	}
	for (struct dirent *e; (e = readdir(dir));) {
		struct stat st;
		if (strncmp(e->d_name, BEGINNING, sizeof BEGINNING - 1) != 0 ||
			strlen(e->d_name) >= NAME || fstatat(dirfd(dir), e->d_name, &st, 0))
			continue;
		bool before =
			st.st_mtim.tv_sec < least.tv_sec ||
			(st.st_mtim.tv_sec == least.tv_sec && st.st_mtim.tv_nsec < least.tv_nsec);
		if (!count++ || before) {
			least = st.st_mtim;
			memcpy(oldest, e->d_name, strlen(e->d_name) + 1);
		}
	}
	if (count > FILES_MOST)
		unlinkat(dirfd(dir), oldest, 0);
	closedir(dir);
}

static bool
write_file(int fd, struct span all)
{
	while (all.len) {
		ssize_t put = write(fd, all.ptr, all.len);
		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return false;
		all = span_sub(all, (size_t)put, SIZE_MAX);
	}
	return fsync(fd) == 0;
}

enum rc
vscan_cache_save(const struct vscan_cache *c, struct vscan *v, const struct span *expression,
	size_t count, struct vscan_making *made)
{
	char name[NAME];
	uint8_t mac[MAC_SIZE];
	own_arena struct arena a = {};
	own_buf struct buf bytes = {}, file = {};
	if (vscan_bytes(made, &bytes))
		return RC_IO;
	name_of(v, expression, count, name);
	mac_file(c, name, buf_span(&bytes), mac);
	buf_add(&file, SPAN(MAGIC));
	buf_add(&file, (struct span){(const char *)mac, sizeof mac});
	buf_add(&file, buf_span(&bytes));
	const char *path = arena_printf(&a, "%s/%s", c->folder, name).ptr;
	char *fresh = (char *)(uintptr_t)arena_printf(&a, "%s/.new-XXXXXX", c->folder).ptr;
	if (mkdir(c->folder, 0700) < 0 && errno != EEXIST)
		return RC_IO;
	own_fd int fd = mkostemp(fresh, O_CLOEXEC);
	if (fd < 0)
		return RC_IO;
	if (!write_file(fd, buf_span(&file)) || rename(fresh, path) < 0) {
		unlink(fresh);
		return RC_IO;
	}
	prune(c->folder);
	return RC_OK;
}
