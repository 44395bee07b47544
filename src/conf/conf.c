#include "conf/conf.h"

#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/own.h"
#include "conf/conf-internal.h"

enum { FILE_MOST = 1 << 20 };

struct reading {
	struct conf *conf;
	struct span rest; /* text not yet handed to inih */
	unsigned line;	  /* the one it is at */
	unsigned fault;	  /* the one that failed */
	const char *name, *node;
	enum rc rc; /* first failure */
	struct diag *why;
};

static void
fail_at(struct reading *r, unsigned line, enum rc rc)
{
	if (!r->rc) {
		r->rc = rc;
		r->fault = line;
		if (line)
			diag_where(r->why, "%s:%u", r->name, line);
		else
			diag_where(r->why, "%s", r->name);
	}
}

static int
on_pair(void *user, const char *section, const char *name, const char *value)
{
	struct reading *r = user;
	(void)section;
	if (r->rc)
		return 1;
	const struct conf_key *key = conf_keys;
	while (key->name && strcmp(key->name, name) != 0)
		key++;
	struct conf_given *given = r->conf->given;
	enum rc rc;
	if (!key->name) {
		diag_todo(r->why, "\"tocsin config describe\" lists the keys");
		rc = diag_fail(r->why, RC_BAD, "no key \"%s\"", name);
	} else if (given->line[key - conf_keys] && key->type != CONF_PATHS) {
		rc = diag_fail(r->why, RC_BAD, "%s is set twice, first in line %u", name,
			given->line[key - conf_keys]);
	} else {
		rc = conf_value_set(r->conf, key, span_of(value), r->node, r->why);
		given->line[key - conf_keys] = r->line;
	}
	if (rc)
		fail_at(r, r->line, rc);
	return 1;
}

/*
 * Hands inih one line at a time, so that we know which it is at, and refuses what inih would take
 * silently: lines beyond its buffer (it would read the rest as a new line), NUL, sections, and
 * lines that start with a blank (it would append them to the value before).
 */
static char *
next_line(char *out, int size, void *user)
{
	struct reading *r = user;
	struct span line;
	if (r->rc || !span_cut(&r->rest, '\n', &line))
		return NULL;
	r->line++;
	struct span trimmed = span_trim(line);
	const char *wrong = NULL;
	if (line.len > CONF_LINE || line.len + 2 > (size_t)size)
		wrong = "the line is too long";
	else if (span_find_byte(line, 0) != SIZE_MAX || !span_is_utf8(line))
		wrong = "the line is no UTF-8 text";
	else if (span_starts(trimmed, SPAN("[")))
		wrong = "there are no sections here";
	else if (trimmed.len && trimmed.ptr != line.ptr)
		wrong = "the line starts with a blank";
	if (wrong) {
		fail_at(r, r->line, diag_fail(r->why, RC_BAD, "%s", wrong));
		return NULL;
	}
	memcpy(out, line.ptr, line.len);
	memcpy(out + line.len, "\n", 2);
	return out;
}

static struct conf *
conf_new(const char *node)
{
	struct conf *conf = mem_new(sizeof *conf);
	conf->given = mem_new(sizeof *conf->given);
	size_t count = 0;
	while (conf_keys[count].name)
		count++;
	conf->given->line = arena_new(&conf->given->arena, count * sizeof *conf->given->line);
	for (const struct conf_key *key = conf_keys; key->name; key++) {
		enum rc rc = conf_value_set(conf, key, span_of(key->normal), node, NULL);
		if (rc)
			abort(); /* a default outside its own bounds: a unit test reads them all */
	}
	return conf;
}

enum rc
conf_parse(
	struct span text, const char *name, const char *node, struct conf **out, struct diag *why)
{
	struct reading r = {.rest = text, .name = name, .node = node, .why = why};
	diag_where(why, "%s", name);
	if (text.len > FILE_MOST)
		return diag_fail(why, RC_LIMIT, "larger than 1 MiB");
	r.conf = conf_new(node);
	int line = text.len ? ini_parse_stream(next_line, &r, on_pair, &r) : 0;
	if (line > 0 && (!r.rc || (unsigned)line < r.fault)) {
		r.rc = RC_OK;
		diag_todo(why, "%s", "");
		fail_at(&r, (unsigned)line, diag_fail(why, RC_BAD, "not \"name = value\""));
	}
	const struct conf_key *at = NULL;
	if (!r.rc) {
		enum rc rc = conf_agree(r.conf, &at, why);
		if (rc)
			fail_at(&r, conf_line(r.conf, at), rc);
	}
	if (r.rc)
		conf_free(r.conf);
	else
		*out = r.conf;
	return r.rc;
}

enum rc
conf_read(const char *path, const char *node, struct conf **out, struct diag *why)
{
	diag_where(why, "%s", path);
	own_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0 && errno == ENOENT) {
		diag_todo(why, "\"tocsin init\" makes one anew; an empty one means all defaults");
		return diag_fail(why, RC_NONE, "there is no configuration");
	}
	if (fd < 0)
		return diag_fail(why, RC_IO, "%s", strerror(errno));
	own_buf struct buf text = {};
	while (text.len <= FILE_MOST) {
		ssize_t got = read(fd, buf_room(&text, 1 << 16), 1 << 16);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return diag_fail(why, RC_IO, "%s", strerror(errno));
		if (!got)
			break;
		text.len += (size_t)got;
	}
	return conf_parse(buf_span(&text), path, node, out, why);
}

void
conf_free(struct conf *conf)
{
	if (!conf)
		return;
	arena_fini(&conf->given->arena);
	free(conf->given);
	free(conf);
}

unsigned
conf_line(const struct conf *conf, const struct conf_key *key)
{
	return conf->given->line[key - conf_keys];
}
