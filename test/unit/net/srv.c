/* SRV records out of DNS messages typed in by hand from RFC 1035 section 4 and RFC 2782. */
#include <stdlib.h>
#include <string.h>

#include "../test.h"

#include "net/srv.h"

#define ID "\x12\x34\x81\x80" /* a response */
#define COUNTS(q, a) "\0" q "\0" a "\0\0\0\0"
#define QUESTION "\7_taxii2\4_tcp\7example\3org\0\0\x21\0\1"
#define POINTER "\xc0\x0c" /* to the question's name */
#define DOMAIN "\xc0\x19"  /* to example.org in it */
#define SRV(len) POINTER "\0\x21\0\1\0\0\0\x3c\0" len

static enum rc
reading(struct span message, struct srv_list *out)
{
	struct diag why = {};
	/* Exactly its bytes, so that a sanitizer sees whoever reads past them. */
	char *copy = malloc(message.len + !message.len);
	memcpy(copy, message.ptr, message.len);
	enum rc code = srv_read((struct span){copy, message.len}, out, &why);
	free(copy);
	return code;
}

static void
records_are_read_in_their_order(void **state)
{
	(void)state;
	struct srv_list list;
	struct span message = SPAN(ID COUNTS("\1", "\4") QUESTION
			/* an alias first, then three servers, names compressed and not */
			POINTER
		"\0\5\0\1\0\0\0\x3c\0\2" DOMAIN SRV("\xb") "\0\5\0\0\1\xbb\2t2" DOMAIN
			SRV("\xb") "\0\0\0\5\1\xbb\2t1" DOMAIN SRV(
				"\x15") "\0\0\0\x9\x20\xfb\5other\7example\0");
	assert_rc(reading(message, &list), RC_OK);
	assert_int_equal(list.len, 3);
	assert_string_equal(list.at[0].host, "other.example");
	assert_int_equal(list.at[0].port, 8443);
	assert_string_equal(list.at[1].host, "t1.example.org");
	assert_int_equal(list.at[1].port, 443);
	assert_int_equal(list.at[1].weight, 5);
	assert_string_equal(list.at[2].host, "t2.example.org");
	/* Cut anywhere, it is read as far as it goes. */
	for (size_t len = 0; len < message.len; len++)
		if (reading(span_sub(message, 0, len), &list) == RC_OK)
			assert_true(list.len > 0 && list.len <= 3);
}

static void
what_offers_no_server_is_passed_over(void **state)
{
	(void)state;
	static const struct span none[] = {
		SPAN(ID COUNTS("\1", "\0") QUESTION),
		SPAN(ID COUNTS("\1", "\1") QUESTION SRV("\7") "\0\0\0\0\1\xbb\0"), /* "." */
		SPAN(ID COUNTS("\1", "\1")
				QUESTION SRV("\xb") "\0\0\0\0\0\0\2t1" DOMAIN), /* port 0 */
		SPAN(ID COUNTS("\1", "\1") QUESTION SRV("\xb") "\0\0\0\0\1\xbb\2/@" DOMAIN),
		SPAN(ID COUNTS("\1", "\1") QUESTION SRV("\6") "\0\0\0\0\1\xbb"),
		SPAN(ID COUNTS("\1", "\1")
				QUESTION SRV("\x8") "\0\0\0\0\1\xbb\xc0\x40"), /* itself */
		SPAN(ID COUNTS("\1", "\1") QUESTION SRV("\xff") "\0\0\0\0\1\xbb\2t1" DOMAIN),
	};
	struct srv_list list;
	for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
		assert_rc(reading(none[i], &list), RC_NONE);
	assert_rc(reading(SPAN(""), &list), RC_BAD);
	assert_rc(reading(SPAN("\x12\x34\x01\0" COUNTS("\0", "\0")), &list), RC_BAD);
	assert_rc(reading(SPAN(ID COUNTS("\1", "\0") "\x40"), &list), RC_BAD);
	assert_rc(reading(SPAN(ID COUNTS("\1", "\0") "\xc0\x0c\0\x21\0\1"), &list), RC_BAD);
}

static void
a_list_has_an_end(void **state)
{
	(void)state;
	struct srv_list list;
	char text[4096] = ID COUNTS("\1", "\x28") QUESTION;
	size_t len = sizeof(ID COUNTS("\1", "\x28") QUESTION) - 1;
	static const char one[] = SRV("\xb") "\0\0\0\0\1\xbb\2t1" DOMAIN;
	for (int i = 0; i < 40; i++, len += sizeof one - 1)
		memcpy(text + len, one, sizeof one - 1);
	assert_rc(reading((struct span){text, len}, &list), RC_OK);
	assert_int_equal(list.len, SRV_MOST);
	assert_rc(srv_lookup(SPAN("no name"), &list, NULL), RC_NONE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_are_read_in_their_order),
		cmocka_unit_test(what_offers_no_server_is_passed_over),
		cmocka_unit_test(a_list_has_an_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
