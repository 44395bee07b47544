/* The server's answers as HTTP: media types, refusals, rights, resources without objects. */
#include "world.h"

static const char *const targets[] = {"/taxii2/", "/api/", "/api/collections/", SHARED,
	SHARED "manifest/", SHARED "objects/", SHARED "objects/x--1/",
	SHARED "objects/x--1/versions/", "/api/status/11111111-1111-4111-8111-111111111111/",
	"/nowhere/", "/"};
enum { TARGETS = sizeof targets / sizeof *targets };

static void
every_answer_has_type_and_version(void **state)
{
	(void)state;
	assert_int_equal(get("/taxii2/"), 200);
	assert_string_equal(header("Content-Type"), "application/taxii+json;version=2.1");
	w.accept = "application/taxii+json";
	assert_int_equal(get(SHARED "objects/"), 200);
	assert_string_equal(header("Content-Type"), "application/taxii+json;version=2.1");
	for (size_t i = 0; i < TARGETS; i++) {
		get(targets[i]);
		assert_string_equal(header("Content-Type"), "application/taxii+json;version=2.1");
	}
}

static void
errors_have_type_and_version_too(void **state)
{
	(void)state;
	const int who[] = {ALICE, DAVE, NOBODY, LIAR};
	for (size_t i = 0; i < TARGETS; i++)
		for (size_t j = 0; j < 4; j++)
			if (get_as(who[j], targets[i]) >= 400) {
				assert_non_null(header("Content-Type"));
				assert_string_equal(header("Content-Type"),
					"application/taxii+json;version=2.1");
				assert_non_null(json_get(json(), "title"));
			}
	w.accept = "text/html";
	assert_int_equal(get("/taxii2/"), 406);
	assert_string_equal(header("Content-Type"), "application/taxii+json;version=2.1");
	struct taxii_call call = {};
	taxii_refuse(&call, 431, SPAN("too large"));
	assert_string_equal(call.header[0].value, "application/taxii+json;version=2.1");
	taxii_call_fini(&w.server, &call);
}

static void
a_post_without_slash_is_served_not_redirected(void **state)
{
	(void)state;
	char text[1000];
	snprintf(text, sizeof text, "{\"objects\":[%s]}",
		indicator_text(1, "2023-01-01T00:00:00.000Z"));
	assert_int_equal(
		ask_as(ALICE, "POST", "/api/collections/shared/objects", span_of(text)), 202);
	assert_int_equal(get("/api/collections/shared/objects"), 200);
	assert_int_equal(count_of("objects"), 1);
}

static void
malformed_queries_are_400_everywhere(void **state)
{
	(void)state;
	static const char *const queries[] = {"limit=0", "limit=-1", "limit=abc",
		"limit=9223372036854775808", "added_after=2020",
		"added_after=2020-01-01T00:00:00Z&added_after=2020-01-01T00:00:00Z",
		"limit=1&limit=1", "next=zzzz", "limit=%zz"};
	static const char *const paths[] = {SHARED "objects/", SHARED "manifest/",
		SHARED "objects/x--1/", SHARED "objects/x--1/versions/"};
	for (size_t i = 0; i < sizeof queries / sizeof *queries; i++)
		for (size_t j = 0; j < 4; j++) {
			char target[300];
			snprintf(target, sizeof target, "%s?%s", paths[j], queries[i]);
			assert_int_equal(get(target), 400);
			assert_true(json_get_span(json(), "description").len > 0);
		}
}

static void
failed_logins_are_401_with_a_challenge(void **state)
{
	(void)state;
	for (size_t i = 0; i < TARGETS; i++) {
		assert_int_equal(get_as(NOBODY, targets[i]), 401);
		assert_non_null(header("WWW-Authenticate"));
		assert_memory_equal(header("WWW-Authenticate"), "Basic realm=", 12);
		assert_null(header("Location"));
	}
	assert_int_equal(get_as(LIAR, SHARED "objects/"), 401);
	assert_int_equal(post_as(NOBODY, SHARED, "{}"), 401);
	assert_int_equal(ask_as(NOBODY, "DELETE", SHARED "objects/x--1/", (struct span){}), 401);
}

