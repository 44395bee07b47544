#include "place.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "jail/jail.h"
#include "jail/landlock.h"
#if __has_include(<linux/landlock.h>)
#include <linux/landlock.h>
#endif

/* ---- Landlock alone, seccomp left out: what refuses here is its rules ---- */

/* 0: it went; else the error. */
static int
error_of(long got)
{
	return got < 0 ? errno : 0;
}

static int
open_error(const char *path, int flags)
{
	int fd = open(path, flags, 0600), error = error_of(fd);
	if (fd >= 0)
		close(fd);
	return error;
}

static int
tcp_error(uint16_t port, bool listens)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int error = error_of(listens ? bind(fd, (struct sockaddr *)&at, sizeof at)
				     : connect(fd, (struct sockaddr *)&at, sizeof at));
	close(fd);
	return error;
}

/* An address without a file, of a listener outside. */
static int
abstract_error(const struct sockaddr_un *at)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int error = error_of(connect(fd, (const struct sockaddr *)at, sizeof *at));
	close(fd);
	return error;
}

struct tried {
	const char *what;
	int want, got;
};

static int
judge(const struct jail *jail, unsigned abi, const struct tried *tried, size_t count)
{
	int wrong = 0;
	for (size_t i = 0; i < count; i++)
		if (tried[i].got != tried[i].want && ++wrong)
			fprintf(stderr, "%s, ABI %u: %s: %s, not %s\n", jail->role, abi,
				tried[i].what, strerror(tried[i].got), strerror(tried[i].want));
	return wrong;
}

/* In the child. What each ABI cannot refuse goes: an older kernel is no fault of ours. */
static int
try_under_landlock(struct place *p, const struct jail *jail, const struct sockaddr_un *name)
{
	char made[96], moved[128], folder[128];
	unsigned abi = jail_landlock_abi();
	struct landlock_plan plan = landlock_plan_make(jail, abi);
	struct diag why = {};
	bool writes = jail->allow & JAIL_FILES_CHANGE, connects = jail->allow & JAIL_CONNECT;
	int refer = abi >= 2 ? EACCES : EXDEV;
	snprintf(made, sizeof made, "%s/made", p->folder);
	snprintf(moved, sizeof moved, "%s/moved", p->folder);
	snprintf(folder, sizeof folder, "%s.folder", p->folder);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
		landlock_apply(jail, &plan, &why) != RC_OK)
		return 100;
	const struct tried tried[] = {
		{"reads what it was given", 0, open_error(p->own, O_RDONLY)},
		{"writes what it was given", writes ? 0 : EACCES, open_error(p->own, O_WRONLY)},
		{"reads another file", EACCES, open_error(p->other, O_RDONLY)},
		{"writes another file", EACCES, open_error(p->other, O_WRONLY)},
		{"reads the system's files", EACCES, open_error("/etc/passwd", O_RDONLY)},
		{"lists another folder", EACCES, open_error("/", O_RDONLY | O_DIRECTORY)},
		{"makes a file", writes ? 0 : EACCES, open_error(made, O_CREAT | O_WRONLY)},
		{"makes a folder elsewhere", EACCES, error_of(mkdir(folder, 0700))},
		{"makes a device", EACCES, error_of(mknod(moved, S_IFIFO | 0600, 0))},
		{"makes a symbolic link", EACCES, error_of(symlink("/etc", moved))},
		{"cuts another file", abi >= 3 ? EACCES : 0, error_of(truncate(p->other, 0))},
		{"moves a file in", refer, error_of(rename(p->other, moved))},
		{"removes another file", EACCES, error_of(unlink(p->other))},
		{"runs a program", EACCES,
			error_of(execl("/bin/true", "true", (const char *)NULL))},
		{"connects", abi < 4 || connects ? 0 : EACCES, tcp_error(p->port, false)},
		{"listens", abi < 4 ? 0 : EACCES, tcp_error(0, true)},
		{"reaches a socket without a file", abi >= 6 ? EPERM : 0, abstract_error(name)},
		{"signals its parent", abi >= 6 ? EPERM : 0, error_of(kill(getppid(), 0))},
	};
	return judge(jail, abi, tried, sizeof tried / sizeof tried[0]);
}

static void
landlock_alone_refuses(const struct jail *role)
{
	struct place p;
	int status;
	if (jail_landlock_abi() == 0) {
		print_message("# no Landlock here: only its plans are tested\n");
		return;
	}
	make_place(&p);
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	snprintf(name.sun_path + 1, sizeof name.sun_path - 1, "%s", p.folder);
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&name, sizeof name), 0);
	assert_int_equal(listen(listener, 5), 0);
	pid_t child = fork();
	if (child == 0) {
		struct jail jail = *role;
		const char *const granted[] = {p.folder, NULL};
		jail.read = jail.write = NULL;
		*(jail.allow & JAIL_FILES_CHANGE ? &jail.write : &jail.read) = granted;
		_exit(try_under_landlock(&p, &jail, &name));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	char made[96];
	snprintf(made, sizeof made, "%s/made", p.folder);
	unlink(made);
	drop_place(&p);
	close(listener);
	assert_int_equal(status, 0);
}

static void
landlock_alone_keeps_the_keeper_in_its_folder(void **state)
{
	(void)state;
	landlock_alone_refuses(&jail_keeper);
}

