#include "../test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "jail/jail.h"
#include "jail/landlock.h"
#include "jail/sanitizer.h"
#if __has_include(<linux/landlock.h>)
#include <linux/landlock.h>
#endif

/* ---- Inside: one letter for each thing tried, capital where it succeeded ---- */

struct place {
	char folder[64], own[96], other[96]; /* own: granted; other: not */
	int listening;			     /* a socket that listens already */
	uint16_t port;
	int report;
};

static void
say(struct place *p, char letter, bool done)
{
	char out = done ? (char)(letter - 'a' + 'A') : letter;
	if (write(p->report, &out, 1) != 1)
		_exit(9);
}

static bool
try_open(const char *path, int flags)
{
	int fd = open(path, flags, 0600);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static bool
try_connect(uint16_t port)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool done = fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof to) == 0;
	if (fd >= 0)
		close(fd);
	return done;
}

static bool
try_listen(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof at) == 0 && listen(fd, 1) == 0;
}

static bool
try_accept(struct place *p)
{
	struct sockaddr_in at;
	socklen_t len = sizeof at;
	int fd = accept4(p->listening, (struct sockaddr *)&at, &len, SOCK_NONBLOCK);
	return fd >= 0 || errno == EAGAIN;
}

static void *
nothing(void *ctx)
{
	return ctx;
}

static bool
try_thread(void)
{
	pthread_t thread;
	if (pthread_create(&thread, NULL, nothing, NULL) != 0)
		return false;
	return pthread_join(thread, NULL) == 0;
}

static bool
try_fork(void)
{
	pid_t child = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
	if (child == 0)
		_exit(0);
	return child > 0;
}

static bool
try_clone3(void)
{
	struct {
		uint64_t at[11];
	} args = {.at = {[4] = SIGCHLD}};
	long child = syscall(SYS_clone3, &args, sizeof args);
	if (child == 0)
		_exit(0);
	return child > 0 || errno != ENOSYS;
}

static bool
try_code(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		       0) != MAP_FAILED;
}

static bool
try_exec(void)
{
	char name[] = "true";
	char *const args[] = {name, NULL};
	execve("/bin/true", args, NULL);
	return errno != EPERM; /* had it succeeded, nothing more would be reported */
}

static void
try_everything(struct place *p)
{
	say(p, 'r', try_open(p->own, O_RDONLY));
	say(p, 'w', try_open(p->own, O_WRONLY));
	say(p, 'o', try_open(p->other, O_RDONLY));
	say(p, 'm', mkdir("made", 0700) == 0);
	say(p, 'u', unlink(p->own) == 0);
	say(p, 's', socket(AF_INET, SOCK_STREAM, 0) >= 0);
	say(p, 'd', socket(AF_INET, SOCK_DGRAM, 0) >= 0);
	say(p, 'n', socket(AF_NETLINK, SOCK_RAW, 0) >= 0);
	say(p, 'x', socket(AF_UNIX, SOCK_STREAM, 0) >= 0);
	say(p, 'c', try_connect(p->port));
	say(p, 'l', try_listen());
	say(p, 'a', try_accept(p));
	say(p, 't', try_thread());
	say(p, 'f', try_fork());
	say(p, 'g', try_clone3());
	say(p, 'p', ptrace(PTRACE_SETOPTIONS, getppid(), 0, 0) == 0 || errno != EPERM);
	say(p, 'k', kill(getppid(), 0) == 0);
	say(p, 'j', try_code());
	say(p, 'i', syscall(SYS_setuid, 0) == 0 && syscall(SYS_setresuid, 0, 0, 0) == 0);
	say(p, 'q', unshare(CLONE_NEWUSER) == 0);
	say(p, 'b', prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0);
	say(p, 'v', prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 1);
	say(p, 'e', try_exec());
}

/* ---- Outside ---- */

