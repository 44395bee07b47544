#include "../test.h"

#include <stdio.h>

#include "base/buf.h"
#include "base/clock.h"
#include "codec/json.h"
#include "pattern/match.h"

/* One observation at 2020-01-01T00:00:00Z of these objects (the deprecated form: names are keys).
 */
#define OBSERVED(objects) \
	"{\"type\":\"observed-data\",\"first_observed\":\"2020-01-01T00:00:00Z\"," \
	"\"last_observed\":\"2020-01-01T00:00:00Z\",\"number_observed\":1,\"objects\":{" objects \
	"}}"

static enum rc
run(const char *json, const char *pattern, struct diag *why)
{
	own_arena struct arena a = {};
	own_json yyjson_doc *doc = NULL;
	own_matcher struct matcher *m = NULL;
	own_observations struct observations *o = observations_new();
	struct pattern p = {};
	assert_rc(json_read(span_of(json), &(struct json_limits){}, &doc, why), RC_OK);
	enum rc rc = pattern_parse(span_of(pattern), &a, &p, why);
	if (!rc)
		rc = matcher_new(&p, &m, why);
	if (!rc)
		rc = observations_add(o, yyjson_doc_get_root(doc), why);
	observations_link(o);
	return rc ? rc : matcher_run(m, o, why);
}

static void
assert_verdict(const char *json, const char *pattern, enum rc expected)
{
	struct diag why = {};
	enum rc rc = run(json, pattern, &why);
	if (rc != expected)
		fail_msg("%s: %s, not %s; %s: %s", pattern, rc_word(rc), rc_word(expected),
			why.where, why.what);
}

static void
assert_each(const char *json, const char *const *patterns, enum rc expected)
{
	for (; *patterns; patterns++)
		assert_verdict(json, *patterns, expected);
}

static const char *const things = OBSERVED(
	"\"0\":{\"type\":\"x\",\"i\":5,\"big\":9007199254740991,\"f\":1.5,\"s\":\"caf\xc3\xa9\","
	"\"t\":\"2020-02-03T04:05:06.1234567Z\",\"b\":true,\"nul\":null,\"empty\":[],"
	"\"list\":[1,2,3],\"deep\":[{\"k\":[\"a\",\"b\"]},{\"k\":[\"c\"]}],"
	"\"raw_bin\":\"dGhpcyBpcyBhIHRlc3Q=\",\"raw_hex\":\"00FFd8\",\"bad_hex\":\"zz\","
	"\"dict\":{\"a-b\":\"v\",\"MD5\":\"0cc175b9c0f1b6a831c399e269772661\"},"
	"\"net\":\"198.51.100.0/27\",\"six\":\"2001:DB8:0:0::1\"}");

static void
comparisons_follow_their_types(void **state)
{
	(void)state;
	assert_each(things,
		(const char *const[]){"[x:i = 5.0]", "[x:i > 4.99]", "[x:i <= 5]", "[x:i != 6]",
			"[x:f = 1.5]", "[x:f > 1]", "[x:f < 2]", "[x:f != 1]", "[x:b = true]",
			"[x:b != 1]", "[x:s = 'caf\xc3\xa9']", "[x:s > 'caf']",
			"[x:s < 'caf\xc3\xaa']", "[x:s = h'636166e9']", "[x:s != 5]",
			"[x:i NOT = '5']", "[x:i NOT > '5']", "[x:i IN (1, 5)]",
			"[x:f IN (1, 1.5)]", "[x:i NOT IN ('5', '6')]",
			"[x:big < 9007199254740992]", "[x:big < 9007199254740991.5]",
			"[x:big > -99999999999999999999999]", "[x:s NOT LIKE 'x%']",
			"[x:i NOT LIKE '5']", NULL},
		RC_OK);
	assert_each(things,
		(const char *const[]){"[x:i = '5']", "[x:i = true]", "[x:b = 1]", "[x:b = 'true']",
			"[x:s = 5]", "[x:s < 5]", "[x:s >= 5]", "[x:f = 1]", "[x:i NOT != '5']",
			"[x:s = 'cafe\xcc\x81']", "[x:i IN ()]", "[x:list = 1]", "[x:i > 'a']",
			"[x:i LIKE '5']", "[y:i = 5]", "[x:s ISSUBSET '0.0.0.0/0']", NULL},
		RC_NONE);
}

