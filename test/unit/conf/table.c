#include "../test.h"
#include "base/buf.h"
#include "base/clock.h"
#include "conf/conf.h"

static struct conf *
parsed(const char *text)
{
	struct conf *conf = NULL;
	struct diag why = {};
	if (conf_parse(span_of(text), "test", "/node", &conf, &why))
		fail_msg("%s: %s", why.where, why.what);
	return conf;
}

static void
an_empty_file_is_the_defaults_and_each_is_within_its_bounds(void **state)
{
	(void)state;
	struct conf *conf = parsed("");
	assert_string_equal(conf->listen.host, "127.0.0.1");
	assert_true(conf->listen.loopback);
	assert_int_equal(conf->page_default, 1000);
	assert_true(conf->status_keep >= 24 * 3600 * SECOND);
	assert_null(conf->tls_cert);
	assert_non_null(conf->warninglists);
	assert_null(conf->warninglists[0]);
	for (const struct conf_key *key = conf_keys; key->name; key++) {
		own_buf struct buf line = {};
		assert_int_equal(conf_line(conf, key), 0);
		if (!*key->normal)
			continue;
		buf_printf(&line, "%s = %s\n", key->name, key->normal);
		buf_add_byte(&line, 0);
		conf_free(parsed(line.ptr));
	}
	conf_free(conf);
}

static void
values_keep_their_units(void **state)
{
	(void)state;
	struct conf *conf =
		parsed("max-content-length = 3M\nstatus-keep = 36h\nrequire-jail = yes\n"
		       "tls-cert = a/b.pem\ntls-key=/c.pem\nwarninglist = x\n"
		       "warninglist = /y\ntitle = CERT of Exampleland ; ours\n");
	assert_int_equal(conf->max_content_length, 3 << 20);
	assert_true(conf->status_keep == 36 * 3600 * SECOND);
	assert_true(conf->require_jail);
	assert_string_equal(conf->tls_cert, "/node/a/b.pem");
	assert_string_equal(conf->tls_key, "/c.pem");
	assert_string_equal(conf->warninglists[0], "/node/x");
	assert_string_equal(conf->warninglists[1], "/y");
	assert_null(conf->warninglists[2]);
	assert_string_equal(conf->title, "CERT of Exampleland");
	conf_free(conf);
}

static void
numbers_out_of_bounds_or_form_are_refused(void **state)
{
	(void)state;
	static const char *const bad[] = {"page-cap = 0", "page-cap = 100001", "page-cap = 1e3",
		"page-cap = 0x10", "page-cap =", "page-cap = -1",
		"max-content-length = 9223372036854775807G", "max-content-length = 1T",
		"max-content-length = K", "status-keep = 23h", "status-keep = 7", "wait-cap = 11m",
		"require-jail = true", "page-cap 5"};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct conf *conf = NULL;
		struct diag why = {};
		assert_rc(conf_parse(span_of(bad[i]), "f", "/node", &conf, &why), RC_BAD);
		assert_null(conf);
		assert_string_equal(why.where, "f:1");
		assert_true(why.what[0] != 0);
	}
}

static void
the_first_fault_is_the_one_reported(void **state)
{
	(void)state;
	struct conf *conf = NULL;
	struct diag why = {};
	assert_rc(conf_parse(SPAN("\n# c\npage-cap = 0\nnosuch = 1\n"), "f", "/n", &conf, &why),
		RC_BAD);
	assert_string_equal(why.where, "f:3");
	assert_rc(conf_parse(SPAN("a line\npage-cap = 0\n"), "f", "/n", &conf, &why), RC_BAD);
	assert_string_equal(why.where, "f:1");
}

static void
a_missing_file_is_none_and_a_folder_is_an_io_error(void **state)
{
	(void)state;
	struct conf *conf = NULL;
	struct diag why = {};
	assert_rc(conf_read("/nonexistent/tocsin.conf", "/n", &conf, &why), RC_NONE);
	assert_rc(conf_read("/", "/n", &conf, &why), RC_IO);
	assert_null(conf);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_file_is_the_defaults_and_each_is_within_its_bounds),
		cmocka_unit_test(values_keep_their_units),
		cmocka_unit_test(numbers_out_of_bounds_or_form_are_refused),
		cmocka_unit_test(the_first_fault_is_the_one_reported),
		cmocka_unit_test(a_missing_file_is_none_and_a_folder_is_an_io_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
