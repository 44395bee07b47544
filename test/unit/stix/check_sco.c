/* One case for each MUST of section 6, the deprecated container included. */
#include "judge.h"

/* Section 6. */
static void
rules_of_observables_are_judged(void **state)
{
	(void)state;
	static const struct judged cases[] = {
		{artifact, "{\"payload_bin\":\"Zm9\"}", "base64", "payload_bin"},
		{artifact, "{\"payload_bin\":\"Zm9=\"}", NULL, NULL},
		{artifact, "{\"payload_bin\":null}", "one-of", ""},
		{artifact,
			"{\"url\":\"https://"
			"a.b\",\"hashes\":{\"MD5\":\"d41d8cd98f00b204e9800998ecf8427e\"}}",
			"one-of", ""},
		{artifact, "{\"payload_bin\":null,\"url\":\"https://a.b\"}", "depends", ""},
		{artifact, "{\"encryption_algorithm\":\"rot13\"}", "enum", "encryption_algorithm"},
		{artifact, "{\"decryption_key\":\"k\"}", "depends", ""},
		{as, "{\"number\":1.5}", "type", "number"},
		{directory, "{\"path_enc\":\"latin1\"}", "charset", "path_enc"},
		{directory, "{\"contains_refs\":[\"" U("url") "\"]}", "reference-type",
			"contains_refs[0]"},
		{domain, "{\"value\":\"a..b\"}", "format", "value"},
		{domain, "{\"value\":\"-a.b\"}", "format", "value"},
		{domain, "{\"value\":\"a b\"}", "format", "value"},
		{domain, "{\"resolves_to_refs\":[\"" U("mac-addr") "\"]}", "reference-type",
			"resolves_to_refs[0]"},
		{email, "{\"value\":\"John Doe <jdoe@example.com>\"}", "format", "value"},
		{email, "{\"value\":\"jdoe\"}", "format", "value"},
		{email, "{\"belongs_to_ref\":\"" U("url") "\"}", "reference-type",
			"belongs_to_ref"},
		{message, "{\"is_multipart\":true}", "not-allowed", "body"},
		{multipart, "{\"is_multipart\":false}", "not-allowed", "body_multipart"},
		{multipart, "{\"body_multipart\":[{\"content_type\":\"text/plain\"}]}", "one-of",
			"body_multipart[0]"},
		{multipart,
			"{\"body_multipart\":[{\"body\":\"b\",\"body_raw_ref\":\"" U(
				"file") "\"}]}",
			"one-of", "body_multipart[0]"},
		{multipart, "{\"body_multipart\":[{\"body_raw_ref\":\"" U("url") "\"}]}",
			"reference-type", "body_multipart[0].body_raw_ref"},
		{message, "{\"from_ref\":\"" U("url") "\"}", "reference-type", "from_ref"},
		{message, "{\"subject\":\"=?iso-8859-1?q?this=20is=20some=20text?=\"}",
			"encoded-word", "subject"},
		{message,
			"{\"additional_header_fields\":{\"Reply-To\":[\"a\",\"Re: =?utf-8?B?w7w=?= "
			"<a>\"]}}",
			"encoded-word", "additional_header_fields.Reply-To[1]"},
		{message, "{\"subject\":\"what =? is ?q? this?=\"}", NULL, NULL},
		{message, "{\"raw_email_ref\":\"" U("file") "\"}", "reference-type",
			"raw_email_ref"},
		{message, "{\"additional_header_fields\":{\"To\":\"a\"}}", "type",
			"additional_header_fields.To"},
		{message, "{\"additional_header_fields\":{\"T o\":[\"a\"]}}", "dictionary-key",
			"additional_header_fields.T o"},
		{file, "{\"hashes\":null,\"name\":null}", "some-of", ""},
		{file, "{\"hashes\":{\"MD5\":\"d41d8cd98f00b204e9800998ecf8427\"}}", "hash",
			"hashes.MD5"},
		{file, "{\"hashes\":{\"SHA-1\":\"x\"}}", "hash", "hashes.SHA-1"},
		{file, "{\"hashes\":{\"SHA-256\":\"x\"}}", "hash", "hashes.SHA-256"},
		{file, "{\"hashes\":{\"SHA-512\":\"x\"}}", "hash", "hashes.SHA-512"},
		{file, "{\"hashes\":{\"SHA3-256\":\"x\"}}", "hash", "hashes.SHA3-256"},
		{file, "{\"hashes\":{\"SHA3-512\":\"x\"}}", "hash", "hashes.SHA3-512"},
		{file, "{\"hashes\":{\"SSDEEP\":\"x\"}}", "hash", "hashes.SSDEEP"},
		{file, "{\"hashes\":{\"SSDEEP\":\"3:AXGBicFlgVNhBGcL6wCrFQEv:AXGHsNhxLsr2C\"}}",
			NULL, NULL},
		{file, "{\"hashes\":{\"TLSH\":\"x\"}}", "hash", "hashes.TLSH"},
		{file, "{\"hashes\":{\"MD\":\"x\"}}", "dictionary-key", "hashes.MD"},
		{file, "{\"hashes\":{\"x_own\":\"x\"}}", NULL, NULL},
		{file, "{\"hashes\":{\"x_own\":7}}", "type", "hashes.x_own"},
		{file, "{\"hashes\":{\"MD5\":null}}", "empty", "hashes"},
		{file, "{\"size\":-1}", "range", "size"},
		{file, "{\"name\":null,\"name_enc\":\"US-ASCII\"}", "depends", ""},
		{file, "{\"magic_number_hex\":\"FF\"}", "hex", "magic_number_hex"},
		{file, "{\"magic_number_hex\":\"fff\"}", "hex", "magic_number_hex"},
		{file, "{\"parent_directory_ref\":\"" U("file") "\"}", "reference-type",
			"parent_directory_ref"},
		{file, "{\"content_ref\":\"" U("file") "\"}", "reference-type", "content_ref"},
	};
	JUDGE(cases);
}