static void
absent_paths_are_false_whatever_the_operator(void **state)
{
	(void)state;
	assert_each(things,
		(const char *const[]){"[x:no = 1]", "[x:no != 1]", "[x:no NOT = 1]",
			"[x:no NOT IN (1)]", "[x:no NOT LIKE 'a']", "[EXISTS x:no.deep]",
			"[x:empty[*] != 1]", "[x:list[3] != 1]", "[x:list[-1] != 1]",
			"[x:i.sub != 1]", "[x:i[0] != 1]", "[NOT EXISTS x:i]", "[NOT EXISTS y:i]",
			NULL},
		RC_NONE);
	assert_each(things,
		(const char *const[]){"[EXISTS x:i]", "[EXISTS x:empty]", "[EXISTS x:list[2]]",
			"[NOT EXISTS x:no]", "[NOT EXISTS x:list[3]]", NULL},
		RC_OK);
}

static void
a_null_is_there_and_equals_no_constant(void **state)
{
	(void)state;
	assert_each(things,
		(const char *const[]){"[EXISTS x:nul]", "[x:nul != 1]", "[x:nul != 'a']",
			"[x:nul NOT = 1]", "[x:nul NOT IN ('a')]", "[x:nul NOT LIKE '%']", NULL},
		RC_OK);
	assert_each(things,
		(const char *const[]){"[NOT EXISTS x:nul]", "[x:nul = 1]", "[x:nul <= 1]",
			"[x:nul = 'null']", "[x:nul = false]", "[x:nul IN ('a')]",
			"[x:nul LIKE '%']", "[x:nul MATCHES '']", "[x:nul ISSUBSET '0.0.0.0/0']",
			"[x:nul.a != 1]", "[x:nul[0] != 1]", NULL},
		RC_NONE);
}

static void
only_observable_objects_match(void **state)
{
	(void)state;
	const char *mixed = OBSERVED("\"0\":{\"type\":\"malware\",\"name\":\"a\"},"
				     "\"1\":{\"type\":\"x\",\"k_ref\":\"0\"}");
	assert_each(mixed,
		(const char *const[]){"[malware:name = 'a']", "[EXISTS malware:name]",
			"[NOT EXISTS malware:size]", "[malware:name != 'b']", NULL},
		RC_NONE);
	assert_verdict(mixed, "[x:k_ref.name = 'a']", RC_OK);
}

static void
sets_hold_values_of_every_type(void **state)
{
	(void)state;
	assert_each(things,
		(const char *const[]){"[x:s IN ('z', 'a', 'caf\xc3\xa9', 'b')]",
			"[x:s IN (h'636166e9', h'')]", "[x:f IN (2, 1.5, -1, 1)]",
			"[x:big IN (9007199254740991, 9007199254740990.5)]",
			"[x:b IN (false, true)]", "[x:raw_hex IN ('a', 'aa', '')] OR [x:i = 5]",
			"[x:raw_hex IN (b'AP/Y', h'00')]",
			"[x:raw_bin IN ('x', '\xc4\x80', 'this is a test')]",
			"[x:t IN (t'2020-01-01T00:00:00Z', t'2020-02-03T04:05:06.1234567Z')]",
			"[x:list[*] IN (9, 3)]", "[x:list[*] NOT IN (9, 4)]", NULL},
		RC_OK);
	assert_each(things,
		(const char *const[]){"[x:s IN ('z', 'a', 'b')]", "[x:i IN ('5', '6')]",
			"[x:s IN (1, 2)]", "[x:raw_hex IN (5)]", "[x:raw_hex IN ('00ffd8')]",
			"[x:raw_bin IN ('\xc4\x80')]", "[x:i IN (t'2020-01-01T00:00:00Z')]",
			"[x:t IN (t'2020-02-03T04:05:06.1234566Z')]", "[x:b IN (1, 0)]", NULL},
		RC_NONE);
}

