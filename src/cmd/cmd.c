#include "cmd/cmd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/must.h"
#include "base/own.h"
#include "cmd/help.h"
#include "cmd/parse.h"
#include "cmd/row.h"
#include "match/time.h"

/* An option asked for must stand in the table: a misspelt name would otherwise never be seen. */
static const struct cmd_option *
declared(const struct cmd_env *env, const char *name)
{
	const struct cmd_option *found = NULL;
	for (const struct cmd_option *o = env->command->options; o && o->name && !found; o++)
		if (!strcmp(o->name, name))
			found = o;
	must(found);
	return found;
}

const char *
cmd_next(const struct cmd_env *env, const char *name, size_t *at)
{
	const struct cmd_option *option = declared(env, name);
	while (*at < env->values) {
		const struct cmd_value *value = &env->value[(*at)++];
		if (value->option == option)
			return value->text;
	}
	return NULL;
}

const char *
cmd_option(const struct cmd_env *env, const char *name)
{
	const char *last = NULL, *text;
	for (size_t at = 0; (text = cmd_next(env, name, &at));)
		last = text;
	return last;
}

bool
cmd_flag(const struct cmd_env *env, const char *name)
{
	const struct cmd_option *option = declared(env, name);
	for (size_t i = 0; i < env->values; i++)
		if (env->value[i].option == option)
			return true;
	return false;
}

int
cmd_choice(const struct cmd_env *env, const char *name, int absent)
{
	const char *text = cmd_option(env, name);
	return text ? parse_choice(span_of(declared(env, name)->arg), span_of(text)) : absent;
}

bool
cmd_number(const struct cmd_env *env, const char *name, uint64_t min, uint64_t max, uint64_t *out)
{
	const char *text = cmd_option(env, name);
	if (!text)
		return true;
	uint64_t value;
	if (span_to_u64(span_of(text), &value) && value >= min && value <= max) {
		*out = value;
		return true;
	}
	cmd_usage(env, "--%s takes a number from %llu to %llu, not \"%s\"", name,
		(unsigned long long)min, (unsigned long long)max, text);
	return false;
}

bool
cmd_duration(const struct cmd_env *env, const char *name, int64_t *out)
{
	const char *text = cmd_option(env, name);
	if (!text || time_span_parse(span_of(text), out) == RC_OK)
		return true;
	cmd_usage(
		env, "--%s takes a time such as 90s, 36h, 7d, 9mo or P30D, not \"%s\"", name, text);
	return false;
}

/* What people write: a date alone, minutes without seconds, any zone; TIME_NONE where it is none of these. */
static int64_t
read_instant(struct span text, enum cmd_edge edge)
{
	int64_t at = TIME_NONE, day = 86400 * SECOND;
	own_buf struct buf whole = {};
	if (time_parse(text, &at, NULL) == RC_OK)
		return at;
	/* "2026-01-31", "2026-01-31T10:00" and either with a zone behind */
	if (text.len >= 16 && text.ptr[13] == ':' && (text.len == 16 || text.ptr[16] != ':')) {
		buf_add(&whole, span_sub(text, 0, 16));
		buf_add(&whole, SPAN(":00"));
		buf_add(&whole, span_sub(text, 16, SIZE_MAX));
		return time_iso(buf_span(&whole));
	}
	if (text.len != 10)
		return time_iso(text);
	buf_add(&whole, text);
	buf_add(&whole, SPAN("T00:00:00Z"));
	at = time_iso(buf_span(&whole));
	return at != TIME_NONE && edge == EDGE_END ? at + day : at;
}

bool
cmd_instant(const struct cmd_env *env, const char *name, enum cmd_edge edge, int64_t *out)
{
	const char *text = cmd_option(env, name);
	if (!text)
		return true;
	int64_t ago, at = read_instant(span_of(text), edge);
	if (at == TIME_NONE && time_span_parse(span_of(text), &ago) == RC_OK)
		at = clock_now(env->clock) - ago;
	if (at != TIME_NONE) {
		*out = at;
		return true;
	}
	cmd_usage(env,
		"--%s takes a date such as 2026-01-31, an instant such as 2026-01-31T07:00:00Z or "
		"2026-01-31T08:00+01:00, or a time ago such as 36h or 9mo, not \"%s\"",
		name, text);
	return false;
}

