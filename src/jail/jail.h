#pragma once
/*
 * What a process may still do, once it has opened what it needs: file system and TCP ports by
 * Landlock (kernel 5.13 and later, ABI 1 to 7), system calls by seccomp, user and capabilities,
 * limits. All of it only narrows and cannot be undone. Call jail_enter in the process's only
 * thread, before the first foreign byte. Landlock speaks of files opened later: descriptors already
 * open stay usable.
 */
#include <sys/types.h>

#include "base/rc.h"

/* What seccomp leaves beyond memory, clocks, reading, writing and polling of open descriptors. */
enum jail_allow {
	JAIL_FILES_READ = 1 << 0,   /* open for reading, stat, readdir (Landlock says where) */
	JAIL_FILES_CHANGE = 1 << 1, /* open for writing, truncate, sync (a WAL's shared memory) */
	JAIL_FILES_WRITE = 1 << 2,  /* all that, and rename, remove, make folders, set modes */
	JAIL_THREADS = 1 << 3,	    /* clone, for threads only */
	JAIL_ACCEPT = 1 << 4,	    /* accept on sockets that listen already */
	JAIL_CONNECT = 1 << 5,	    /* make TCP and UDP sockets, connect, resolve names */
	JAIL_LISTEN = 1 << 6,	    /* make TCP sockets, bind, listen */
};

struct jail {
	const char *role; /* "keeper"; for diagnoses */
	unsigned allow;	  /* enum jail_allow, or-ed */
	/* Files or trees, NULL at the end; may be NULL. One that does not exist is RC_BAD, unless
	   it is written with "-" in front. */
	const char *const *read;
	const char *const *write;      /* read, write, create, remove */
	const uint16_t *connect_ports; /* TCP, 0 at the end; NULL with JAIL_CONNECT: every port */
	const uint16_t *bind_ports;    /* TCP, 0 at the end; NULL with JAIL_LISTEN: every port */
	const char *user; /* where root: become it for good; NULL: stay, no capabilities */
	pid_t parent;	  /* fail when it is gone already; 0: do not look */
	bool outlives;	  /* may live on when its parent has gone: the first process of a service */
	uint64_t memory;  /* address space in bytes, 0: unlimited */
	uint64_t descriptors; /* open files, 0: as they are */
	uint64_t file_size;   /* largest file it may write, 0: as it is */
};

/* What was achieved, for one line in the log and for doctor. */
struct jail_state {
	unsigned landlock; /* ABI in force, 0: the kernel refuses Landlock */
	bool landlock_net; /* TCP ports are held by Landlock (ABI 4 and later) */
	bool seccomp;
};

/* The three of serve. Paths, ports, user and limits are the caller's to add. */
extern const struct jail jail_keeper; /* files, threads; no sockets but those it has */
extern const struct jail jail_front;  /* accept, files, threads; no new sockets, no exec */
extern const struct jail jail_fetch;  /* connect, files to read, threads; no listening */
/* What looking up names and trusting the system's issuers needs; the paths of jail_fetch. */
extern const char *const jail_resolver_paths[];
/* The same where the process is not root's: whole folders, whose files may be replaced meanwhile. */
extern const char *const jail_resolver_tree[];

/*
 * Narrows this process. RC_OK: all in force that this kernel has (*state says what; why, where
 * Landlock is missing, has one line that says so). RC_IO or RC_BAD: something failed, end the
 * process: it may be half narrowed. Dies with its parent (PR_SET_PDEATHSIG), cannot be traced or
 * dumped, gains no privileges.
 */
enum rc jail_enter(const struct jail *j, struct jail_state *state, struct diag *why);
/* _exit(2), after a build with AddressSanitizer said what leaked. */
void jail_exit(int code) __attribute__((noreturn));
/* The Landlock ABI of this kernel, 0 where it is not built in or a container refuses it. */
unsigned jail_landlock_abi(void);
