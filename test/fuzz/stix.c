/* Reading and judging a STIX text; what is read must survive versioning, marking and canonical
 * text. */
#include <stddef.h>
#include <stdint.h>

#include "base/must.h"
#include "codec/jcs.h"
#include "stix/check.h"
#include "stix/id.h"
#include "stix/marking.h"
#include "stix/version.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
use_object(const struct stix_object *o)
{
	static const struct span mark[] = {
		{"marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1", 56}};
	struct stix_marks red = {.marks = {mark, 1}};
	own_buf struct buf text = {}, next = {};
	char id[STIX_ID_TEXT];
	struct diag why;
	must(stix_relate(o, o) == STIX_SAME || o->revoked);
	must(stix_tlp(o, NULL).level <= TLP_RED);
	if (stix_id_of_sco(o->root, id, &why) == RC_OK)
		must(stix_id_parse(span_of(id), NULL, NULL) == RC_OK);
	if (jcs_write(&text, o->root, &why) == RC_OK) {
		own_stix struct stix_object again = {};
		must(stix_read(buf_span(&text), &again, &why) == RC_OK);
		must(stix_relate(o, &again) == STIX_SAME);
	}
	if (stix_version_revoke(o, 0, &next, &why) == RC_OK) {
		own_stix struct stix_object later = {};
		must(stix_read(buf_span(&next), &later, &why) == RC_OK);
		must(stix_relate(o, &later) == STIX_NEWER && later.revoked);
	}
	buf_reset(&next);
	if (stix_marks_change(o->root, STIX_MARKS_ADD, &red, 0, &next, &why) == RC_OK) {
		own_stix struct stix_object marked = {};
		must(stix_read(buf_span(&next), &marked, &why) == RC_OK);
		must(stix_tlp(&marked, NULL).level == TLP_RED);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct stix_options strict = {.level = STIX_SHOULD,
		.flags = STIX_STRICT_TYPES | STIX_STRICT_PROPERTIES | STIX_ENFORCE_REFS |
			 STIX_INTEROP | STIX_ACCEPT_2_0};
	static const struct stix_options lax = {.flags = STIX_FIRST_ONLY};
	struct span text = {(const char *)data, size};
	own_stix struct stix_object o = {};
	own_verdicts struct stix_verdicts v = {};
	struct diag why;
	(void)!stix_check_text(text, &strict, &v);
	stix_verdicts_reset(&v);
	enum rc whole = stix_check_text(text, &lax, &v);
	if (stix_read(text, &o, &why) == RC_OK) {
		stix_verdicts_reset(&v);
		must(stix_check(&o, &lax, &v) == whole);
		use_object(&o);
	} else if (whole == RC_OK) {
		/* Only bundles and lists are judged without being objects. */
		must(size && (data[0] == '[' || data[0] == '{' || data[0] <= ' '));
	}
	return 0;
}
