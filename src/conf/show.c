#include "base/buf.h"
#include "base/clock.h"
#include "conf/conf-internal.h"

static void
bytes_show(int64_t value, struct buf *out)
{
	static const char units[] = {0, 'K', 'M', 'G'};
	size_t i = 0;
	for (; value && value % 1024 == 0 && i < 3; i++)
		value /= 1024;
	buf_printf(out, "%lld", (long long)value);
	if (units[i])
		buf_add_byte(out, units[i]);
}

static void
time_show(int64_t value, struct buf *out)
{
	static const struct {
		int64_t us;
		const char *unit;
	} steps[] = {{86400 * SECOND, "d"}, {3600 * SECOND, "h"}, {60 * SECOND, "m"}};
	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
		if (value && value % steps[i].us == 0) {
			buf_printf(out, "%lld%s", (long long)(value / steps[i].us), steps[i].unit);
			return;
		}
	if (value % SECOND)
		buf_printf(out, "%.6gs", (double)value / SECOND);
	else
		buf_printf(out, "%llds", (long long)(value / SECOND));
}

static void
number_show(enum conf_type type, int64_t value, struct buf *out)
{
	if (type == CONF_BYTES)
		bytes_show(value, out);
	else if (type == CONF_TIME)
		time_show(value, out);
	else
		buf_printf(out, "%lld", (long long)value);
}

void
conf_show(const struct conf *conf, const struct conf_key *key, struct buf *out)
{
	const void *member = (const char *)conf + key->offset;
	const struct conf_address *address = member;
	const char *text;
	switch (key->type) {
	case CONF_TEXT:
	case CONF_PATH:
		text = *(const char *const *)member;
		buf_add(out, text ? span_of(text) : SPAN(""));
		break;
	case CONF_PATHS:
		for (const char *const *p = *(const char *const *const *)member; *p; p++)
			buf_printf(out, "%s%s", out->len ? "\n" : "", *p);
		break;
	case CONF_ADDRESS:
		if (!address->host[0])
			break;
		if (span_find_byte(span_of(address->host), ':') != SIZE_MAX)
			buf_printf(out, "[%s]:%u", address->host, address->port);
		else
			buf_printf(out, "%s:%u", address->host, address->port);
		break;
	case CONF_FLAG: buf_add(out, *(const bool *)member ? SPAN("yes") : SPAN("no")); break;
	case CONF_COUNT:
	case CONF_BYTES:
	case CONF_TIME: number_show(key->type, *(const int64_t *)member, out); break;
	}
}

void
conf_bounds(const struct conf_key *key, struct buf *out)
{
	static const char *const words[] = {"text", "a path", "a path", "ADDR:PORT", "a number",
		"bytes", "a time", "yes or no"};
	buf_printf(out, "%s", words[key->type]);
	if (key->type == CONF_TEXT)
		buf_printf(out, " of at most %lld bytes", (long long)key->max);
	if (key->type != CONF_COUNT && key->type != CONF_BYTES && key->type != CONF_TIME)
		return;
	buf_add(out, SPAN(" from "));
	number_show(key->type, key->min, out);
	buf_add(out, SPAN(" to "));
	number_show(key->type, key->max, out);
}