static void
a_removed_user_is_out_at_once(void **state)
{
	(void)state;
	struct diag why = {};
	assert_int_equal(get_as(BOB, SHARED), 200);
	assert_rc(user_remove(w.store, SPAN("bob"), &why), RC_OK);
	assert_int_equal(get_as(BOB, SHARED), 401);
}

static void
reading_and_writing_need_their_rights(void **state)
{
	(void)state;
	static const struct {
		int who;
		unsigned collection, objects, manifest, post;
	} cases[] = {{ALICE, 200, 200, 200, 400}, {BOB, 200, 200, 200, 403},
		{CAROL, 200, 403, 403, 400}, {DAVE, 404, 404, 404, 404}};
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(get_as(cases[i].who, SHARED), cases[i].collection);
		assert_int_equal(get_as(cases[i].who, SHARED "objects/"), cases[i].objects);
		assert_int_equal(get_as(cases[i].who, SHARED "manifest/"), cases[i].manifest);
		assert_int_equal(post_as(cases[i].who, SHARED, "[]"), cases[i].post);
	}
}

static void
the_table_of_delete_is_exact(void **state)
{
	(void)state;
	put_indicator(1, "2023-01-01T00:00:00.000Z");
	char target[200];
	snprintf(target, sizeof target, SHARED "objects/" INDICATOR "/", 1);
	assert_int_equal(ask_as(DAVE, "DELETE", target, (struct span){}), 404);
	assert_int_equal(ask_as(BOB, "DELETE", target, (struct span){}), 403);
	assert_int_equal(ask_as(CAROL, "DELETE", target, (struct span){}), 403);
	assert_int_equal(get(target), 200);
	assert_int_equal(ask_as(ALICE, "DELETE", target, (struct span){}), 200);
}

/* Everything a stranger could compare: status, headers, bytes. */
static void
remember(struct buf *out)
{
	buf_printf(out, "%u\n", w.call.status);
	for (size_t i = 0; i < w.call.headers; i++)
		buf_printf(out, "%s: %s\n", w.call.header[i].name, w.call.header[i].value);
	buf_add(out, body());
}

static void
absent_and_not_yours_are_the_same_bytes(void **state)
{
	(void)state;
	static const char *const tails[] = {
		"", "objects/", "manifest/", "objects/x--1/", "objects/x--1/versions/"};
	char yours[200], id[UUID_TEXT];
	uuid_text(&w.shared.id, id);
	for (size_t i = 0; i < 5; i++) {
		own_buf struct buf absent = {}, hidden = {}, by_id = {};
		snprintf(yours, sizeof yours, "/api/collections/nothing/%s", tails[i]);
		get_as(DAVE, yours);
		remember(&absent);
		snprintf(yours, sizeof yours, SHARED "%s", tails[i]);
		get_as(DAVE, yours);
		remember(&hidden);
		snprintf(yours, sizeof yours, "/api/collections/%s/%s", id, tails[i]);
		get_as(DAVE, yours);
		remember(&by_id);
		assert_memory_equal(absent.ptr, "404", 3);
		assert_int_equal(absent.len, hidden.len);
		assert_memory_equal(absent.ptr, hidden.ptr, absent.len);
		assert_int_equal(absent.len, by_id.len);
		assert_memory_equal(absent.ptr, by_id.ptr, absent.len);
	}
	assert_int_equal(get_as(DAVE, "/api/collections/"), 200);
	assert_span(body(), "{}");
}

