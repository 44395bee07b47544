#include "place.h"

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

/* ---- Inside: one letter for each thing tried, capital where it succeeded ---- */

static void
say(struct place *p, char letter, bool done)
{
	char out = done ? (char)(letter - 'a' + 'A') : letter;
	if (write(p->report, &out, 1) != 1)
		_exit(9);
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
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
