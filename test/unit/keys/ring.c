#include "../test.h"

#include <dirent.h>
#include <fcntl.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/own.h"
#include "keys/keyfile.h"
#include "keys/ring.h"

static const int64_t now = INT64_C(1800000000) * SECOND;

static int
make_folder(void **state)
{
	char *path = strdup("/tmp/tocsin-ring-XXXXXX");
	if (!mkdtemp(path))
		return -1;
	*state = path;
	return 0;
}

static int
drop_folder(void **state)
{
	DIR *dir = opendir(*state);
	struct dirent *entry;
	while (dir && (entry = readdir(dir)))
		unlinkat(dirfd(dir), entry->d_name, 0);
	closedir(dir);
	rmdir(*state);
	free(*state);
	return 0;
}

static size_t
count_files(const char *path)
{
	size_t n = 0;
	DIR *dir = opendir(path);
	struct dirent *entry;
	while ((entry = readdir(dir)))
		n += strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..");
	closedir(dir);
	return n;
}

static void
key_files_are_made_whole_and_never_overwritten(void **state)
{
	struct diag why = {};
	own_fd int dir = keyfile_dir(*state, &why);
	own_buf struct buf got = {};
	struct stat st;
	umask(0);
	assert_rc(keyfile_create(dir, "a.key", SPAN("one"), &why), RC_OK);
	assert_rc(keyfile_create(dir, "a.key", SPAN("two"), &why), RC_CONFLICT);
	assert_rc(keyfile_read(dir, "a.key", &got, &why), RC_OK);
	assert_span(buf_span(&got), "one");
	assert_rc(keyfile_replace(dir, "a.key", SPAN("two"), &why), RC_OK);
	buf_reset(&got);
	assert_rc(keyfile_read(dir, "a.key", &got, &why), RC_OK);
	assert_span(buf_span(&got), "two");
	assert_int_equal(fstatat(dir, "a.key", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	umask(077);
	assert_rc(keyfile_create(dir, "a.pem", SPAN("open"), &why), RC_OK);
	assert_int_equal(fstatat(dir, "a.pem", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	assert_int_equal(count_files(*state), 2);
	assert_rc(keyfile_read(dir, "b.key", &got, &why), RC_NONE);
}

static void
key_files_open_to_others_are_refused(void **state)
{
	static const mode_t bad[] = {0640, 0604, 0620, 0610, 0601};
	struct diag why = {};
	own_fd int dir = keyfile_dir(*state, &why);
	own_buf struct buf got = {};
	assert_rc(keyfile_create(dir, "a.key", SPAN("one"), &why), RC_OK);
	assert_rc(keyfile_create(dir, "a.pem", SPAN("open"), &why), RC_OK);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_int_equal(fchmodat(dir, "a.key", bad[i], 0), 0);
		assert_rc(keyfile_read(dir, "a.key", &got, &why), RC_DENIED);
		assert_non_null(strstr(why.where, "/a.key"));
		/* A command that can be typed wherever one stands. */
		assert_true(strncmp(why.todo, "chmod 600 /", 11) == 0);
		assert_non_null(strstr(why.todo, "/a.key"));
	}
	assert_int_equal(fchmodat(dir, "a.pem", 0664, 0), 0);
	assert_rc(keyfile_read(dir, "a.pem", &got, &why), RC_DENIED);
	assert_int_equal(symlinkat("a.key", dir, "b.key"), 0);
	assert_rc(keyfile_read(dir, "b.key", &got, &why), RC_DENIED);
	assert_int_equal(mkfifoat(dir, "c.key", 0600), 0);
	assert_rc(keyfile_read(dir, "c.key", &got, &why), RC_DENIED);
	assert_int_equal(got.len, 0);
}

static struct ring_plan
plan(void)
{
	static const struct span hosts[] = {{"tocsin.jp.example", 17}};
	return (struct ring_plan){SPAN("jp.example"), hosts, 1, now};
}

static void
a_ring_is_made_once_and_completed_after_a_crash(void **state)
{
	static const char *const names[] = {"node.key", "node.pub", "mac.key", "ca.key", "ca.pem",
		"server.key", "server.pem", "client.key", "client.pem"};
	struct diag why = {};
	struct ring_plan p = plan();
	struct ring one, two;
	unsigned at = 0;
	assert_rc(ring_create(*state, &p, rng_system(), &why), RC_OK);
	assert_int_equal(count_files(*state), 9);
	assert_rc(ring_open(*state, RING_NODE | RING_MAC, &one, &why), RC_OK);
	assert_rc(ring_fault(*state, now, &at, &why), RC_NONE);
	own_fd int dir = keyfile_dir(*state, &why);
	for (size_t i = 0; i < 9; i++) {
		/* Public parts come back equal or fitting; a lost secret is made anew. */
		assert_int_equal(unlinkat(dir, names[i], 0), 0);
		at = 0;
		if (strcmp(names[i], "node.pub") != 0)
			assert_rc(ring_fault(*state, now, &at, &why), RC_BAD);
		bool pair = strstr(names[i], ".key") && !strstr(names[i], "node") &&
			    !strstr(names[i], "mac");
		if (pair) {
			char cert[32];
			snprintf(cert, sizeof cert, "%.*s.pem", (int)(strlen(names[i]) - 4),
				names[i]);
			unlinkat(dir, cert, 0);
		}
		assert_rc(ring_create(*state, &p, rng_system(), &why), RC_OK);
		at = 0;
		assert_rc(ring_fault(*state, now, &at, &why), RC_NONE);
	}
	assert_rc(ring_open(*state, RING_NODE | RING_MAC, &two, &why), RC_OK);
	assert_memory_not_equal(&one.node, &two.node, sizeof one.node);
	assert_memory_not_equal(&one.cursor, &two.cursor, sizeof one.cursor);
	ring_fini(&one);
	ring_fini(&two);
}

static void
faults_of_a_ring_are_named_with_what_mends_them(void **state)
{
	struct diag why = {};
	struct ring_plan p = plan();
	struct ring ring;
	unsigned at = 0;
	assert_rc(ring_create(*state, &p, rng_system(), &why), RC_OK);
	assert_rc(ring_fault(*state, now + INT64_C(800) * 86400 * SECOND, &at, &why), RC_BAD);
	assert_string_equal(why.where, "server.pem");
	assert_non_null(strstr(why.what, "expires in 20 days"));
	at = 0;
	assert_rc(ring_fault(*state, now + INT64_C(4000) * 86400 * SECOND, &at, &why), RC_BAD);
	assert_non_null(strstr(why.what, "has expired"));
	assert_int_equal(chmod(*state, 0755), 0);
	at = 0;
	assert_rc(ring_fault(*state, now, &at, &why), RC_DENIED);
	assert_rc(ring_fault(*state, now, &at, &why), RC_NONE);
	assert_rc(ring_open(*state, RING_MAC, &ring, &why), RC_DENIED);
	assert_int_equal(chmod(*state, 0700), 0);
	own_fd int dir = keyfile_dir(*state, &why);
	assert_int_equal(renameat(dir, "client.key", dir, "server.key"), 0);
	at = 0;
	assert_rc(ring_fault(*state, now, &at, &why), RC_CONFLICT);
	assert_string_equal(why.where, "server.pem");
	assert_rc(keyfile_replace(dir, "mac.key", SPAN("short"), &why), RC_OK);
	assert_rc(ring_open(*state, RING_MAC, &ring, &why), RC_BAD);
	assert_rc(ring_open(*state, RING_NODE, &ring, &why), RC_OK);
}

static gnutls_x509_crt_t
load(const struct buf *pem)
{
	gnutls_x509_crt_t crt;
	gnutls_datum_t d = {(unsigned char *)pem->ptr, (unsigned)pem->len};
	assert_int_equal(gnutls_x509_crt_init(&crt), 0);
	assert_int_equal(gnutls_x509_crt_import(crt, &d, GNUTLS_X509_FMT_PEM), 0);
	return crt;
}

static void
check_chain(gnutls_x509_crt_t crt, gnutls_x509_crt_t ca, const char *purpose, const char *host)
{
	gnutls_x509_trust_list_t trust;
	unsigned status = 99;
	gnutls_typed_vdata_st data[2] = {
		{.type = GNUTLS_DT_KEY_PURPOSE_OID, .data = (unsigned char *)purpose},
		{.type = GNUTLS_DT_DNS_HOSTNAME, .data = (unsigned char *)host},
	};
	assert_int_equal(gnutls_x509_trust_list_init(&trust, 0), 0);
	assert_int_equal(gnutls_x509_trust_list_add_cas(trust, &ca, 1, 0), 1);
	assert_int_equal(gnutls_x509_trust_list_verify_crt2(trust, &crt, 1, data, host ? 2 : 1,
				 GNUTLS_VERIFY_DISABLE_TIME_CHECKS, &status, NULL),
		0);
	assert_int_equal(status, 0);
	gnutls_x509_trust_list_deinit(trust, 0);
}

static void
certificates_verify_under_their_authority_for_their_use(void **state)
{
	(void)state;
	struct diag why = {};
	const struct span hosts[] = {
		SPAN("tocsin.jp.example"), SPAN("192.0.2.1"), SPAN("2001:db8::1")};
	struct x509_order order = {.kind = X509_AUTHORITY,
		.name = SPAN("Ministry J"),
		.from = now,
		.until = now + 86400 * SECOND};
	own_x509_pair struct x509_pair ca = {}, server = {}, client = {};
	assert_rc(x509_make(&order, NULL, rng_system(), &ca, &why), RC_OK);
	order.kind = X509_CLIENT;
	assert_rc(x509_make(&order, &ca, rng_system(), &client, &why), RC_OK);
	order.kind = X509_SERVER;
	assert_rc(x509_make(&order, &ca, rng_system(), &server, &why), RC_BAD);
	order.hosts = hosts;
	order.host_count = 3;
	assert_rc(x509_make(&order, &ca, rng_system(), &server, &why), RC_OK);
	gnutls_x509_crt_t a = load(&ca.cert), s = load(&server.cert), c = load(&client.cert);
	check_chain(s, a, GNUTLS_KP_TLS_WWW_SERVER, "tocsin.jp.example");
	check_chain(s, a, GNUTLS_KP_TLS_WWW_SERVER, "192.0.2.1");
	check_chain(s, a, GNUTLS_KP_TLS_WWW_SERVER, "2001:db8::1");
	check_chain(c, a, GNUTLS_KP_TLS_WWW_CLIENT, NULL);
	gnutls_x509_crt_deinit(a);
	gnutls_x509_crt_deinit(s);
	gnutls_x509_crt_deinit(c);
	struct x509_view view;
	assert_rc(x509_read(buf_span(&ca.cert), &view, &why), RC_OK);
	assert_string_equal(view.name, "Ministry J");
	assert_true(view.authority);
	assert_int_equal(view.until, now + 86400 * SECOND);
	assert_int_equal(view.from, now - 3600 * SECOND);
	assert_rc(x509_read(buf_span(&server.cert), &view, &why), RC_OK);
	assert_false(view.authority);
	assert_rc(x509_match(&server, &why), RC_OK);
	buf_reset(&server.key);
	buf_add(&server.key, buf_span(&client.key));
	assert_rc(x509_match(&server, &why), RC_CONFLICT);
}

static void
orders_that_no_client_would_accept_are_refused(void **state)
{
	(void)state;
	static const char *const bad[] = {"", "a b", "-a.example", "a..b", "bücher.de",
		"a.example/", "::g", "*.*.x",
		"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.example"};
	struct diag why = {};
	struct x509_order order = {.kind = X509_SERVER,
		.name = SPAN("x"),
		.from = now,
		.until = now + SECOND,
		.host_count = 1};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct span host = span_of(bad[i]);
		own_x509_pair struct x509_pair pair = {};
		order.hosts = &host;
		assert_rc(x509_make(&order, NULL, rng_system(), &pair, &why), RC_BAD);
		assert_int_equal(pair.key.len + pair.cert.len, 0);
	}
	own_x509_pair struct x509_pair pair = {};
	struct span host = SPAN("a.example");
	order.hosts = &host;
	order.until = order.from;
	assert_rc(x509_make(&order, NULL, rng_system(), &pair, &why), RC_BAD);
	order.until = order.from + SECOND;
	order.name = SPAN("");
	assert_rc(x509_make(&order, NULL, rng_system(), &pair, &why), RC_BAD);
	struct x509_view view;
	assert_rc(x509_read(SPAN("rubbish"), &view, &why), RC_BAD);
	assert_rc(x509_read(SPAN(""), &view, &why), RC_LIMIT);
}

static void
fingerprints_are_read_as_people_write_them(void **state)
{
	(void)state;
	static const char want[] =
		"sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
	char got[FINGERPRINT_TEXT];
	x509_fingerprint(SPAN("abc"), got);
	assert_string_equal(got, want);
	got[0] = 0;
	assert_rc(fingerprint_parse(
			  SPAN("BA:78:16:BF:8F:01:CF:EA:41:41:40:DE:5D:AE:22:23:B0:03:61:A3:"
			       "96:17:7A:9C:B4:10:FF:61:F2:00:15:AD"),
			  got),
		RC_OK);
	assert_string_equal(got, want);
	assert_rc(fingerprint_parse(span_of(want), got), RC_OK);
	assert_rc(fingerprint_parse(span_sub(span_of(want), 7, 64), got), RC_OK);
	assert_rc(fingerprint_parse(span_sub(span_of(want), 0, 70), got), RC_BAD);
	assert_rc(fingerprint_parse(
			  SPAN("BA-78-16-BF-8F-01-CF-EA-41-41-40-DE-5D-AE-22-23-B0-03-61-A3-"
			       "96-17-7A-9C-B4-10-FF-61-F2-00-15-AD"),
			  got),
		RC_BAD);
	assert_rc(fingerprint_parse(SPAN(""), got), RC_BAD);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			key_files_are_made_whole_and_never_overwritten, make_folder, drop_folder),
		cmocka_unit_test_setup_teardown(
			key_files_open_to_others_are_refused, make_folder, drop_folder),
		cmocka_unit_test_setup_teardown(
			a_ring_is_made_once_and_completed_after_a_crash, make_folder, drop_folder),
		cmocka_unit_test_setup_teardown(
			faults_of_a_ring_are_named_with_what_mends_them, make_folder, drop_folder),
		cmocka_unit_test(certificates_verify_under_their_authority_for_their_use),
		cmocka_unit_test(orders_that_no_client_would_accept_are_refused),
		cmocka_unit_test(fingerprints_are_read_as_people_write_them),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