static void
rules_of_network_observables_are_judged(void **state)
{
	(void)state;
	static const struct judged cases[] = {
		{ipv4, "{\"value\":\"198.51.100.256\"}", "format", "value"},
		{ipv4, "{\"value\":\"198.51.100.3/33\"}", "format", "value"},
		{ipv4, "{\"value\":\"198.51.100.03\"}", "format", "value"},
		{ipv4, "{\"resolves_to_refs\":[\"" U("url") "\"]}", "reference-type",
			"resolves_to_refs[0]"},
		{ipv4, "{\"belongs_to_refs\":[\"" U("url") "\"]}", "reference-type",
			"belongs_to_refs[0]"},
		{ipv6, "{\"value\":\"2001:db8::1::2\"}", "format", "value"},
		{ipv6, "{\"value\":\"2001:db8::1/129\"}", "format", "value"},
		{ipv6, "{\"value\":\"::ffff:198.51.100.3\"}", NULL, NULL},
		{ipv6, "{\"value\":\"::\"}", NULL, NULL},
		{ipv6, "{\"value\":\"1:2:3:4:5:6:7\"}", "format", "value"},
		{ipv6, "{\"value\":\"1:2:3:4:5:6:7::8\"}", "format", "value"},
		{mac, "{\"value\":\"D2:FB:49:24:37:18\"}", "format", "value"},
		{mac, "{\"value\":\"d2-fb-49-24-37-18\"}", "format", "value"},
		{traffic, "{\"src_ref\":null}", "some-of", ""},
		{traffic, "{\"src_ref\":\"" U("url") "\"}", "reference-type", "src_ref"},
		{traffic, "{\"src_port\":65536}", "range", "src_port"},
		{traffic, "{\"dst_port\":-1}", "range", "dst_port"},
		{traffic, "{\"is_active\":true}", "not-allowed", "end"},
		{traffic, "{\"start\":\"2016-01-02T00:00:00Z\"}", "order", "end"},
		{traffic, "{\"ipfix\":{\"a\":1.5}}", "type", "ipfix.a"},
		{traffic, "{\"src_payload_ref\":\"" U("file") "\"}", "reference-type",
			"src_payload_ref"},
		{traffic, "{\"encapsulates_refs\":[\"" U("file") "\"]}", "reference-type",
			"encapsulates_refs[0]"},
		{process, "{\"pid\":null}", "at-least-one", ""},
		{process,
			"{\"pid\":null,\"extensions\":{\"windows-process-ext\":{\"priority\":"
			"\"HIGH\"}}}",
			NULL, NULL},
		{process, "{\"environment_variables\":{\"A\":1}}", "type",
			"environment_variables.A"},
		{process, "{\"image_ref\":\"" U("url") "\"}", "reference-type", "image_ref"},
		{process, "{\"parent_ref\":\"" U("url") "\"}", "reference-type", "parent_ref"},
		{software, "{\"cpe\":\"cpe:/a:microsoft:word:2000\"}", "format", "cpe"},
		{software, "{\"cpe\":\"cpe:2.3:a:microsoft:word:2000:*:*:*:*:*:*\"}", "format",
			"cpe"},
		{software, "{\"languages\":[\"e\"]}", "language", "languages[0]"},
		{software, "{\"languages\":[\"eng\",\"de\"]}", NULL, NULL},
		{url, "{\"value\":\"foo\"}", "format", "value"},
		{url, "{\"value\":\"http://a/%zz\"}", "format", "value"},
		{url, "{\"value\":\"http://a b\"}", "format", "value"},
		{account, "{\"user_id\":null}", "at-least-one", ""},
		{account, "{\"is_disabled\":\"no\"}", "type", "is_disabled"},
		{registry, "{\"key\":\"HKLM\\\\a\"}", "registry-hive", "key"},
		{registry, "{\"key\":null,\"values\":null}", "at-least-one", ""},
		{registry, "{\"values\":[{\"data_type\":\"REG_X\"}]}", "enum",
			"values[0].data_type"},
		{registry, "{\"values\":[{}]}", "at-least-one", "values[0]"},
		{certificate, "{\"serial_number\":null}", "at-least-one", ""},
		{certificate, "{\"x509_v3_extensions\":{}}", "at-least-one", "x509_v3_extensions"},
		{certificate, "{\"subject_public_key_exponent\":\"3\"}", "type",
			"subject_public_key_exponent"},
	};
	JUDGE(cases);
}

