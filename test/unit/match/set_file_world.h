#pragma once
/* Sets with many facts, and the folder in which tests of their files keep them. */
#include "../test.h"

#include <fcntl.h>

#include "base/own.h"
#include "match/set_file-internal.h"
#include "match/sweep.h"
#include "world.h"

static struct buf out;
static char folder[64], path[96];

#define ID_A "indicator--11111111-2222-4333-8444-55555555aaaa"
#define ID_B "indicator--11111111-2222-4333-8444-55555555bbbb"
#define ID_C "indicator--11111111-2222-4333-8444-55555555cccc"

static const char list[] =
	"evil.org\nsub.worse.example\nhttp://url.example/a/b\nhttp://192.0.2.77/"
	"x\nspam@mail.example\n"
	"198.51.100.7\n203.0.113.0/28\n10.20.0.0/15\n2001:db8::7\n2001:db8:5::/48\n"
	"d41d8cd98f00b204e9800998ecf8427e\nda39a3ee5e6b4b0d3255bfef95601890afd80709\n"
	"t13d1516h2_8daaf6152771_e5627efa2ab1\nurl.example\nurl.example/c\nspam@[192.0.2.78]\n"
	"ja3:e41d8cd98f00b204e9800998ecf8427e\n2001::/12\nb\xc3\xbc"
	"cher.de\nfoo.xn--p1ai\nfoo.xn--fiqs8s\n00:1b:44:11:3a:b7\nCVE-2024-1234\n";

static const char text[] =
	"a.evil.org x.sub.worse.example http://url.example/a/b/c 192.0.2.77 http://192.0.2.77/x/y\n"
	"from=<spam@mail.example> 198.51.100.7 203.0.113.9 10.21.0.1 2001:db8::7 2001:db8:5:1::1\n"
	"quiet.example 10.0.0.1 2001:1::5 spam@[192.0.2.78] https://url.example/c\n"
	"D41D8CD98F00B204E9800998ECF8427E da39a3ee5e6b4b0d3255bfef95601890afd80709\n"
	"t13d1516h2_8daaf6152771_e5627efa2ab1 ja3=e41d8cd98f00b204e9800998ecf8427e\n"
	"B\xc3\x9c"
	"CHER.de\n"
	"hw 00:1b:44:11:3a:b7\nhw 001b.4411.3ab7\n"
	"a line without any\n(CVE-2024-1234)\n"
	"a line between, so that nothing is found beside what was looked for before it\n"
	"x.foo.\xd1\x80\xd1\x84\n"
	"another line between, so that nothing is found beside what was looked for before\n"
	"foo.\xe4\xb8\xad\xe5\x9b\xbd\n"
	"another line between, so that nothing is found beside what was looked for before\n"
	"00-1B-44-11-3A-B7\n"
	"another line between, so that nothing is found beside what was looked for before\n"
	"cve-2024-1234\n";

static inline void
add(struct match_set *set, enum obs_kind kind, const char *value, const char *id, const char *name)
{
	own_buf struct buf pattern = {};
	struct indicator i = {.about = {kind, span_of(value)},
		.id = span_of(id),
		.name = span_of(name),
		.party = SPAN("CERT-B"),
		.memo = SPAN("memo 7"),
		.tlp = SPAN("amber"),
		.valid_from = NOON,
		.valid_until = NOON + 5,
		.confidence = 80};
	obs_pattern(i.about, &pattern);
	i.pattern = buf_span(&pattern);
	assert_rc(match_set_add(set, &i), RC_OK);
}

static inline struct match_set *
many_facts(void)
{
	struct match_set *set = match_set_new(9);
	struct indicator i = {.about = {OBS_DOMAIN, SPAN("evil.org")},
		.reach = REACH_COVERING,
		.valid_from = TIME_NONE,
		.valid_until = TIME_NONE,
		.confidence = -1};
	assert_rc(match_set_add(set, &i), RC_OK);
	add(set, OBS_DOMAIN, "evil.org", ID_A, "evil.org");
	add(set, OBS_URL, "http://evil.org/a", ID_A, "evil.org");
	add(set, OBS_DOMAIN, "evil.org", ID_B, "a name");
	add(set, OBS_DOMAIN, "evil.org", "my own id", "evil.org");
	add(set, OBS_DOMAIN, "evil.org", ID_C, "revoked soon");
	add(set, OBS_IPV4, "192.0.2.7", "indicator--11111111-2222-4333-8444-55555555ABCD", "");
	add(set, OBS_CIDR6, "2001:db8::/33", "", "a name");
	i.about = (struct observable){OBS_SHA1, SPAN("da39a3ee5e6b4b0d3255bfef95601890afd80709")};
	i.pattern = SPAN("[file:name = 'x' OR file:hashes.'SHA-1' = 'da39']");
	assert_rc(match_set_add(set, &i), RC_OK);
	/* As lists are stored; the other way round; and of a name that covers nothing. */
	i.about = (struct observable){OBS_DOMAIN, SPAN("covers.org")};
	i.id = SPAN("indicator--00000000-0000-4000-8000-00000000000d");
	i.pattern =
		SPAN("[domain-name:value = 'covers.org' OR domain-name:value LIKE '%.covers.org']");
	assert_rc(match_set_add(set, &i), RC_OK);
	i.id = SPAN("indicator--00000000-0000-4000-8000-00000000000e");
	i.pattern =
		SPAN("[domain-name:value LIKE '%.covers.org' OR domain-name:value = 'covers.org']");
	assert_rc(match_set_add(set, &i), RC_OK);
	i.id = SPAN("indicator--00000000-0000-4000-8000-00000000000f");
	i.pattern = SPAN("[domain-name:value = 'covers.org']");
	assert_rc(match_set_add(set, &i), RC_OK);
	i.id = SPAN("indicator--00000000-0000-4000-8000-000000000010");
	i.reach = REACH_EXACT;
	assert_rc(match_set_add(set, &i), RC_OK);
	assert_int_equal(match_set_revoke(set, SPAN(ID_C)), 1);
	return set;
}

static inline struct buf
bytes_of(const char *name)
{
	struct buf b = {};
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	ssize_t got;
	assert_true(fd >= 0);
	while ((got = read(fd, buf_room(&b, 1 << 16), 1 << 16)) > 0)
		b.len += (size_t)got;
	close(fd);
	return b;
}

static inline void
write_bytes(struct span bytes)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0 && write(fd, bytes.ptr, bytes.len) == (ssize_t)bytes.len);
	close(fd);
}

static inline int
open_folder(void **state)
{
	(void)state;
	snprintf(folder, sizeof folder, "/tmp/tocsin-set-file-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof path, "%s/set", folder);
	return 0;
}

static inline int
close_folder(void **state)
{
	(void)state;
	unlink(path);
	buf_fini(&out);
	return rmdir(folder);
}
