#include "../test.h"

#include "pattern/atoms.h"

static struct arena arena;

static struct pattern_atoms
atoms_of(const char *text)
{
	struct pattern *p = arena_new(&arena, sizeof *p);
	struct pattern_atoms out;
	assert_rc(pattern_parse(span_of(text), &arena, p, NULL), RC_OK);
	pattern_atoms(p, &arena, &out);
	return out;
}

static void
assert_one(const char *text, enum obs_kind kind, const char *value, bool decides)
{
	struct pattern_atoms atoms = atoms_of(text);
	if (atoms.len != 1)
		fail_msg("%s: %zu atoms", text, atoms.len);
	assert_string_equal(obs_word(atoms.at[0].what.kind), obs_word(kind));
	assert_true(span_eq(atoms.at[0].what.value, span_of(value)));
	assert_int_equal(atoms.at[0].decides, decides);
}

static void
single_comparisons_decide(void **state)
{
	(void)state;
	assert_one("[domain-name:value = 'Evil.Example.']", OBS_DOMAIN, "evil.example", true);
	assert_one("[ipv4-addr:value = '198.51.100.1/32']", OBS_IPV4, "198.51.100.1", true);
	assert_one("[ipv6-addr:value = '2001:0DB8::0:1']", OBS_IPV6, "2001:db8::1", true);
	assert_one(
		"[ipv4-addr:value ISSUBSET '198.51.100.7/24']", OBS_CIDR4, "198.51.100.0/24", true);
	assert_one("[network-traffic:dst_ref.value = '192.0.2.1']", OBS_IPV4, "192.0.2.1", true);
	assert_one("[network-traffic:src_ref.value = 'evil.example']", OBS_DOMAIN, "evil.example",
		true);
	assert_one("[email-addr:value = 'A@Evil.Example']", OBS_EMAIL, "a@evil.example", true);
	assert_one("[email-message:to_refs[0].value = 'a@evil.example']", OBS_EMAIL,
		"a@evil.example", true);
	assert_one("[file:hashes.MD5 = '0CC175B9C0F1B6A831C399E269772661']", OBS_MD5,
		"0cc175b9c0f1b6a831c399e269772661", true);
	assert_one("[file:hashes.'SHA-1' = '86f7e437faa5a7fce15d1ddcb9eaeaea377667b8']", OBS_SHA1,
		"86f7e437faa5a7fce15d1ddcb9eaeaea377667b8", true);
	assert_one("[x509-certificate:hashes[*] = '86f7e437faa5a7fce15d1ddcb9eaeaea377667b8']",
		OBS_SHA1, "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8", true);
	assert_one("[x509-certificate:hashes.'SHA-256' = "
		   "'E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855']",
		OBS_SHA256, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		true);
	assert_one("[mac-addr:value = '00:1B:44:11:3A:B7']", OBS_MAC, "00:1b:44:11:3a:b7", true);
	assert_one("[network-traffic:src_ref.value = '00:1b:44:11:3a:b7']", OBS_MAC,
		"00:1b:44:11:3a:b7", true);
	assert_one("[vulnerability:name = 'cve-2024-1234']", OBS_CVE, "CVE-2024-1234", true);
	assert_one("[vulnerability:external_references[*].external_id = 'CVE-2024-1234']", OBS_CVE,
		"CVE-2024-1234", true);
	assert_one("[network-traffic:src_ref.type = 'mac-addr' AND network-traffic:src_ref.value = "
		   "'00:1b:44:11:3a:b7']",
		OBS_MAC, "00:1b:44:11:3a:b7", true);
	assert_one("[domain-name:value IN ('evil.example')] REPEATS 1 TIMES", OBS_DOMAIN,
		"evil.example", true);
	assert_one(
		"[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = "
		"'203.0.113.33/32']",
		OBS_IPV4, "203.0.113.33", true);
}

static void
what_else_a_pattern_demands_makes_candidates(void **state)
{
	(void)state;
	assert_one(
		"[domain-name:value = 'evil.example' AND domain-name:resolves_to_refs[*].value = "
		"'192.0.2.1']",
		OBS_DOMAIN, "evil.example", false);
	assert_one("[file:hashes.MD5 = '0cc175b9c0f1b6a831c399e269772661' AND file:size = 1]",
		OBS_MD5, "0cc175b9c0f1b6a831c399e269772661", false);
	assert_one("[domain-name:value = 'evil.example'] REPEATS 2 TIMES", OBS_DOMAIN,
		"evil.example", false);
	assert_one("[domain-name:resolves_to_refs[*].value = '192.0.2.1']", OBS_IPV4, "192.0.2.1",
		false);
	assert_one("[ipv4-addr:resolves_to_refs[*].value = '00:1b:44:11:3a:b7']", OBS_MAC,
		"00:1b:44:11:3a:b7", false);
	assert_one(
		"([ipv4-addr:value = '192.0.2.1'] FOLLOWEDBY [url:value = 'http://evil.example/']) "
		"WITHIN 5 SECONDS",
		OBS_URL, "http://evil.example/", false);
	assert_one(
		"[network-traffic:dst_ref.type = 'domain-name' AND network-traffic:dst_ref.value = "
		"'203.0.113.33']",
		OBS_IPV4, "203.0.113.33", false);
}

