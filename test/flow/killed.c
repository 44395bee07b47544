/*
 * killed N PROGRAM ARG...: runs a program and kills it before its N-th call that changes a file, so that a test
 * can end it at every such place in turn. Exit status 137: killed; 77: this system lets nobody be traced; else
 * the program's own.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static bool
changes_a_file(const struct __ptrace_syscall_info *call)
{
	switch (call->entry.nr) {
	case SYS_pwrite64:
	case SYS_fsync:
	case SYS_fdatasync:
	case SYS_ftruncate:
	case SYS_unlinkat:
	case SYS_renameat2:
	case SYS_linkat:
#ifdef SYS_unlink
	case SYS_unlink:
	case SYS_rename:
	case SYS_link:
#endif
#ifdef SYS_renameat
	case SYS_renameat:
#endif
		return true;
	case SYS_write: return call->entry.args[0] > 2;
	case SYS_openat: return call->entry.args[2] & (O_CREAT | O_TRUNC);
	default: return false;
	}
}

/* Whether the child stands before a call that changes a file. */
static bool
stands_before_one(pid_t child)
{
	struct __ptrace_syscall_info call = {};
	return ptrace(PTRACE_GET_SYSCALL_INFO, child, sizeof call, &call) > 0 &&
	       call.op == PTRACE_SYSCALL_INFO_ENTRY && changes_a_file(&call);
}

static int
follow(pid_t child, long left)
{
	int status, pass = 0;
	while (ptrace(PTRACE_SYSCALL, child, 0, pass) == 0 && waitpid(child, &status, 0) == child) {
		if (WIFEXITED(status))
			return WEXITSTATUS(status);
		if (!WIFSTOPPED(status))
			return 3;
		bool call = WSTOPSIG(status) == (SIGTRAP | 0x80);
		pass = call || WSTOPSIG(status) == SIGTRAP ? 0 : WSTOPSIG(status);
		if (call && stands_before_one(child) && --left == 0) {
			kill(child, SIGKILL);
			waitpid(child, &status, 0);
			return 137;
		}
	}
	return 3;
}

int
main(int argc, char **argv)
{
	int status;
	if (argc < 3)
		return 2;
	pid_t child = fork();
	if (child == 0) {
		if (ptrace(PTRACE_TRACEME, 0, 0, 0) < 0)
			_exit(77);
		raise(SIGSTOP);
		execv(argv[2], argv + 2);
		_exit(2);
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		return 3;
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	if (ptrace(PTRACE_SETOPTIONS, child, 0, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL) < 0) {
		kill(child, SIGKILL);
		return 77;
	}
	return follow(child, atol(argv[1]));
}
