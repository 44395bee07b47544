#include "../test.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/own.h"
#include "codec/json.h"
#include "stix/id.h"

static enum rc
id_of(struct span text, char out[static STIX_ID_TEXT])
{
	own_json yyjson_doc *doc = NULL;
	assert_rc(json_read(text, NULL, &doc, NULL), RC_OK);
	return stix_id_of_sco(yyjson_doc_get_root(doc), out, NULL);
}

#define assert_id(text, expected) \
	do { \
		char id_[STIX_ID_TEXT]; \
		assert_rc(id_of(SPAN(text), id_), RC_OK); \
		assert_string_equal(id_, expected); \
	} while (0)

static void
the_standards_example_has_its_id(void **state)
{
	(void)state;
	assert_id("{\"type\":\"ipv4-addr\",\"value\":\"198.51.100.3\"}",
		"ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4");
	assert_id("{\"value\":\"198.51.100.3\",\"defanged\":true,\"type\":\"ipv4-addr\",\"x\":1}",
		"ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4");
}

/* Section 2.9: one hash contributes, MD5 before SHA-1 before SHA-256 before SHA-512. */
static void
only_one_hash_contributes(void **state)
{
	(void)state;
	char one[STIX_ID_TEXT], two[STIX_ID_TEXT];
	assert_rc(id_of(SPAN("{\"type\":\"file\",\"hashes\":{\"SHA-512\":\"5\",\"SHA-256\":\"2\","
			     "\"SHA-1\":\"1\","
			     "\"MD5\":\"m\"}}"),
			  one),
		RC_OK);
	assert_rc(id_of(SPAN("{\"type\":\"file\",\"hashes\":{\"MD5\":\"m\"}}"), two), RC_OK);
	assert_string_equal(one, two);
	/* Also before one whose name sorts first. */
	assert_rc(id_of(SPAN("{\"type\":\"file\",\"hashes\":{\"BLAKE3\":\"b\",\"SHA-512\":\"5\"}}"),
			  one),
		RC_OK);
	assert_rc(id_of(SPAN("{\"type\":\"file\",\"hashes\":{\"SHA-512\":\"5\"}}"), two), RC_OK);
	assert_string_equal(one, two);
	assert_rc(id_of(SPAN("{\"type\":\"file\",\"hashes\":{\"TLSH\":\"t\",\"SSDEEP\":\"s\"}}"),
			  one),
		RC_OK);
	assert_rc(id_of(SPAN("{\"type\":\"file\",\"hashes\":{\"SSDEEP\":\"s\"}}"), two), RC_OK);
	assert_string_equal(one, two);
}

static void
without_contributing_properties_there_is_none(void **state)
{
	(void)state;
	char id[STIX_ID_TEXT];
	assert_rc(id_of(SPAN("{\"type\":\"process\",\"pid\":1}"), id), RC_NONE);
	assert_rc(id_of(SPAN("{\"type\":\"file\",\"size\":1}"), id), RC_NONE);
	assert_rc(id_of(SPAN("{\"type\":\"tool\",\"name\":\"x\"}"), id), RC_UNKNOWN);
	assert_rc(id_of(SPAN("{\"type\":\"file\",\"hashes\":{}}"), id), RC_BAD);
}

/* RFC 9562 appendix A.4. */
static void
uuid_v5_is_that_of_the_rfc(void **state)
{
	(void)state;
	struct uuid dns, made;
	char text[UUID_TEXT];
	assert_rc(uuid_parse(SPAN("6ba7b810-9dad-11d1-80b4-00c04fd430c8"), &dns), RC_OK);
	made = stix_uuid_v5(&dns, SPAN("www.example.com"));
	uuid_text(&made, text);
	assert_string_equal(text, "2ed6657d-e927-568b-95e1-2665a8aea6a2");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_standards_example_has_its_id),
		cmocka_unit_test(only_one_hash_contributes),
		cmocka_unit_test(without_contributing_properties_there_is_none),
		cmocka_unit_test(uuid_v5_is_that_of_the_rfc),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