static void
lists_and_dictionaries_are_walked(void **state)
{
	(void)state;
	assert_each(things,
		(const char *const[]){"[x:list[0] = 1]", "[x:list[*] = 3]",
			"[x:deep[*].k[*] = 'c']", "[x:deep[0].k[1] = 'b']", "[x:dict.'a-b' = 'v']",
			"[x:'dict'.'a-b' = 'v']", "[x:list[*] != 3]", "[x:list[*] NOT = 9]",
			"[x:dict[*] = 'v']", "[x:list[*] > 1 AND x:list[*] < 2]", NULL},
		RC_OK);
	assert_each(things,
		(const char *const[]){"[x:list[*] = 4]", "[x:list[*] NOT = 3]",
			"[x:deep[1].k[1] = 'b']", "[x:deep.k[*] = 'a']", "[x:dict.a = 'v']", NULL},
		RC_NONE);
}

static void
binary_properties_are_compared_as_octets(void **state)
{
	(void)state;
	assert_each(things,
		(const char *const[]){"[x:raw_bin = 'this is a test']",
			"[x:raw_bin = b'dGhpcyBpcyBhIHRlc3Q=']",
			"[x:raw_bin = h'7468697320697320612074657374']", "[x:raw_hex = h'00ffd8']",
			"[x:raw_hex = b'AP/Y']", "[x:raw_hex > h'00fe']", "[x:raw_hex > h'00ff']",
			"[x:raw_hex < h'00ffd9']", "[x:raw_hex MATCHES '\\\\xff\\\\xd8']",
			"[x:raw_hex MATCHES '^.\xc3\xbf.$']", "[x:raw_hex LIKE '_\xc3\xbf%']",
			"[x:raw_bin LIKE '%is a%']", "[x:raw_bin != '\xc4\x80']",
			"[x:bad_hex != h'00']", NULL},
		RC_OK);
	assert_each(things,
		(const char *const[]){"[x:raw_bin = 'dGhpcyBpcyBhIHRlc3Q=']",
			"[x:raw_bin = '\xc4\x80']", "[x:raw_bin > '\xc4\x80']",
			"[x:raw_bin LIKE '\xc4\x80']", "[x:raw_bin MATCHES '\xc4\x80']",
			"[x:bad_hex = h'00']", "[x:raw_hex = 5]", NULL},
		RC_NONE);
}

static void
timestamps_compare_as_instants_of_any_precision(void **state)
{
	(void)state;
	assert_each(things,
		(const char *const[]){"[x:t = t'2020-02-03T04:05:06.1234567Z']",
			"[x:t = t'2020-02-03T04:05:06.12345670Z']",
			"[x:t > t'2020-02-03T04:05:06.1234566Z']",
			"[x:t < t'2020-02-03T04:05:06.12345671Z']",
			"[x:t != t'2020-02-03T04:05:06.123456Z']",
			"[x:t > t'2020-02-03T04:05:06.123456Z']",
			"[x:t IN (t'2020-02-03T04:05:06.1234567Z')]",
			"[x:i != t'2020-02-03T04:05:06Z']",
			"[x:t = '2020-02-03T04:05:06.1234567Z']", NULL},
		RC_OK);
	assert_each(things,
		(const char *const[]){"[x:i = t'2020-02-03T04:05:06Z']",
			"[x:t < t'2020-02-03T04:05:06Z']", "[x:raw_bin = t'2020-02-03T04:05:06Z']",
			NULL},
		RC_NONE);
	assert_each(things,
		(const char *const[]){"[x:s = t'2020-02-03T04:05:06Z']",
			"[x:s != t'2020-02-03T04:05:06Z']", "[x:s NOT = t'2020-02-03T04:05:06Z']",
			"[x:s IN (t'2020-02-03T04:05:06Z') AND x:i = 5]", NULL},
		RC_BAD);
	/* What does not hang on the broken value is known. */
	assert_verdict(things, "[x:s = t'2020-02-03T04:05:06Z' OR x:i = 5]", RC_OK);
	assert_verdict(things, "[x:s = t'2020-02-03T04:05:06Z' AND x:i = 6]", RC_NONE);
	assert_verdict(things, "[x:s = t'2020-02-03T04:05:06Z'] OR [x:i = 5]", RC_OK);
}

