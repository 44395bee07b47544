#include "cmd/guard.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include "cmd/cmd.h"

/* A handler reaches no other state. */
static _Atomic uintptr_t first, behind;
static char line[600];
static size_t line_len;

static void
on_fault(int signal_number, siginfo_t *info, void *context)
{
	uintptr_t at = (uintptr_t)info->si_addr;
	(void)context;
	if (at >= atomic_load(&first) && at < atomic_load(&behind)) {
		(void)!write(STDERR_FILENO, line, line_len);
		_exit(CMD_FAIL);
	}
	signal(signal_number, SIG_DFL); /* and it strikes again */
}

void
guard_mapping(const char *path, struct span bytes)
{
	struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
	atomic_store(&behind, 0);
	if (!bytes.len)
		return;
	int len = snprintf(line, sizeof line,
		"tocsin: %.300s: cut, or its disk failed, while it was in use: what was scanned is "
		"not all\n  build it again with \"tocsin set build\", which puts a new one in its "
		"place, then scan again\n",
		path);
	line_len = len < (int)sizeof line ? (size_t)len : sizeof line - 1;
	atomic_store(&first, (uintptr_t)bytes.ptr);
	atomic_store(&behind, (uintptr_t)bytes.ptr + bytes.len);
	sigaction(SIGBUS, &action, NULL);
}
