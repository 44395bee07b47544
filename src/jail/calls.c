#include "jail/calls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <seccomp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "jail/sanitizer.h"

/* Names, because not every architecture has every call; what is unknown here is left out. */
static const char *const always[] = {
	/* open descriptors */
	"read", "write", "readv", "writev", "pread64", "pwrite64", "preadv", "pwritev", "preadv2",
	"pwritev2", "close", "close_range", "lseek", "fstat", "dup", "dup2", "dup3", "fcntl",
	"poll", "ppoll", "select", "pselect6", "epoll_create", "epoll_create1", "epoll_ctl",
	"epoll_wait", "epoll_pwait", "epoll_pwait2", "eventfd2", "pipe", "pipe2", "timerfd_create",
	"timerfd_settime", "timerfd_gettime", "signalfd4", "memfd_create", "fadvise64", "sendfile",
	/* sockets that are there already, and pairs without a name */
	"recvfrom", "sendto", "recvmsg", "sendmsg", "recvmmsg", "sendmmsg", "shutdown",
	"getsockopt", "setsockopt", "getsockname", "getpeername", "socketpair",
	/* memory */
	"brk", "munmap", "mremap", "madvise", "msync", "mincore", "mlock", "munlock", "membarrier",
	/* threads that are there already, signals of our own */
	"futex", "set_robust_list", "get_robust_list", "rseq", "sched_yield", "sched_getaffinity",
	"sched_getparam", "sched_getscheduler", "sched_get_priority_min", "sched_get_priority_max",
	"getcpu", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "rt_sigpending",
	"rt_sigtimedwait", "rt_sigsuspend", "sigaltstack", "restart_syscall", "exit", "exit_group",
	"set_tid_address",
	/* time, chance and who am I */
	"clock_gettime", "clock_getres", "clock_nanosleep", "nanosleep", "gettimeofday", "time",
	"times", "getrandom", "getpid", "gettid", "getppid", "getuid", "geteuid", "getgid",
	"getegid", "getresuid", "getresgid", "getpgrp", "getpgid", "uname", "sysinfo", "getrlimit",
	"getrusage", NULL};

static const char *const files_read[] = {"stat", "lstat", "newfstatat", "statx", "access",
	"faccessat", "faccessat2", "readlink", "readlinkat", "getdents", "getdents64", "getcwd",
	"statfs", "fstatfs", "flock", NULL};

static const char *const files_change[] = {
	"ftruncate", "fsync", "fdatasync", "fallocate", "sync_file_range", "copy_file_range", NULL};

static const char *const files_write[] = {"truncate", "rename", "renameat", "renameat2", "unlink",
	"unlinkat", "mkdir", "mkdirat", "rmdir", "link", "linkat", "chmod", "fchmod", "fchmodat",
	"fchmodat2", "utimensat", "umask", "syncfs", NULL};

static const char *const listening[] = {"bind", "listen", NULL};
static const char *const accepting[] = {"accept", "accept4", NULL};
static const char *const connecting[] = {"connect", NULL};

/* A filter under construction; the first failure is kept. */
struct filter {
	scmp_filter_ctx ctx;
	int failed;
};

static void
add(struct filter *f, uint32_t action, const char *name, unsigned len,
	const struct scmp_arg_cmp *compare)
{
	int number = seccomp_syscall_resolve_name(name);
	if (number == __NR_SCMP_ERROR || f->failed)
		return;
	int code = seccomp_rule_add_array(f->ctx, action, number, len, compare);
	if (code < 0 && code != -EDOM && code != -EEXIST)
		f->failed = code;
}

static void
allow_all(struct filter *f, const char *const *names)
{
	for (; *names; names++)
		add(f, SCMP_ACT_ALLOW, *names, 0, NULL);
}

static void
allow_if(struct filter *f, const char *name, struct scmp_arg_cmp compare)
{
	add(f, SCMP_ACT_ALLOW, name, 1, &compare);
}