/* Sections 6.7 to 6.16, predefined extensions. */
static void
predefined_extensions_are_judged(void **state)
{
	(void)state;
	static const struct judged cases[] = {
		{file, "{\"extensions\":{\"ntfs-ext\":{\"sid\":null}}}", "at-least-one",
			"extensions.ntfs-ext"},
		{file, EXT("ntfs-ext", "\"alternate_data_streams\":[{\"size\":1}]"), "required",
			"extensions.ntfs-ext.alternate_data_streams[0].name"},
		{file, EXT("ntfs-ext", "\"alternate_data_streams\":[{\"name\":\"n\",\"size\":-1}]"),
			"range", "extensions.ntfs-ext.alternate_data_streams[0].size"},
		{file, EXT("archive-ext", "\"comment\":\"c\""), "required",
			"extensions.archive-ext.contains_refs"},
		{file, EXT("archive-ext", "\"contains_refs\":[\"" U("url") "\"]"), "reference-type",
			"extensions.archive-ext.contains_refs[0]"},
		{file, EXT("pdf-ext", "\"x_a\":1"), "at-least-one", "extensions.pdf-ext"},
		{file, EXT("pdf-ext", "\"document_info_dict\":{\"Title\":1}"), "type",
			"extensions.pdf-ext.document_info_dict.Title"},
		{file, EXT("raster-image-ext", "\"exif_tags\":{\"Make\":1.5}"), "type",
			"extensions.raster-image-ext.exif_tags.Make"},
		{file, EXT("raster-image-ext", "\"exif_tags\":{\"make\":\"m\"}"), "dictionary-key",
			"extensions.raster-image-ext.exif_tags.make"},
		{file, EXT("raster-image-ext", "\"exif_tags\":{\"Make\":\"m\"}"), NULL, NULL},
		{process, EXT("windows-process-ext", "\"startup_info\":{\"lpDesktop\":\"d\"}"),
			NULL, NULL},
		{process, EXT("windows-process-ext", "\"startup_info\":{\"lpdesktop\":\"d\"}"),
			"dictionary-key", "extensions.windows-process-ext.startup_info.lpdesktop"},
		{traffic, "{\"src_byte_count\":-1}", "range", "src_byte_count"},
		{traffic, "{\"dst_packets\":0}", NULL, NULL},
		{traffic,
			EXT("socket-ext",
				"\"address_family\":\"AF_INET\",\"socket_descriptor\":-1"),
			"range", "extensions.socket-ext.socket_descriptor"},
		{file, EXT("windows-pebinary-ext", "\"pe_type\":\"exe\",\"number_of_sections\":-1"),
			"range", "extensions.windows-pebinary-ext.number_of_sections"},
		{file, EXT("windows-pebinary-ext", "\"imphash\":\"i\""), "required",
			"extensions.windows-pebinary-ext.pe_type"},
		{file, EXT("windows-pebinary-ext", "\"pe_type\":\"exe\""), "at-least-one",
			"extensions.windows-pebinary-ext"},
		{file,
			EXT("windows-pebinary-ext",
				"\"pe_type\":\"exe\",\"time_date_stamp\":\"2016-01-22T12:31:12Z\""),
			NULL, NULL},
		{file,
			EXT("windows-pebinary-ext", "\"pe_type\":\"exe\",\"time_date_stamp\":"
						    "\"2016-01-22T12:31:12.5Z\""),
			"precision", "extensions.windows-pebinary-ext.time_date_stamp"},
		{file, EXT("windows-pebinary-ext", "\"pe_type\":\"exe\",\"optional_header\":{}"),
			"at-least-one", "extensions.windows-pebinary-ext.optional_header"},
		{file,
			EXT("windows-pebinary-ext",
				"\"pe_type\":\"exe\",\"optional_header\":{\"size_of_code\":-1}"),
			"range", "extensions.windows-pebinary-ext.optional_header.size_of_code"},
		{file,
			EXT("windows-pebinary-ext",
				"\"pe_type\":\"exe\",\"sections\":[{\"size\":1}]"),
			"required", "extensions.windows-pebinary-ext.sections[0].name"},
		{traffic, EXT("http-request-ext", "\"request_method\":\"get\""), "required",
			"extensions.http-request-ext.request_value"},
		{traffic,
			EXT("http-request-ext", "\"request_method\":\"get\",\"request_value\":\"/"
						"\",\"request_header\":{\"Host\":\"a\"}"),
			"type", "extensions.http-request-ext.request_header.Host"},
		{traffic, EXT("icmp-ext", "\"icmp_type_hex\":\"08\""), "required",
			"extensions.icmp-ext.icmp_code_hex"},
		{traffic, EXT("socket-ext", "\"is_blocking\":true"), "required",
			"extensions.socket-ext.address_family"},
		{traffic, EXT("socket-ext", "\"address_family\":\"AF_X\""), "enum",
			"extensions.socket-ext.address_family"},
		{traffic,
			EXT("socket-ext",
				"\"address_family\":\"AF_INET\",\"options\":{\"SO_DEBUG\":\"1\"}"),
			"type", "extensions.socket-ext.options.SO_DEBUG"},
		{traffic, EXT("tcp-ext", "\"src_flags_hex\":\"0\""), "hex",
			"extensions.tcp-ext.src_flags_hex"},
		{process, EXT("windows-process-ext", "\"integrity_level\":\"root\""), "enum",
			"extensions.windows-process-ext.integrity_level"},
		{process, EXT("windows-service-ext", "\"start_type\":\"never\""), "enum",
			"extensions.windows-service-ext.start_type"},
		{process, EXT("windows-service-ext", "\"service_dll_refs\":[\"" U("url") "\"]"),
			"reference-type", "extensions.windows-service-ext.service_dll_refs[0]"},
		{account, EXT("unix-account-ext", "\"gid\":\"1\""), "type",
			"extensions.unix-account-ext.gid"},
		{traffic, EXT("ntfs-ext", "\"sid\":\"1\""), "extension", "extensions.ntfs-ext"},
		{file, "{\"extensions\":{}}", "empty", "extensions"},
		{file, "{\"extensions\":[]}", "type", "extensions"},
	};
	JUDGE(cases);
}