static void
strings_are_ordered_by_code_point_without_normalization(void **state)
{
	(void)state;
	/* The chain of section 9.6.2: each is less than the next and equal to itself alone. */
	static const char *const chain[] = {"o", "oz", "o\xcc\x80", "z", "\xc3\xb2"};
	for (size_t i = 0; i < 5; i++)
		for (size_t k = 0; k < 5; k++) {
			char json[300], pattern[60];
			snprintf(json, sizeof json, OBSERVED("\"0\":{\"type\":\"x\",\"s\":\"%s\"}"),
				chain[i]);
			static const char *const ops[] = {"<", "=", ">"};
			for (int op = 0; op < 3; op++) {
				snprintf(pattern, sizeof pattern, "[x:s %s '%s']", ops[op],
					chain[k]);
				bool holds = op == (i > k) - (i < k) + 1;
				assert_verdict(json, pattern, holds ? RC_OK : RC_NONE);
			}
		}
}

static void
like_and_matches_know_unicode(void **state)
{
	(void)state;
	assert_each(things,
		(const char *const[]){"[x:s LIKE 'caf_']", "[x:s LIKE 'cafe\xcc\x81']",
			"[x:s LIKE '%']", "[x:s LIKE '%a%\xc3\xa9']", "[x:s MATCHES '^caf.$']",
			"[x:s MATCHES 'cafe\xcc\x81$']", "[x:s MATCHES 'a']",
			"[x:s MATCHES '^\\\\w+$']", "[x:s MATCHES '']",
			"[x:s MATCHES '(?i)CAF\xc3\x89']", NULL},
		RC_OK);
	assert_each(things,
		(const char *const[]){"[x:s LIKE 'caf']", "[x:s LIKE 'caf__']", "[x:s LIKE 'CAF%']",
			"[x:s LIKE '']", "[x:s MATCHES '^a']", "[x:s NOT MATCHES 'a']", NULL},
		RC_NONE);
	assert_verdict(
		OBSERVED("\"0\":{\"type\":\"x\",\"s\":\"a\\nb\"}"), "[x:s MATCHES '^a.b$']", RC_OK);
	assert_verdict(
		OBSERVED("\"0\":{\"type\":\"x\",\"s\":\"a\\nb\"}"), "[x:s LIKE 'a_b']", RC_OK);
	assert_verdict(things, "[x:s MATCHES '(']", RC_BAD);
	assert_verdict(things, "[x:s MATCHES 'a\\\\C']", RC_BAD);
}

static void
address_sets_compare_by_value(void **state)
{
	(void)state;
	assert_each(things,
		(const char *const[]){"[x:net ISSUBSET '198.51.100.0/24']",
			"[x:net ISSUBSET '198.51.100.31/27']",
			"[x:net ISSUPERSET '198.51.100.0/27']", "[x:net ISSUPERSET '198.51.100.7']",
			"[x:net NOT ISSUBSET '198.51.100.0/28']",
			"[x:six ISSUBSET '2001:db8::/32']",
			"[x:six ISSUBSET '2001:0db8:0000:0000:0000:0000:0000:0001']",
			"[x:six ISSUPERSET '2001:db8::1/128']", "[x:six NOT ISSUBSET '0.0.0.0/0']",
			"[x:net ISSUBSET '0.0.0.0/0']", "[x:s NOT ISSUBSET '::/0']", NULL},
		RC_OK);
	assert_each(things,
		(const char *const[]){"[x:net ISSUBSET '::/0']",
			"[x:net ISSUPERSET '198.51.100.0/24']",
			"[x:net ISSUPERSET '198.51.100.32']",
			"[x:six ISSUBSET '2001:db8::/127' AND x:i = 6]", NULL},
		RC_NONE);
}

