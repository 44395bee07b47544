/* Request targets, heads, URLs and queries: first byte chooses. */
#include <stdlib.h>
#include <string.h>

#include "base/must.h"
#include "net/cert.h"
#include "net/head.h"
#include "net/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
try_target(struct span text)
{
	own_arena struct arena a = {};
	struct target t;
	const char *why = NULL;
	if (head_target(&a, text, &t, &why) != 0) {
		must(why);
		return;
	}
	must(t.path.len > 0 && (t.path.ptr[0] == '/' || span_eq(t.path, SPAN("*"))));
	must(span_is_utf8(t.path) && span_find(t.path, SPAN("/../")) == SIZE_MAX);
	for (size_t i = 0; i < t.path.len; i++)
		must((unsigned char)t.path.ptr[i] >= 0x20);
	struct span plain;
	if (t.query.ptr && url_decode(&a, t.query, &plain) == RC_OK)
		must(plain.len <= t.query.len);
}

/* Lines "name:value" become a head's fields. */
static void
try_head(struct span text)
{
	struct head_field fields[32];
	struct head h = {SPAN("GET"), SPAN("/"), SPAN("HTTP/1.1"), fields, 0};
	struct framing f = {};
	const char *why = NULL;
	struct span rest = text, line;
	while (h.len < 32 && span_cut(&rest, '\n', &line)) {
		size_t colon = span_find_byte(line, ':');
		fields[h.len].name = span_sub(line, 0, colon);
		fields[h.len++].value =
			colon == SIZE_MAX ? SPAN("") : span_sub(line, colon + 1, SIZE_MAX);
	}
	if (head_check(&h, &f, &why) == 0)
		must(!(f.chunked && f.has_length));
	else
		must(why);
	/* Places inside the text, as a parser would have left them. */
	h.method = span_sub(text, 0, 3);
	h.target = span_sub(text, 4, 1);
	h.version = span_sub(text, 6, 8);
	(void)!head_layout(text, &h);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	struct span text = {(const char *)data + 1, size - 1};
	struct http_url u;
	struct span host;
	struct cert c;
	uint16_t port;
	uint8_t pin[CERT_PIN];
	switch (data[0] % 4) {
	case 0: try_target(text); break;
	case 1: try_head(text); break;
	case 2:
		if (http_url_parse(text, &u, NULL) == RC_OK)
			must(u.host.len && u.path.len && u.port && url_same_origin(&u, &u));
		(void)!address_parse(text, &host, &port, NULL);
		(void)!cert_pin_parse(text, pin);
		break;
	case 3: (void)!cert_read(text, &c, NULL); break;
	}
	return 0;
}