static void
landlock_alone_keeps_the_front_from_connecting(void **state)
{
	(void)state;
	landlock_alone_refuses(&jail_front);
}

static void
landlock_alone_keeps_the_fetcher_from_listening(void **state)
{
	(void)state;
	landlock_alone_refuses(&jail_fetch);
}

/* ---- Landlock, whose plan needs no kernel ---- */

static void
a_plan_names_only_what_its_abi_knows(void **state)
{
	(void)state;
	static const uint16_t ports[] = {443, 0};
	struct jail fetch = jail_fetch;
	struct landlock_plan p = landlock_plan_make(&fetch, 1);
	assert_int_equal(p.rules_size, 8);
	assert_int_equal(p.rules.fs, 0x1fff);
	assert_int_equal(p.rules.net, 0);
	assert_int_equal(p.write_tree & ~p.rules.fs, 0);
	p = landlock_plan_make(&fetch, 2);
	assert_int_equal(p.rules.fs, 0x3fff);
	assert_true(p.write_tree & LANDLOCK_REFER);
	p = landlock_plan_make(&fetch, 3);
	assert_int_equal(p.rules.fs, 0x7fff);
	assert_true(p.write_file & LANDLOCK_TRUNCATE);
	p = landlock_plan_make(&fetch, 4);
	assert_int_equal(p.rules_size, 16);
	assert_int_equal(p.rules.net, LANDLOCK_BIND); /* may connect anywhere, bind nowhere */
	fetch.connect_ports = ports;
	p = landlock_plan_make(&fetch, 4);
	assert_int_equal(p.rules.net, LANDLOCK_BIND | LANDLOCK_CONNECT);
	assert_true(p.connect_rules);
	assert_false(p.bind_rules);
	for (unsigned abi = 6; abi <= 7; abi++) {
		p = landlock_plan_make(&jail_keeper, abi);
		assert_int_equal(p.rules_size, 24);
		assert_int_equal(p.rules.fs, 0xffff);
		assert_int_equal(p.rules.net, LANDLOCK_BIND | LANDLOCK_CONNECT);
		assert_int_equal(p.rules.scope, LANDLOCK_ABSTRACT | LANDLOCK_SIGNAL);
		assert_int_equal(p.read_tree & (LANDLOCK_EXECUTE | LANDLOCK_WRITE_FILE), 0);
	}
}

static void
our_constants_are_the_kernels(void **state)
{
	(void)state;
#ifdef LANDLOCK_ACCESS_FS_EXECUTE
	assert_int_equal(LANDLOCK_EXECUTE, LANDLOCK_ACCESS_FS_EXECUTE);
	assert_int_equal(LANDLOCK_WRITE_FILE, LANDLOCK_ACCESS_FS_WRITE_FILE);
	assert_int_equal(LANDLOCK_READ_FILE, LANDLOCK_ACCESS_FS_READ_FILE);
	assert_int_equal(LANDLOCK_READ_DIR, LANDLOCK_ACCESS_FS_READ_DIR);
	assert_int_equal(LANDLOCK_REMOVE_DIR, LANDLOCK_ACCESS_FS_REMOVE_DIR);
	assert_int_equal(LANDLOCK_REMOVE_FILE, LANDLOCK_ACCESS_FS_REMOVE_FILE);
	assert_int_equal(LANDLOCK_MAKE_DIR, LANDLOCK_ACCESS_FS_MAKE_DIR);
	assert_int_equal(LANDLOCK_MAKE_REG, LANDLOCK_ACCESS_FS_MAKE_REG);
	assert_int_equal(LANDLOCK_MAKE_SYM, LANDLOCK_ACCESS_FS_MAKE_SYM);
#else
	print_message("# no Landlock header here to compare with\n");
#endif
#ifdef LANDLOCK_ACCESS_FS_REFER
	assert_int_equal(LANDLOCK_REFER, LANDLOCK_ACCESS_FS_REFER);
#endif
#ifdef LANDLOCK_ACCESS_FS_TRUNCATE
	assert_int_equal(LANDLOCK_TRUNCATE, LANDLOCK_ACCESS_FS_TRUNCATE);
#endif
#ifdef LANDLOCK_ACCESS_NET_BIND_TCP
	assert_int_equal(LANDLOCK_BIND, LANDLOCK_ACCESS_NET_BIND_TCP);
	assert_int_equal(LANDLOCK_CONNECT, LANDLOCK_ACCESS_NET_CONNECT_TCP);
#endif
#ifdef LANDLOCK_ACCESS_FS_IOCTL_DEV
	assert_int_equal(LANDLOCK_IOCTL_DEV, LANDLOCK_ACCESS_FS_IOCTL_DEV);
#endif
#ifdef LANDLOCK_SCOPE_SIGNAL
	assert_int_equal(LANDLOCK_SIGNAL, LANDLOCK_SCOPE_SIGNAL);
	assert_int_equal(LANDLOCK_ABSTRACT, LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET);
#endif
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(landlock_alone_keeps_the_keeper_in_its_folder),
		cmocka_unit_test(landlock_alone_keeps_the_front_from_connecting),
		cmocka_unit_test(landlock_alone_keeps_the_fetcher_from_listening),
		cmocka_unit_test(a_plan_names_only_what_its_abi_knows),
		cmocka_unit_test(our_constants_are_the_kernels),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