static void
references_lead_to_objects_of_the_same_observation(void **state)
{
	(void)state;
	const char *graph = "{\"type\":\"bundle\",\"id\":\"bundle--1\",\"objects\":["
			    "{\"type\":\"observed-data\",\"id\":\"o1\",\"first_observed\":\"2020-"
			    "01-01T00:00:00Z\","
			    "\"last_observed\":\"2020-01-01T00:00:00Z\",\"number_observed\":1,"
			    "\"object_refs\":[\"p1\",\"p2\",\"t1\"]},"
			    "{\"type\":\"p\",\"id\":\"p1\",\"name\":\"a\",\"k_ref\":\"p2\",\"k_"
			    "refs\":[\"p1\",\"p2\",\"p3\"]},"
			    "{\"type\":\"p\",\"id\":\"p2\",\"name\":\"b\",\"k_ref\":\"p3\"},"
			    "{\"type\":\"p\",\"id\":\"p3\",\"name\":\"c\"},"
			    "{\"type\":\"t\",\"id\":\"t1\",\"k_ref\":\"p1\",\"other\":\"p1\"}]}";
	assert_each(graph,
		(const char *const[]){"[p:k_ref.name = 'b']", "[p:k_refs[*].name = 'b']",
			"[p:k_refs[1].name = 'b']", "[t:k_ref.k_ref.name = 'b']",
			"[t:k_ref.k_refs[*].k_refs[*].name = 'a']", "[p:k_ref = 'p2']",
			"[t:k_ref.type = 'p']", "[p:name = 'a' AND p:k_ref.name = 'b']",
			"[p:k_refs[*].k_refs[*].k_refs[*].k_refs[*].k_refs[*].k_refs[*].k_refs[*]."
			"name = 'a']",
			NULL},
		RC_OK);
	assert_each(graph,
		(const char *const[]){"[p:name = 'c']", "[p:k_ref.name = 'c']",
			"[p:k_refs[*].name = 'c']", "[t:other.name = 'a']", "[p:k_refs.name = 'b']",
			"[p:name = 'b' AND p:k_ref.name = 'b']",
			"[p:name = 'a' AND t:other = 'p1']", NULL},
		RC_NONE);
	assert_verdict(graph, "[p:name = 'zz' OR t:other = 'p1']", RC_OK);
	/* Keys of the deprecated form, and the example of section 9.5. */
	const char *net = OBSERVED("\"0\":{\"type\":\"network-traffic\",\"src_ref\":\"1\"},"
				   "\"1\":{\"type\":\"ipv4-addr\",\"value\":\"203.0.113.10\"},"
				   "\"2\":{\"type\":\"network-traffic\",\"dst_ref\":\"3\"},"
				   "\"3\":{\"type\":\"ipv4-addr\",\"value\":\"198.51.100.58\"}");
	assert_verdict(net,
		"[network-traffic:src_ref.value = '203.0.113.10' AND "
		"network-traffic:dst_ref.value = '198.51.100.58']",
		RC_NONE);
	assert_verdict(net,
		"[network-traffic:src_ref.value = '203.0.113.10' OR "
		"network-traffic:dst_ref.value = '0.0.0.0']",
		RC_OK);
	assert_verdict(net,
		"[network-traffic:src_ref.value = '203.0.113.10'] AND "
		"[network-traffic:dst_ref.value = '198.51.100.58']",
		RC_NONE);
}