/* Words of the line, names of files and what peers said are in it: nothing may steer the terminal. */
[[gnu::format(printf, 1, 0)]] static void
say_line(const char *format, va_list args)
{
	own_mem char *text = NULL;
	must(vasprintf(&text, format, args) >= 0);
	row_plain(stderr, span_of(text));
	fputc('\n', stderr);
}

enum cmd_exit
cmd_usage(const struct cmd_env *env, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	fputs("tocsin: ", stderr);
	say_line(format, args);
	va_end(args);
	help_usage(stderr, env->parent, env->command);
	return CMD_USAGE;
}

void
cmd_warn(const struct diag *why)
{
	fflush(stdout);
	fputs("tocsin: ", stderr);
	row_plain(stderr, span_of(why->where));
	fputs(*why->where ? ": " : "", stderr);
	row_plain(stderr, span_of(*why->what ? why->what : "failed"));
	fputs(*why->todo ? "; " : "", stderr);
	row_plain(stderr, span_of(why->todo));
	fputc('\n', stderr);
}

enum cmd_exit
cmd_fail(const struct diag *why)
{
	cmd_warn(why);
	return CMD_FAIL;
}

enum cmd_exit
cmd_refuse(const struct cmd_env *env, enum rc code, const struct diag *why)
{
	cmd_warn(why);
	if (code != RC_BAD)
		return CMD_FAIL;
	help_usage(stderr, env->parent, env->command);
	return CMD_USAGE;
}

void
cmd_say(const struct cmd_env *env, const char *format, ...)
{
	if (env->quiet)
		return;
	fflush(stdout);
	va_list args;
	va_start(args, format);
	say_line(format, args);
	va_end(args);
}

enum rc
cmd_read(const char *path, size_t limit, struct buf *out, struct diag *why)
{
	bool is_stdin = !strcmp(path, "-");
	diag_where(why, "%s", is_stdin ? "stdin" : path);
	own_fd int opened = is_stdin ? -1 : open(path, O_RDONLY | O_CLOEXEC);
	int fd = is_stdin ? STDIN_FILENO : opened;
	if (fd < 0)
		return diag_fail(why, errno == ENOENT ? RC_NONE : RC_IO, "%s", strerror(errno));
	for (;;) {
		size_t room = limit - out->len < 1 << 16 ? limit - out->len + 1 : 1 << 16;
		ssize_t got = read(fd, buf_room(out, room), room);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return diag_fail(why, RC_IO, "%s", strerror(errno));
		if (!got)
			return RC_OK;
		if ((size_t)got > limit - out->len)
			return diag_fail(why, RC_LIMIT, "larger than %zu bytes", limit);
		out->len += (size_t)got;
	}
}

static enum rc
read_line(struct buf *out, struct diag *why)
{
	enum { LONGEST = 1024 };
	/* Byte by byte: what follows the line is left for whoever reads next. */
	for (;;) {
		char byte;
		ssize_t got = read(STDIN_FILENO, &byte, 1);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return diag_fail(why, RC_IO, "%s", strerror(errno));
		if (!got || byte == '\n')
			break;
		if (!byte || out->len == LONGEST)
			return diag_fail(why, RC_BAD,
				"a secret is a line of 1 to %d bytes without NUL", LONGEST);
		buf_add_byte(out, byte);
	}
	if (out->len && out->ptr[out->len - 1] == '\r')
		out->len--;
	return RC_OK;
}

enum rc
cmd_read_secret(struct buf *out, struct diag *why)
{
	struct termios normal, silent;
	bool terminal = tcgetattr(STDIN_FILENO, &normal) == 0;
	diag_where(why, "stdin");
	if (terminal) {
		silent = normal;
		silent.c_lflag &= ~(tcflag_t)ECHO;
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
		fputs("secret (not shown): ", stderr);
	}
	enum rc rc = read_line(out, why);
	if (terminal) {
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &normal);
		fputc('\n', stderr);
	}
	if (!rc && !out->len)
		return diag_fail(why, RC_BAD, "no secret on the first line");
	return rc;
}

const char *
cmd_node_path(struct cmd_env *env, const char *name)
{
	return arena_printf(&env->arena, "%s/%s", env->node, name).ptr;
}