static void
what_the_gate_denies_was_never_there(void **state)
{
	(void)state;
	char text[1200], target[200];
	const char *plain = indicator_text(9, "2023-01-01T00:00:00.000Z");
	/* TLP 2.0 RED */
	snprintf(text, sizeof text,
		"%.*s,\"object_marking_refs\":[\"marking-definition--e828b379-4e03-4974-9ac4-"
		"e53a884c97c1\"]}",
		(int)strlen(plain) - 1, plain);
	assert_int_equal(put(text), 202);
	assert_true(body_has("\"success_count\":1"));
	static const char *const tails[] = {"", "versions/"};
	for (size_t i = 0; i < 2; i++) {
		own_buf struct buf denied = {}, absent = {};
		snprintf(target, sizeof target, SHARED "objects/" INDICATOR "/%s", 9, tails[i]);
		assert_int_equal(get(target), 404);
		remember(&denied);
		snprintf(target, sizeof target, SHARED "objects/" INDICATOR "/%s", 10, tails[i]);
		assert_int_equal(get(target), 404);
		remember(&absent);
		assert_int_equal(denied.len, absent.len);
		assert_memory_equal(denied.ptr, absent.ptr, absent.len);
	}
	assert_int_equal(get(SHARED "objects/"), 200);
	assert_span(body(), "{}");
	assert_int_equal(get(SHARED "manifest/"), 200);
	assert_span(body(), "{}");
	snprintf(target, sizeof target, SHARED "objects/" INDICATOR "/", 9);
	assert_int_equal(ask_as(ALICE, "DELETE", target, (struct span){}), 404);
}

static void
a_body_over_the_limit_is_413_before_it_is_read(void **state)
{
	(void)state;
	own_buf struct buf text = {};
	while (text.len <= 100000)
		buf_add(&text, SPAN("this is no JSON "));
	w.content_type = "text/plain";
	assert_int_equal(ask_as(ALICE, "POST", SHARED "objects/", buf_span(&text)), 413);
}

static void
what_is_no_envelope_is_refused(void **state)
{
	(void)state;
	static const char *const bad[] = {"", "{", "null", "[]", "{}", "{\"objects\":[]}",
		"{\"objects\":{}}", "{\"objects\":[1]}", "{\"objects\":[{}]}x",
		"{\"objects\":[{}],\"objects\":[{}]}", "{\"objects\":[{},]}", "{\"objects\":[{}]",
		"\xff", "{\"objects\":[[]]}", "{\"a\":[{}]}"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(post_as(ALICE, SHARED, bad[i]), 400);
	assert_int_equal(get(SHARED "objects/"), 200);
	assert_span(body(), "{}");
}

static void
a_bundle_is_no_envelope(void **state)
{
	(void)state;
	char text[1200];
	snprintf(text, sizeof text,
		"{\"type\":\"bundle\",\"id\":\"bundle--11111111-1111-4111-8111-111111111111\","
		"\"objects\":[%s]}",
		indicator_text(1, "2023-01-01T00:00:00.000Z"));
	assert_int_equal(post_as(ALICE, SHARED, text), 400);
	assert_true(body_has("bundle"));
}

static void
malformed_json_inside_an_object_is_refused_whole(void **state)
{
	(void)state;
	assert_int_equal(post_as(ALICE, SHARED, "{\"objects\":[{\"type\":tru}]}"), 400);
	assert_int_equal(post_as(ALICE, SHARED, "{\"objects\":[{\"a\":1}, {\"a\":01}]}"), 400);
	assert_true(body_has("objects[1]"));
}

static void
posts_of_other_types_are_415(void **state)
{
	(void)state;
	static const char *const bad[] = {"application/json", "application/stix+json;version=2.1",
		"", "application/taxii+json;version=2.0"};
	for (size_t i = 0; i < 4; i++) {
		w.content_type = bad[i];
		assert_int_equal(post_as(ALICE, SHARED, "{\"objects\":[{}]}"), 415);
	}
	w.content_type = "application/taxii+json";
	assert_int_equal(post_as(ALICE, SHARED, "{\"objects\":[{}]}"), 202);
}

static void
an_encoded_body_is_415(void **state)
{
	(void)state;
	static const char *const bad[] = {"gzip", "GZIP", "br", "identity,gzip"};
	for (size_t i = 0; i < 4; i++) {
		w.content_encoding = bad[i];
		assert_int_equal(post_as(ALICE, SHARED, "{\"objects\":[{}]}"), 415);
		assert_string_equal(header("Accept-Encoding"), "identity");
		assert_true(body_has("without compression"));
	}
	w.content_encoding = "identity";
	assert_int_equal(post_as(ALICE, SHARED, "{\"objects\":[{}]}"), 202);
}

static void
the_status_in_an_error_is_a_string(void **state)
{
	(void)state;
	assert_int_equal(get("/nowhere/"), 404);
	assert_span(json_get_span(json(), "http_status"), "404");
	assert_int_equal(get(SHARED "objects/?limit=0"), 400);
	assert_span(json_get_span(json(), "http_status"), "400");
}

static void
an_error_has_a_title(void **state)
{
	(void)state;
	static const unsigned codes[] = {
		400, 401, 403, 404, 405, 406, 413, 415, 422, 429, 431, 500, 503, 501, 418};
	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
		taxii_refuse(&w.call, codes[i], SPAN("why"));
		assert_true(json_get_span(json(), "title").len > 0);
	}
}