/* No memory becomes code: what runs was there before the first foreign byte. */
static void
allow_memory(struct filter *f)
{
	allow_if(f, "mmap", SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	allow_if(f, "mprotect", SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
}

static void
allow_self(struct filter *f)
{
	static const unsigned long controls[] = {FIONREAD, FIONBIO, FIOCLEX, TIOCGWINSZ, 0x5401};
	for (size_t i = 0; i < sizeof controls / sizeof controls[0]; i++)
		allow_if(f, "ioctl", SCMP_A1(SCMP_CMP_EQ, controls[i]));
	allow_if(f, "prctl", SCMP_A0(SCMP_CMP_EQ, PR_SET_NAME));
	allow_if(f, "prctl", SCMP_A0(SCMP_CMP_EQ, PR_GET_DUMPABLE));
	allow_if(f, "prlimit64", SCMP_A0(SCMP_CMP_EQ, 0));
	/* A thread's own niceness: what waits for nobody gives way. */
	const struct scmp_arg_cmp own[] = {
		SCMP_A0(SCMP_CMP_EQ, PRIO_PROCESS), SCMP_A1(SCMP_CMP_EQ, 0)};
	add(f, SCMP_ACT_ALLOW, "setpriority", 2, own);
	/* abort(3) and pthread_kill(3) */
	allow_if(f, "tgkill", SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid()));
}

static void
allow_files(struct filter *f, unsigned allow)
{
	enum { MAKES = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND };
	if (!(allow & (JAIL_FILES_READ | JAIL_FILES_CHANGE | JAIL_FILES_WRITE))) {
		/* fstat(2) by its modern name, of an open descriptor. */
		allow_if(
			f, "newfstatat", SCMP_A3(SCMP_CMP_MASKED_EQ, AT_EMPTY_PATH, AT_EMPTY_PATH));
		return;
	}
	allow_all(f, files_read);
	if (allow & (JAIL_FILES_CHANGE | JAIL_FILES_WRITE)) {
		add(f, SCMP_ACT_ALLOW, "open", 0, NULL);
		add(f, SCMP_ACT_ALLOW, "openat", 0, NULL);
		allow_all(f, files_change);
	} else {
		allow_if(f, "open", SCMP_A1(SCMP_CMP_MASKED_EQ, MAKES, 0));
		allow_if(f, "openat", SCMP_A2(SCMP_CMP_MASKED_EQ, MAKES, 0));
	}
	if (allow & JAIL_FILES_WRITE)
		allow_all(f, files_write);
}

/* SOCK_NONBLOCK and SOCK_CLOEXEC lie above the type's four bits. */
static void
allow_socket(struct filter *f, int family, int type)
{
	struct scmp_arg_cmp compare[] = {
		SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)family),
		SCMP_A1(SCMP_CMP_MASKED_EQ, 15, (scmp_datum_t)type),
	};
	add(f, SCMP_ACT_ALLOW, "socket", 2, compare);
}

static void
allow_network(struct filter *f, unsigned allow)
{
	if (allow & (JAIL_CONNECT | JAIL_LISTEN)) {
		allow_socket(f, AF_INET, SOCK_STREAM);
		allow_socket(f, AF_INET6, SOCK_STREAM);
	}
	if (allow & JAIL_CONNECT) {
		allow_socket(f, AF_INET, SOCK_DGRAM);
		allow_socket(f, AF_INET6, SOCK_DGRAM);
		allow_all(f, connecting);
	}
	if (allow & JAIL_LISTEN)
		allow_all(f, listening);
	if (allow & JAIL_ACCEPT)
		allow_all(f, accepting);
}

static void
allow_threads(struct filter *f, unsigned allow)
{
	enum {
		SPACES = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |
			 CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET
	};
	const scmp_datum_t thread = CLONE_THREAD | CLONE_VM | CLONE_SIGHAND;
	add(f, SCMP_ACT_ERRNO(ENOSYS), "clone3", 0, NULL);
	/* New calls a C library tries first and can do without. */
	add(f, SCMP_ACT_ERRNO(ENOSYS), "openat2", 0, NULL);
	add(f, SCMP_ACT_ERRNO(ENOSYS), "futex_waitv", 0, NULL);
	if (allow & JAIL_THREADS)
		allow_if(f, "clone",
			SCMP_A0(SCMP_CMP_MASKED_EQ, thread | (scmp_datum_t)SPACES, thread));
}

/*
 * What the run time of a sanitizer does by itself: it stops all threads from a process of its own to look for
 * leaks, reads the map of memory and the program's own file to name a place, and keeps a thread. Only in a
 * program that was built with one.
 */
static void
allow_sanitizer(struct filter *f)
{
	static const char *const own[] = {"clone", "ptrace", "wait4", "waitid", "prctl", "tkill",
		"tgkill", "setrlimit", "open", "openat", "stat", "newfstatat", "readlink",
		"readlinkat", "getdents64", "getcwd", "personality", NULL};
	if (SANITIZER)
		allow_all(f, own);
}

enum rc
calls_confine(unsigned allow, const char *role, struct diag *why)
{
	struct filter f = {.ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM))};
	if (!f.ctx)
		return diag_fail(why, RC_IO, "%s: no memory for a seccomp filter", role);
	allow_all(&f, always);
	allow_memory(&f);
	allow_self(&f);
	allow_files(&f, allow);
	allow_network(&f, allow);
	allow_threads(&f, allow);
	allow_sanitizer(&f);
	/* Foreign architectures' calls (32 bit) have other numbers: they kill. */
	if (!f.failed)
		f.failed = seccomp_attr_set(f.ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	if (!f.failed)
		f.failed = seccomp_load(f.ctx);
	seccomp_release(f.ctx);
	if (f.failed)
		return diag_fail(why, RC_IO, "%s: seccomp refused the filter: %s", role,
			strerror(-f.failed));
	return RC_OK;
}