static void
references_lead_from_list_to_list(void **state)
{
	(void)state;
#define LISTED(id, refs) \
	"{\"type\":\"observed-data\",\"id\":\"" id \
	"\",\"first_observed\":\"2020-01-01T00:00:00Z\"," \
	"\"object_refs\":[" refs "]}"
	const char *lists = "[{\"type\":\"bundle\",\"objects\":[" LISTED(
		"o1", "\"p1\",\"p2\",\"gone\"") ","
						"{\"type\":\"p\",\"id\":\"p1\",\"v\":1,\"k_ref\":"
						"\"p2\"}]},"
						"{\"type\":\"bundle\",\"objects\":[{\"type\":\"p\","
						"\"id\":\"p2\",\"v\":2},"
						"{\"type\":\"p\",\"id\":\"p1\",\"v\":3},{\"type\":"
						"\"p\",\"id\":\"p3\",\"v\":4}]}]";
	assert_each(lists, (const char *const[]){"[p:v = 2]", "[p:v = 1 AND p:k_ref.v = 2]", NULL},
		RC_OK);
	/* Its own list goes first, and what it does not refer to is not there. */
	assert_each(lists, (const char *const[]){"[p:v = 3]", "[p:v = 4]", NULL}, RC_NONE);
	/* An envelope of TAXII is such a list too. */
	const char *envelope = "{\"more\":false,\"objects\":[" LISTED(
		"o1", "\"p1\"") ",{\"type\":\"p\",\"id\":\"p1\",\"v\":1}]}";
	assert_verdict(envelope, "[p:v = 1]", RC_OK);
	assert_verdict("{\"type\":\"x\",\"objects\":[]}", "[p:v = 1]", RC_BAD);
#undef LISTED
}

static const char *
at(const char *first, const char *last, int number, const char *name)
{
	static char text[4][400];
	static unsigned next;
	char *out = text[next++ % 4];
	snprintf(out, sizeof text[0],
		"{\"type\":\"observed-data\",\"first_observed\":\"2020-01-01T00:00:%sZ\",\"last_"
		"observed\":"
		"\"2020-01-01T00:00:%sZ\",\"number_observed\":%d,\"objects\":{\"0\":{\"type\":"
		"\"n\",\"v\":\"%s\"}}}",
		first, last, number, name);
	return out;
}

static void
observation_operators_want_different_observations_in_order(void **state)
{
	(void)state;
	char world[1400];
	snprintf(world, sizeof world, "[%s,%s,%s]", at("01", "01", 1, "a"), at("05", "05", 2, "b"),
		at("03.5", "04", 1, "c"));
	assert_each(world,
		(const char *const[]){"[n:v = 'a'] AND [n:v = 'b']", "[n:v = 'b'] AND [n:v = 'a']",
			"[n:v = 'b'] AND [n:v = 'b']", "[n:v = 'b'] REPEATS 2 TIMES",
			"[n:v = 'a'] FOLLOWEDBY [n:v = 'b']", "[n:v = 'b'] FOLLOWEDBY [n:v = 'b']",
			"[n:v = 'a'] FOLLOWEDBY [n:v = 'c'] FOLLOWEDBY [n:v = 'b']",
			"[n:v = 'z'] OR [n:v = 'a']",
			"([n:v = 'z'] OR [n:v = 'a']) AND [n:v = 'c']",
			"[n:v = 'a'] FOLLOWEDBY [n:v = 'b'] REPEATS 2 TIMES",
			"[n:v LIKE '_'] REPEATS 4 TIMES",
			"[n:v LIKE '_'] REPEATS 4 TIMES WITHIN 4.000001 SECONDS",
			"([n:v = 'a'] AND [n:v = 'c']) WITHIN 2.6 SECONDS",
			"[n:v = 'a'] WITHIN .000001 SECONDS",
			"[n:v = 'a'] START t'2020-01-01T00:00:01Z' STOP t'2020-01-01T00:00:01.1Z'",
			"[n:v = 'c'] START t'2020-01-01T00:00:04Z' STOP t'2020-01-01T00:00:09Z'",
			"([n:v = 'a'] AND [n:v = 'b']) START t'2020-01-01T00:00:01Z' STOP "
			"t'2020-01-01T00:00:06Z'",
			NULL},
		RC_OK);
	assert_each(world,
		(const char *const[]){"[n:v = 'a'] AND [n:v = 'a']", "[n:v = 'b'] REPEATS 3 TIMES",
			"[n:v = 'b'] FOLLOWEDBY [n:v = 'a']",
			"([n:v = 'a'] AND [n:v = 'b']) FOLLOWEDBY [n:v = 'c']",
			"[n:v LIKE '_'] REPEATS 5 TIMES",
			"[n:v LIKE '_'] REPEATS 4 TIMES WITHIN 4 SECONDS",
			"([n:v = 'a'] AND [n:v = 'c']) WITHIN 2.5 SECONDS",
			"[n:v = 'a'] START t'2020-01-01T00:00:00Z' STOP t'2020-01-01T00:00:01Z'",
			"[n:v = 'c'] START t'2020-01-01T00:00:04.5Z' STOP t'2020-01-01T00:00:09Z'",
			"[n:v = 'a'] START t'2020-01-01T00:00:02Z' STOP t'2020-01-01T00:00:01Z'",
			"([n:v = 'a'] AND [n:v = 'b']) START t'2020-01-01T00:00:01Z' STOP "
			"t'2020-01-01T00:00:05Z'",
			NULL},
		RC_NONE);
}