static void
api_roots_are_paths_from_the_server(void **state)
{
	(void)state;
	assert_int_equal(get("/taxii2/"), 200);
	yyjson_val *roots = json_get(json(), "api_roots");
	assert_int_equal(yyjson_arr_size(roots), 1);
	struct span root = json_span(yyjson_arr_get(roots, 0));
	assert_true(span_starts(root, SPAN("/")) && !span_starts(root, SPAN("//")) &&
		    span_ends(root, SPAN("/")));
	assert_true(span_find_byte(root, '?') == SIZE_MAX);
	assert_span(json_get_span(json(), "title"), "Test \"node\"");
}

static void
the_default_root_is_one_of_them(void **state)
{
	(void)state;
	assert_int_equal(get("/taxii2/"), 200);
	yyjson_val *root = json();
	assert_true(span_eq(json_get_span(root, "default"),
		json_span(yyjson_arr_get(json_get(root, "api_roots"), 0))));
}

static void
versions_of_a_root_are_media_types(void **state)
{
	(void)state;
	assert_int_equal(get("/api/"), 200);
	yyjson_val *root = json();
	assert_span(json_span(yyjson_arr_get(json_get(root, "versions"), 0)),
		"application/taxii+json;version=2.1");
	assert_int_equal(yyjson_get_uint(json_get(root, "max_content_length")), 100000);
}

static void
empty_lists_are_left_out(void **state)
{
	(void)state;
	assert_int_equal(get_as(DAVE, "/api/collections/"), 200);
	assert_span(body(), "{}");
	assert_int_equal(get(SHARED "objects/"), 200);
	assert_span(body(), "{}");
	assert_int_equal(get(SHARED "manifest/"), 200);
	assert_span(body(), "{}");
	put_indicator(1, "2023-01-01T00:00:00.000Z");
	char target[200];
	snprintf(target, sizeof target,
		SHARED "objects/" INDICATOR "/versions/?match[spec_version]=2.0", 1);
	assert_int_equal(get(target), 200);
	assert_span(body(), "{}");
}

static void
collections_have_uuids_and_aliases(void **state)
{
	(void)state;
	char id[UUID_TEXT], target[200];
	struct uuid parsed;
	assert_int_equal(get_as(BOB, "/api/collections/"), 200);
	yyjson_val *list = json_get(json(), "collections");
	assert_int_equal(yyjson_arr_size(list), 2);
	yyjson_val *first = yyjson_arr_get(list, 0);
	assert_rc(uuid_parse(json_get_span(first, "id"), &parsed), RC_OK);
	assert_int_equal(uuid_version(&parsed), 4);
	assert_span(json_get_span(first, "alias"), "shared");
	assert_span(json_get_span(first, "title"), "Shared things");
	assert_true(yyjson_is_true(json_get(first, "can_read")));
	assert_true(yyjson_is_false(json_get(first, "can_write")));
	uuid_text(&parsed, id);
	snprintf(target, sizeof target, "/api/collections/%s/objects/", id);
	assert_int_equal(get(target), 200);
	struct diag why = {};
	struct vault_collection twin = {
		.id = uuid_v4(rng_system()), .alias = SPAN("shared"), .title = SPAN("x")};
	assert_rc(vault_collection_add(w.vault, &twin, &why), RC_CONFLICT);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(get_as(BOB, "/api/collections/"), 200);
		assert_span(
			json_get_span(yyjson_arr_get(json_get(json(), "collections"), 0), "alias"),
			"shared");
	}
}