static void
alternatives_are_all_looked_for(void **state)
{
	(void)state;
	struct pattern_atoms atoms =
		atoms_of("[domain-name:value = 'evil.example' OR ipv4-addr:value IN ('192.0.2.1', "
			 "'192.0.2.2')] OR "
			 "[url:value = 'http://evil.example/x' AND file:size = 5]");
	assert_int_equal(atoms.len, 4);
	assert_true(atoms.covers);
	assert_true(atoms.at[0].decides && atoms.at[1].decides && atoms.at[2].decides);
	assert_false(atoms.at[3].decides);
	assert_span(atoms.at[2].constant->text, "192.0.2.2");
	atoms = atoms_of("[domain-name:value = 'evil.example' OR file:name = 'x']");
	assert_true(atoms.len == 1 && !atoms.covers && atoms.at[0].decides);
	atoms = atoms_of("([domain-name:value = 'evil.example'] OR [file:name = 'x']) AND "
			 "[ipv4-addr:value = "
			 "'192.0.2.1']");
	assert_true(atoms.len == 1 && atoms.covers && !atoms.at[0].decides);
	assert_int_equal(atoms.at[0].what.kind, OBS_IPV4);
}

static void
what_a_scanner_cannot_see_yields_nothing(void **state)
{
	(void)state;
	static const char *const none[] = {"[file:name = 'x.exe']",
		"[domain-name:value != 'evil.example']", "[domain-name:value NOT = 'evil.example']",
		"[domain-name:value LIKE '%evil.example']", "[domain-name:value MATCHES 'evil']",
		"[ipv4-addr:value = 'x']", "[file:size = 5]",
		"[domain-name:value = 'evil.example'] WITHIN 0 SECONDS", "[ipv4-addr:value IN ()]",
		"[ipv4-addr:values = '192.0.2.1']", "[ipv4-addr:value.x = '192.0.2.1']",
		"[ipv4-add:value = '192.0.2.1']", "[domain-name:value = h'00']"};
	for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
		struct pattern_atoms atoms = atoms_of(none[i]);
		if (atoms.len || atoms.covers)
			fail_msg("%s: %zu atoms", none[i], atoms.len);
	}
}

static void
networks_behind_an_equals_sign_are_marked(void **state)
{
	(void)state;
	struct pattern_atoms atoms = atoms_of("[ipv4-addr:value = '139.226.0.0/15']");
	assert_true(atoms.len == 1 && atoms.at[0].loose && atoms.at[0].what.kind == OBS_CIDR4);
	assert_false(atoms_of("[ipv4-addr:value ISSUBSET '139.226.0.0/15']").at[0].loose);
	assert_false(atoms_of("[ipv4-addr:value = '139.226.0.0/32']").at[0].loose);
}

static void
a_name_and_what_lies_below_it_are_one_atom(void **state)
{
	(void)state;
	struct pattern_atoms atoms = atoms_of(
		"[domain-name:value = 'evil.example' OR domain-name:value LIKE '%.evil.example']");
	assert_int_equal(atoms.len, 1);
	assert_int_equal(atoms.at[0].reach, PATTERN_COVERING);
	assert_true(atoms.whole);
	atoms = atoms_of("[domain-name:value LIKE '%.evil.example'] OR [domain-name:value = "
			 "'EVIL.example.'] OR [domain-name:value = 'evil.example']");
	assert_int_equal(atoms.len, 2);
	assert_int_equal(atoms.at[0].reach, PATTERN_COVERING);
	assert_int_equal(atoms.at[1].reach, PATTERN_EXACT);
	/* Of other times, or only a candidate: two atoms. */
	atoms = atoms_of("[domain-name:value LIKE '%.evil.example'] OR [domain-name:value = "
			 "'evil.example'] START t'2020-01-01T00:00:00Z' STOP "
			 "t'2021-01-01T00:00:00Z'");
	assert_int_equal(atoms.len, 2);
	assert_int_equal(atoms.at[0].reach, PATTERN_BELOW);
	assert_int_equal(atoms.at[1].reach, PATTERN_EXACT);
	atoms = atoms_of("[domain-name:value LIKE '%.evil.example' OR (domain-name:value = "
			 "'evil.example' AND domain-name:x = 1)]");
	assert_int_equal(atoms.len, 2);
	assert_int_equal(atoms.at[0].reach, PATTERN_BELOW);
	assert_int_equal(
		atoms_of("[domain-name:value LIKE '%.evil.example']").at[0].reach, PATTERN_BELOW);
	assert_int_equal(atoms_of("[domain-name:value LIKE '%evil.example']").len, 0);
	assert_int_equal(atoms_of("[domain-name:value LIKE '%.e_il.example']").len, 0);
	assert_int_equal(atoms_of("[domain-name:value NOT LIKE '%.evil.example']").len, 0);
	assert_int_equal(atoms_of("[file:name LIKE '%.evil.example']").len, 0);
}