static void
what_the_standard_forbids_is_never_evaluated(void **state)
{
	(void)state;
	assert_each(things,
		(const char *const[]){"[x:i = 5] WITHIN 0 SECONDS", "[x:i = 5] REPEATS 0 TIMES",
			"[x:i = 5] WITHIN 0.0 SECONDS", "[x:i IN (5, 'five')]",
			"[x:net ISSUBSET 'net']", "[x:net ISSUBSET '198.51.100.0/33']",
			"[x:t > t'2020-02-30T00:00:00Z']",
			"[x:i = 5] START t'2020-02-30T00:00:00Z' STOP t'2021-01-01T00:00:00Z'",
			NULL},
		RC_BAD);
}

static void
observed_data_is_taken_in_both_forms_and_in_its_last_version(void **state)
{
	(void)state;
#define DATA(modified, more) \
	"{\"type\":\"observed-data\",\"id\":\"o1\",\"modified\":\"" modified "\"," \
	"\"first_observed\":\"2020-01-01T00:00:00Z\",\"last_observed\":\"2020-01-01T00:00:00Z\"," \
	"\"number_observed\":1," more "}"
	const char *two = "[" DATA("2020-01-02T00:00:00.000Z",
		"\"objects\":{\"0\":{\"type\":\"x\",\"v\":2}}") "," DATA("2020-01-01T00:00:00.000Z",
		"\"objects\":{\"0\":{\"type\":\"x\",\"v\":1}}") "]";
	assert_verdict(two, "[x:v = 2]", RC_OK);
	assert_verdict(two, "[x:v = 1]", RC_NONE);
	const char *revoked = "[" DATA("2020-01-02T00:00:00.000Z",
		"\"objects\":{\"0\":{\"type\":\"x\",\"v\":2}}") "," DATA("2020-01-01T00:00:00.000Z",
		"\"revoked\":true") "]";
	assert_verdict(revoked, "[x:v = 2]", RC_NONE);
	const char *both = "[{\"type\":\"x\",\"id\":\"x1\",\"v\":1}," DATA(
		"2020-01-01T00:00:00.000Z", "\"object_refs\":[\"x1\",\"gone\",5],\"objects\":{"
					    "\"0\":{\"type\":\"y\",\"v\":1}}") "]";
	assert_verdict(both, "[x:v = 1] AND [y:v = 1]", RC_NONE);
	assert_verdict(both, "[x:v = 1 OR y:v = 2]", RC_OK);
	assert_verdict(both, "[y:v = 1]", RC_OK);
#undef DATA
	static const char *const broken[] = {"{\"type\":\"x\"}", "5",
		"{\"type\":\"bundle\",\"objects\":5}", "{\"type\":\"observed-data\"}",
		"{\"type\":\"observed-data\",\"first_observed\":\"today\"}",
		"{\"type\":\"observed-data\",\"first_observed\":\"2020-01-01T00:00:00Z\",\"number_"
		"observed\":0}",
		"{\"type\":\"observed-data\",\"first_observed\":\"2020-01-01T00:00:00Z\",\"number_"
		"observed\":1000000000}",
		"{\"type\":\"observed-data\",\"first_observed\":\"2020-01-01T00:00:00Z\","
		"\"last_observed\":\"2019-01-01T00:00:00Z\"}"};
	for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++)
		assert_verdict(broken[i], "[x:v = 1]", RC_BAD);
	assert_verdict("[]", "[x:v = 1]", RC_NONE);
	assert_verdict("{\"type\":\"bundle\"}", "[x:v = 1]", RC_NONE);
}