/* Sections 2.9 and 2.13: inside the container ids are keys, and references stay within it. */
static void
the_deprecated_container_is_judged(void **state)
{
	(void)state;
	static const struct judged cases[] = {
		{observed,
			CONTAINER("\"0\":{\"type\":\"ipv4-addr\",\"value\":\"1.2.3.4\"},\"1\":{"
				  "\"type\":\"network-traffic\","
				  "\"src_ref\":\"0\",\"protocols\":[\"tcp\"]}"),
			NULL, NULL},
		{observed,
			CONTAINER("\"1\":{\"type\":\"network-traffic\",\"src_ref\":\"0\","
				  "\"protocols\":[\"tcp\"]}"),
			"reference", "objects.1.src_ref"},
		{observed,
			CONTAINER("\"0\":{\"type\":\"url\",\"value\":\"a:b\"},\"1\":{\"type\":"
				  "\"network-traffic\","
				  "\"src_ref\":\"0\",\"protocols\":[\"tcp\"]}"),
			"reference-type", "objects.1.src_ref"},
		{observed, CONTAINER("\"0\":{\"type\":\"tool\",\"name\":\"n\"}"), "observable",
			"objects.0"},
		{observed, CONTAINER("\"0\":{\"value\":\"x\"}"), "required", "objects.0.type"},
		{observed, "{\"object_refs\":null,\"objects\":{}}", "empty", "objects"},
	};
	JUDGE(cases);
}