static int64_t
instant(const char *text)
{
	int64_t at;
	assert_rc(time_parse(span_of(text), &at, NULL), RC_OK);
	return at;
}

static void
start_and_stop_say_when_an_atom_counts(void **state)
{
	(void)state;
	struct pattern_atoms atoms = atoms_of("[domain-name:value = 'evil.example']");
	assert_true(atoms.at[0].from == TIME_NONE && atoms.at[0].until == TIME_NONE);
	atoms = atoms_of("([domain-name:value = 'a.example'] START t'2020-01-01T00:00:00Z' STOP "
			 "t'2022-01-01T00:00:00Z' OR [domain-name:value = 'b.example']) WITHIN 5 "
			 "SECONDS START t'2019-01-01T00:00:00Z' STOP t'2021-01-01T00:00:00Z'");
	assert_int_equal(atoms.len, 2);
	assert_true(atoms.whole && atoms.at[0].decides && atoms.at[1].decides);
	assert_true(atoms.at[0].from == instant("2020-01-01T00:00:00Z"));
	assert_true(atoms.at[0].until == instant("2021-01-01T00:00:00Z"));
	assert_true(atoms.at[1].from == instant("2019-01-01T00:00:00Z"));
	assert_true(atoms.at[1].until == instant("2021-01-01T00:00:00Z"));
	/* Of two times without an instant in common nothing is left. */
	atoms = atoms_of("([domain-name:value = 'a.example'] START t'2020-01-01T00:00:00Z' STOP "
			 "t'2021-01-01T00:00:00Z' OR [domain-name:value = 'b.example']) START "
			 "t'2021-01-01T00:00:00Z' STOP t'2022-01-01T00:00:00Z'");
	assert_true(atoms.len == 1 && atoms.whole);
	assert_span(atoms.at[0].what.value, "b.example");
	atoms = atoms_of("[domain-name:value = 'a.example'] START t'2021-01-01T00:00:00Z' STOP "
			 "t'2021-01-01T00:00:00Z'");
	assert_true(!atoms.len && !atoms.whole);
}

static void
only_a_pattern_whose_every_part_decides_is_whole(void **state)
{
	(void)state;
	assert_true(atoms_of("[domain-name:value IN ('a.example', 'b.example')]").whole);
	assert_true(atoms_of("[ipv4-addr:value = '139.226.0.0/15']").whole);
	assert_true(
		atoms_of("([ipv4-addr:value = '192.0.2.1'] OR [url:value = 'http://a.example/']) "
			 "WITHIN 1 SECONDS REPEATS 1 TIMES")
			.whole);
	static const char *const not [] = {
		"[domain-name:value = 'a.example' OR file:name = 'x']",
		"[domain-name:value = 'a.example'] REPEATS 2 TIMES",
		"[domain-name:value = 'a.example'] AND [domain-name:value = 'b.example']",
		"[ipv4-addr:value = '139.226.0.0/15' AND ipv4-addr:x = 1]",
		"[domain-name:resolves_to_refs[*].value = '192.0.2.1']",
		("([ipv4-addr:value = '192.0.2.1'] FOLLOWEDBY [ipv4-addr:value = '192.0.2.2']) "
		 "WITHIN 1 SECONDS"),
	};
	for (size_t i = 0; i < sizeof not / sizeof not [0]; i++)
		if (atoms_of(not [i]).whole)
			fail_msg("%s", not [i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(single_comparisons_decide),
		cmocka_unit_test(what_else_a_pattern_demands_makes_candidates),
		cmocka_unit_test(alternatives_are_all_looked_for),
		cmocka_unit_test(what_a_scanner_cannot_see_yields_nothing),
		cmocka_unit_test(networks_behind_an_equals_sign_are_marked),
		cmocka_unit_test(a_name_and_what_lies_below_it_are_one_atom),
		cmocka_unit_test(start_and_stop_say_when_an_atom_counts),
		cmocka_unit_test(only_a_pattern_whose_every_part_decides_is_whole),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_fini(&arena);
	return failed;
}