static void
make_place(struct place *p)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof at;
	*p = (struct place){};
	strcpy(p->folder, "/tmp/tocsin-jail-XXXXXX");
	assert_non_null(mkdtemp(p->folder));
	assert_int_equal(chmod(p->folder, 0777), 0);
	snprintf(p->own, sizeof p->own, "%s/own", p->folder);
	snprintf(p->other, sizeof p->other, "%s.other", p->folder);
	assert_true(try_open(p->own, O_CREAT | O_WRONLY));
	assert_true(try_open(p->other, O_CREAT | O_WRONLY));
	assert_int_equal(chmod(p->own, 0666), 0);
	assert_int_equal(chmod(p->other, 0666), 0);
	p->listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(p->listening, (struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(listen(p->listening, 5), 0);
	assert_int_equal(getsockname(p->listening, (struct sockaddr *)&at, &len), 0);
	p->port = ntohs(at.sin_port);
}

static void
drop_place(struct place *p)
{
	char made[96];
	snprintf(made, sizeof made, "%s/made", p->folder);
	rmdir(made);
	unlink(p->own);
	unlink(p->other);
	rmdir(p->folder);
	close(p->listening);
}

/* Runs the role in a child; what it could do, letter by letter. */
static void
run_role(const struct jail *role, char *out, size_t size)
{
	struct place p;
	int fds[2], status;
	make_place(&p);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	pid_t parent = getpid(), child = fork();
	if (child == 0) {
		struct jail jail = *role;
		struct jail_state state;
		struct diag why = {};
		const char *const granted[] = {p.folder, NULL};
		p.report = fds[1];
		jail.parent = parent;
		if (jail.allow & JAIL_FILES_CHANGE)
			jail.write = granted;
		else
			jail.read = granted;
		if (chdir(p.folder) < 0 || jail_enter(&jail, &state, &why) != RC_OK) {
			dprintf(fds[1], "!%s: %s", why.where, why.what);
			_exit(1);
		}
		try_everything(&p);
		_exit(0);
	}
	close(fds[1]);
	size_t len = 0;
	for (ssize_t got; len < size - 1 && (got = read(fds[0], out + len, size - 1 - len)) > 0;)
		len += (size_t)got;
	out[len] = 0;
	close(fds[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	drop_place(&p);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		print_error("%s: %s, status %x\n", role->role, out, status);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	if (jail_landlock_abi() == 0)
		print_message("# no Landlock here: another file stays open to %s\n", role->role);
}

/* What the run time of a sanitizer needs is not judged in a program that was built with one. */
static void
forgive_sanitizer(char *got)
{
	for (char *at = got; SANITIZER && *at; at++)
		if (strchr("FPBV", *at))
			*at = (char)(*at - 'A' + 'a');
}

/* Without Landlock a file the user may open stays open: O instead of o. */
static void
expect(const struct jail *role, const char *with, const char *without)
{
	char got[128];
	run_role(role, got, sizeof got);
	forgive_sanitizer(got);
	assert_string_equal(got, jail_landlock_abi() ? with : without);
}

static void
without_a_jail_everything_tried_here_succeeds(void **state)
{
	(void)state;
	struct place p;
	int fds[2];
	char got[128] = "";
	make_place(&p);
	assert_int_equal(pipe2(fds, 0), 0);
	pid_t child = fork();
	if (child == 0) {
		p.report = fds[1];
		if (chdir(p.folder) == 0)
			try_everything(&p);
		_exit(0);
	}
	close(fds[1]);
	size_t len = 0;
	for (ssize_t one; (one = read(fds[0], got + len, sizeof got - 1 - len)) > 0;)
		len += (size_t)one;
	close(fds[0]);
	waitpid(child, NULL, 0);
	drop_place(&p);
	/* Otherwise the lower-case letters below would prove nothing. */
	assert_true(strncmp(got, "RWOMUSDNXCLATFGPKJ", 18) == 0);
	assert_null(strchr(got, 'e')); /* execve replaced it: nothing was reported */
}

static void
the_keeper_has_files_and_no_network(void **state)
{
	(void)state;
	expect(&jail_keeper, "RWoMUsdnxclaTfgpkjiqbve", "RWOMUsdnxclaTfgpkjiqbve");
}

static void
the_front_accepts_and_opens_no_connection(void **state)
{
	(void)state;
	expect(&jail_front, "RWomusdnxclATfgpkjiqbve", "RWOmusdnxclATfgpkjiqbve");
}

static void
the_fetcher_connects_and_does_not_listen(void **state)
{
	(void)state;
	expect(&jail_fetch, "RwomuSDnxClaTfgpkjiqbve", "RwOmuSDnxClaTfgpkjiqbve");
}

static void
a_jail_that_cannot_be_entered_says_why(void **state)
{
	(void)state;
	int status;
	pid_t child = fork();
	if (child == 0) {
		struct jail jail = jail_front;
		struct jail_state got;
		struct diag why = {};
		jail.parent = getpid(); /* not our parent */
		bool refused = jail_enter(&jail, &got, &why) == RC_IO;
		_exit(refused && strstr(why.what, "parent is gone") ? 0 : 1);
	}
	waitpid(child, &status, 0);
	assert_int_equal(status, 0);
	child = fork();
	if (child == 0) {
		struct jail jail = jail_front;
		struct jail_state got;
		struct diag why = {};
		jail.user = "no-such-user-here";
		if (geteuid() != 0)
			_exit(0);
		_exit(jail_enter(&jail, &got, &why) == RC_BAD && why.todo[0] ? 0 : 1);
	}
	waitpid(child, &status, 0);
	assert_int_equal(status, 0);
}

static void
root_becomes_a_user_for_good_and_limits_hold(void **state)
{
	(void)state;
	int status;
	if (geteuid() != 0) {
		print_message("# not root: becoming another user is not tried\n");
		return;
	}
	pid_t child = fork();
	if (child == 0) {
		struct jail jail = jail_keeper;
		struct jail_state got;
		struct diag why = {};
		struct rlimit limit;
		jail.user = "nobody";
		jail.descriptors = 50;
		jail.file_size = 4096;
		if (jail_enter(&jail, &got, &why) != RC_OK)
			_exit(1);
		if (getuid() == 0 || geteuid() == 0 || getgid() == 0)
			_exit(2);
		if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_max != 50)
			_exit(3);
		for (int i = 0; i < 60; i++)
			if (dup(0) < 0)
				_exit(errno == EMFILE ? 0 : 4);
		_exit(5);
	}
	waitpid(child, &status, 0);
	assert_int_equal(status, 0);
}

static void *
stay(void *ctx)
{
	pause();
	return ctx;
}

static void
a_process_with_threads_is_not_confined(void **state)
{
	(void)state;
	int status;
	pid_t child = fork();
	if (child == 0) {
		pthread_t thread;
		struct jail_state got;
		struct diag why = {};
		pthread_create(&thread, NULL, stay, NULL);
		_exit(jail_enter(&jail_front, &got, &why) == RC_BAD ? 0 : 1);
	}
	waitpid(child, &status, 0);
	assert_int_equal(status, 0);
}

/* Exit status of a child that looks a name up, confined or not: 0 found. */
static int
lookup_in_child(const struct jail *jail)
{
	int status;
	pid_t child = fork();
	if (child == 0) {
		struct jail_state got;
		struct diag why = {};
		struct addrinfo *found, hints = {.ai_socktype = SOCK_STREAM};
		if (jail && jail_enter(jail, &got, &why) != RC_OK)
			_exit(1);
		_exit(getaddrinfo("localhost", "443", &hints, &found) == 0 ? 0 : 2);
	}
	waitpid(child, &status, 0);
	return status;
}

/* A bare system without /etc/hosts and network finds no name at all: inside is as outside. */
static void
names_are_looked_up_inside(void **state)
{
	(void)state;
	assert_int_equal(lookup_in_child(&jail_fetch), lookup_in_child(NULL));
}

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
		cmocka_unit_test(without_a_jail_everything_tried_here_succeeds),
		cmocka_unit_test(the_keeper_has_files_and_no_network),
		cmocka_unit_test(the_front_accepts_and_opens_no_connection),
		cmocka_unit_test(the_fetcher_connects_and_does_not_listen),
		cmocka_unit_test(a_jail_that_cannot_be_entered_says_why),
		cmocka_unit_test(root_becomes_a_user_for_good_and_limits_hold),
		cmocka_unit_test(a_process_with_threads_is_not_confined),
		cmocka_unit_test(names_are_looked_up_inside),
		cmocka_unit_test(landlock_alone_keeps_the_keeper_in_its_folder),
		cmocka_unit_test(landlock_alone_keeps_the_front_from_connecting),
		cmocka_unit_test(landlock_alone_keeps_the_fetcher_from_listening),
		cmocka_unit_test(a_plan_names_only_what_its_abi_knows),
		cmocka_unit_test(our_constants_are_the_kernels),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