/* Section 3.6. The id is what the address makes. */
static void
observables_with_versions_have_ids_of_their_own(void **state)
{
	(void)state;
#define SHARED \
	"{\"id\":\"ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4\",\"value\":\"198.51.100.3\""
#define TIMES ",\"created\":\"2016-01-01T00:00:00.000Z\",\"modified\":\"2016-01-01T00:00:00.000Z\"}"
	static const struct judged cases[] = {
		{ipv4, SHARED TIMES, "versioned", "modified"},
		{ipv4, SHARED "}", NULL, NULL},
		{ipv4, "{\"value\":\"198.51.100.3\"" TIMES, NULL, NULL},
	};
	JUDGE(cases);
}

/* Section 2.9: without a contributing property the id has a UUIDv4. */
static void
ids_without_contributing_properties_are_uuid_v4(void **state)
{
	(void)state;
#define V5(type) "{\"id\":\"" type "--8e2e2d2b-17d4-5cbf-938f-98ee46b3cd3f\""
	static const struct judged cases[] = {
		{account, V5("user-account") "}", NULL, NULL},
		{account, V5("user-account") ",\"user_id\":null,\"display_name\":\"d\"}",
			"uuid-version", "id"},
		{account, "{\"user_id\":null,\"display_name\":\"d\"}", NULL, NULL},
		{certificate, V5("x509-certificate") ",\"serial_number\":null,\"issuer\":\"i\"}",
			"uuid-version", "id"},
		{message, V5("email-message") ",\"body\":null}", "uuid-version", "id"},
		{registry,
			V5("windows-registry-key") ",\"key\":null,\"values\":null,"
						   "\"number_of_subkeys\":1}",
			"uuid-version", "id"},
		{process, V5("process") "}", NULL, NULL},
	};
	JUDGE(cases);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids_without_contributing_properties_are_uuid_v4),
		cmocka_unit_test(observables_with_versions_have_ids_of_their_own),
		cmocka_unit_test(rules_of_observables_are_judged),
		cmocka_unit_test(rules_of_network_observables_are_judged),
		cmocka_unit_test(predefined_extensions_are_judged),
		cmocka_unit_test(the_deprecated_container_is_judged),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
