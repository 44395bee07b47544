#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "conf/conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is accepted must survive being shown and read again, key for key. */
static void
show_again(const struct conf *conf)
{
	own_buf struct buf text = {};
	for (const struct conf_key *key = conf_keys; key->name; key++) {
		own_buf struct buf value = {};
		conf_show(conf, key, &value);
		struct span rest = value.len ? buf_span(&value) : SPAN(""), line;
		if (!rest.len || !conf_line(conf, key))
			continue;
		while (span_cut(&rest, '\n', &line))
			buf_printf(&text, "%s = %.*s\n", key->name, (int)line.len, line.ptr);
	}
	/* A relative path shows with its folder before it and may not fit a line any more. */
	struct span rest = text.len ? buf_span(&text) : SPAN(""), line;
	while (span_cut(&rest, '\n', &line))
		if (line.len > CONF_LINE)
			return;
	struct conf *again = NULL;
	struct diag why = {};
	if (conf_parse(text.len ? buf_span(&text) : SPAN(""), "again", "/node", &again, &why))
		abort();
	conf_free(again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct conf *conf = NULL;
	struct diag why = {};
	if (conf_parse((struct span){(const char *)data, size}, "fuzz", "/node", &conf, &why) ==
		RC_OK)
		show_again(conf);
	conf_free(conf);
	return 0;
}