static void
a_collection_id_that_is_no_uuid4_is_refused(void **state)
{
	(void)state;
	struct diag why = {};
	struct vault_collection c = {.alias = SPAN("third"), .title = SPAN("x")};
	assert_rc(uuid_parse(SPAN("28bb3599-77cd-5a82-a950-b5bc3caf07c4"), &c.id), RC_OK);
	assert_rc(vault_collection_add(w.vault, &c, &why), RC_BAD);
}

static void
storable_media_types_are_listed(void **state)
{
	(void)state;
	assert_int_equal(get(SHARED), 200);
	own_buf struct buf kept = {};
	yyjson_val *types = json_get(json(), "media_types");
	json_write(&kept, types);
	put_indicator(1, "2023-01-01T00:00:00.000Z");
	assert_int_equal(get(SHARED "manifest/"), 200);
	struct span type =
		json_get_span(yyjson_arr_get(json_get(json(), "objects"), 0), "media_type");
	assert_span(type, "application/stix+json;version=2.1");
	assert_true(span_find(buf_span(&kept), type) != SIZE_MAX);
}

/* Properties of TAXII's resources: "s" string, "b" boolean, "n" number, "l" list, upper case where
 * required; name:type, blank between. */
static void
check_shape(yyjson_val *object, const char *shape)
{
	size_t at, max, known = 0;
	yyjson_val *key, *value;
	assert_true(yyjson_is_obj(object));
	for (const char *p = shape; *p;) {
		const char *colon = strchr(p, ':');
		yyjson_val *one = yyjson_obj_getn(object, p, (size_t)(colon - p));
		char kind = colon[1];
		bool required = kind >= 'A' && kind <= 'Z';
		assert_true(one || !required);
		known += one != NULL;
		switch (one ? kind | 32 : 0) {
		case 's': assert_true(yyjson_is_str(one)); break;
		case 'b': assert_true(yyjson_is_bool(one)); break;
		case 'n':
			assert_true(yyjson_is_uint(one) && yyjson_get_uint(one) >> 53 == 0);
			break;
		case 'l': assert_true(yyjson_is_arr(one) && yyjson_arr_size(one) > 0); break;
		default: break;
		}
		p = colon[2] ? colon + 3 : colon + 2;
	}
	/* Nothing beside them: a custom property would have to start with "x_" (section 7.1). */
	yyjson_obj_foreach(object, at, max, key, value) if (!known--) fail();
	assert_int_equal(known, 0);
}

static void
resources_have_their_properties_and_no_others(void **state)
{
	(void)state;
	static const char collection[] =
		"id:S title:S description:s alias:s can_read:B can_write:B media_types:l";
	assert_int_equal(get("/taxii2/"), 200);
	check_shape(json(), "title:S description:s contact:s default:s api_roots:l");
	assert_int_equal(get("/api/"), 200);
	check_shape(json(), "title:S description:s versions:L max_content_length:N");
	assert_int_equal(get("/api/collections/"), 200);
	check_shape(json(), "collections:l");
	check_shape(yyjson_arr_get(json_get(json(), "collections"), 0), collection);
	assert_int_equal(get(SHARED), 200);
	check_shape(json(), collection);
	char text[1500], target[200];
	snprintf(text, sizeof text, "%s,{\"type\":\"indicator\"}",
		indicator_text(1, "2023-01-01T00:00:00.000Z"));
	assert_int_equal(put(text), 202);
	static const char status[] =
		"id:S status:S request_timestamp:s total_count:N success_count:N successes:l "
		"failure_count:N failures:l pending_count:N pendings:l";
	check_shape(json(), status);
	check_shape(yyjson_arr_get(json_get(json(), "successes"), 0), "id:S version:S message:s");
	check_shape(yyjson_arr_get(json_get(json(), "failures"), 0), "id:S version:S message:s");
	snprintf(target, sizeof target, "/api/status/%s/", yyjson_get_str(json_get(json(), "id")));
	assert_int_equal(get(target), 200);
	check_shape(json(), status);
	put_many(2, 6);
	assert_int_equal(get(SHARED "objects/"), 200);
	check_shape(json(), "more:b next:s objects:l");
	assert_int_equal(get(SHARED "manifest/"), 200);
	check_shape(json(), "more:b objects:l");
	check_shape(yyjson_arr_get(json_get(json(), "objects"), 0),
		"id:S date_added:S version:S media_type:s");
	snprintf(target, sizeof target, SHARED "objects/" INDICATOR "/versions/", 1);
	assert_int_equal(get(target), 200);
	check_shape(json(), "more:b versions:l");
	assert_int_equal(get("/nowhere/"), 404);
	check_shape(json(),
		"title:S description:s error_id:s error_code:s http_status:s external_details:s");
}