static void
hostile_expressions_and_values_end_soon(void **state)
{
	(void)state;
	own_buf struct buf json = {};
	buf_add(&json,
		SPAN("{\"type\":\"observed-data\",\"first_observed\":\"2020-01-01T00:00:00Z\","
		     "\"objects\":{\"0\":{\"type\":\"x\",\"s\":\""));
	for (int i = 0; i < 60000; i++)
		buf_add_byte(&json, 'a');
	buf_add(&json, SPAN("\"}}}"));
	buf_add_byte(&json, 0);
	int64_t from = clock_monotonic();
	assert_verdict(json.ptr, "[x:s MATCHES '(a+)+[bc]']", RC_LIMIT);
	assert_verdict(json.ptr, "[x:s MATCHES '^(a|aa)+[bc]']", RC_LIMIT);
	assert_verdict(json.ptr, "[x:s MATCHES '(?:a{1,200}){1,200}[bc]']", RC_LIMIT);
	assert_verdict(json.ptr, "[x:s MATCHES '(((a{1,999}){1,999}){1,999}){1,999}b']", RC_LIMIT);
	assert_verdict(json.ptr, "[x:s MATCHES 'a$' OR x:s MATCHES '(a+)+[bc]']", RC_OK);
	own_buf struct buf pattern = {};
	buf_add(&pattern, SPAN("[x:s LIKE '%"));
	for (int i = 0; i < 20000; i++)
		buf_add(&pattern, SPAN("a%a_"));
	buf_add(&pattern, SPAN("b']"));
	buf_add_byte(&pattern, 0);
	struct diag why = {};
	enum rc rc = run(json.ptr, pattern.ptr, &why);
	assert_true(rc == RC_NONE || rc == RC_LIMIT);
	assert_true(clock_monotonic() - from < 120 * SECOND);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comparisons_follow_their_types),
		cmocka_unit_test(absent_paths_are_false_whatever_the_operator),
		cmocka_unit_test(a_null_is_there_and_equals_no_constant),
		cmocka_unit_test(only_observable_objects_match),
		cmocka_unit_test(sets_hold_values_of_every_type),
		cmocka_unit_test(lists_and_dictionaries_are_walked),
		cmocka_unit_test(binary_properties_are_compared_as_octets),
		cmocka_unit_test(timestamps_compare_as_instants_of_any_precision),
		cmocka_unit_test(strings_are_ordered_by_code_point_without_normalization),
		cmocka_unit_test(like_and_matches_know_unicode),
		cmocka_unit_test(address_sets_compare_by_value),
		cmocka_unit_test(references_lead_to_objects_of_the_same_observation),
		cmocka_unit_test(references_lead_from_list_to_list),
		cmocka_unit_test(observation_operators_want_different_observations_in_order),
		cmocka_unit_test(what_the_standard_forbids_is_never_evaluated),
		cmocka_unit_test(observed_data_is_taken_in_both_forms_and_in_its_last_version),
		cmocka_unit_test(hostile_expressions_and_values_end_soon),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
