#include "stix/edit-internal.h"

#include "base/clock.h"
#include "base/must.h"
#include "base/own.h"
#include "codec/json.h"
#include "stix/object.h"

void
stix_mut_set_modified(yyjson_mut_doc *doc, yyjson_mut_val *root, const yyjson_val *old, int64_t now)
{
	struct stix_time before;
	char text[TIME_TEXT];
	if (stix_time_read(json_get_span(old, "modified"), &before))
		return;
	/* Milliseconds are written: the old one's plus one is later, whatever digits it has. */
	int64_t whole = before.at - ((before.at % 1000) + 1000) % 1000;
	time_text_ms(now > whole + 1000 ? now : whole + 1000, text);
	yyjson_mut_obj_put(root, yyjson_mut_str(doc, "modified"), yyjson_mut_strcpy(doc, text));
}

void
stix_mut_write(struct buf *out, const yyjson_mut_val *root)
{
	size_t len;
	own_mem char *text = yyjson_mut_val_write(root, 0, &len);
	must(text != NULL);
	buf_add(out, (struct span){text, len});
}