static void
collections_keep_their_order(void **state)
{
	(void)state;
	struct diag why = {};
	struct vault_collection first = {
		.id = uuid_v4(rng_system()), .alias = SPAN("aaa"), .title = SPAN("A")};
	assert_int_equal(get_as(BOB, "/api/collections/"), 200);
	struct span before = arena_dup(&w.call.mem, body());
	char kept[2000];
	span_copy(before, kept, sizeof kept);
	assert_rc(vault_collection_add(w.vault, &first, &why), RC_OK);
	put_indicator(1, "2023-01-01T00:00:00.000Z");
	for (int i = 0; i < 3; i++) {
		assert_int_equal(get_as(BOB, "/api/collections/"), 200);
		assert_true(span_eq(body(), span_of(kept)));
	}
}

/* TAXII 2.1 section 7.1.1 lets a server pass over what it does not know. */
static void
unknown_properties_of_an_envelope_are_passed_over(void **state)
{
	(void)state;
	char text[1000];
	snprintf(text, sizeof text,
		"{\"x_acme_score\":{\"a\":[1]},\"more\":true,\"objects\":[%s],\"next\":\"zzz\"}",
		indicator_text(1, "2023-01-01T00:00:00.000Z"));
	assert_int_equal(post_as(ALICE, SHARED, text), 202);
	assert_true(body_has("\"success_count\":1"));
}

static void
other_methods_are_405_whoever_asks(void **state)
{
	(void)state;
	assert_int_equal(ask_as(ALICE, "PUT", SHARED "objects/", (struct span){}), 405);
	assert_string_equal(header("Allow"), "GET, HEAD, POST");
	assert_int_equal(ask_as(DAVE, "PUT", SHARED "objects/", (struct span){}), 405);
	assert_int_equal(ask_as(ALICE, "DELETE", SHARED "objects/", (struct span){}), 405);
	assert_int_equal(ask_as(ALICE, "POST", "/taxii2/", (struct span){}), 405);
	assert_int_equal(ask_as(ALICE, "HEAD", "/taxii2/", (struct span){}), 200);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(every_answer_has_type_and_version),
		T(errors_have_type_and_version_too),
		T(a_post_without_slash_is_served_not_redirected),
		T(malformed_queries_are_400_everywhere),
		T(failed_logins_are_401_with_a_challenge),
		T(a_removed_user_is_out_at_once),
		T(reading_and_writing_need_their_rights),
		T(the_table_of_delete_is_exact),
		T(absent_and_not_yours_are_the_same_bytes),
		T(what_the_gate_denies_was_never_there),
		T(a_body_over_the_limit_is_413_before_it_is_read),
		T(what_is_no_envelope_is_refused),
		T(a_bundle_is_no_envelope),
		T(malformed_json_inside_an_object_is_refused_whole),
		T(posts_of_other_types_are_415),
		T(an_encoded_body_is_415),
		T(the_status_in_an_error_is_a_string),
		T(an_error_has_a_title),
		T(api_roots_are_paths_from_the_server),
		T(the_default_root_is_one_of_them),
		T(versions_of_a_root_are_media_types),
		T(empty_lists_are_left_out),
		T(collections_have_uuids_and_aliases),
		T(a_collection_id_that_is_no_uuid4_is_refused),
		T(storable_media_types_are_listed),
		T(resources_have_their_properties_and_no_others),
		T(collections_keep_their_order),
		T(unknown_properties_of_an_envelope_are_passed_over),
		T(other_methods_are_405_whoever_asks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
