#include "jail/jail.h"

#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <netdb.h>
#include <pwd.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "jail/calls.h"
#include "jail/landlock.h"
#include "jail/sanitizer.h"

const struct jail jail_keeper = {
	.role = "keeper",
	.allow = JAIL_FILES_READ | JAIL_FILES_CHANGE | JAIL_FILES_WRITE | JAIL_THREADS,
};

const struct jail jail_front = {
	.role = "front",
	.allow = JAIL_FILES_READ | JAIL_FILES_CHANGE | JAIL_THREADS | JAIL_ACCEPT,
};

const char *const jail_resolver_paths[] = {"-/etc/resolv.conf", "-/run/systemd/resolve",
	"-/etc/hosts", "-/etc/host.conf", "-/etc/gai.conf", "-/etc/nsswitch.conf", "-/etc/services",
	"-/etc/ssl/certs", "-/usr/share/ca-certificates", "-/usr/local/share/ca-certificates",
	NULL};

/*
 * Landlock holds on to the file it was shown, and /etc/resolv.conf is replaced when a lease is renewed. Whoever
 * is not root sees in /etc what anybody may see; root sees the files one by one, and must start serve again.
 */
const char *const jail_resolver_tree[] = {"-/etc", "-/run/systemd/resolve", "-/run/NetworkManager",
	"-/run/resolvconf", "-/usr/share/ca-certificates", "-/usr/local/share/ca-certificates",
	NULL};

const struct jail jail_fetch = {
	.role = "fetch",
	.allow = JAIL_FILES_READ | JAIL_THREADS | JAIL_CONNECT,
	.read = jail_resolver_paths,
};

static enum rc
failed(const struct jail *j, const char *what, struct diag *why)
{
	return diag_fail(why, RC_IO, "%s: %s: %s", j->role, what, strerror(errno));
}

/* Landlock and capabilities hold for one thread and those it makes: there must be no other yet. */
static bool
is_alone(void)
{
	unsigned threads = 0;
	DIR *dir = opendir("/proc/self/task");
	if (!dir)
		return true;
	for (struct dirent *one; (one = readdir(dir));)
		threads += one->d_name[0] != '.';
	closedir(dir);
	/* ThreadSanitizer keeps one of its own, which runs nothing of ours. */
	return threads <= (SANITIZER == SANITIZER_THREAD ? 2 : 1);
}

static enum rc
become(const struct jail *j, struct diag *why)
{
	char text[4096];
	struct passwd entry, *found = NULL;
	if (geteuid() != 0 || !j->user)
		return RC_OK;
	if (getpwnam_r(j->user, &entry, text, sizeof text, &found) != 0 || !found) {
		diag_todo(why, "make it: useradd --system %s", j->user);
		return diag_fail(why, RC_BAD, "%s: there is no user %s", j->role, j->user);
	}
	if (setgroups(0, NULL) < 0 || setresgid(found->pw_gid, found->pw_gid, found->pw_gid) < 0 ||
		setresuid(found->pw_uid, found->pw_uid, found->pw_uid) < 0)
		return failed(j, "cannot become another user", why);
	if (found->pw_uid != 0 && (setuid(0) == 0 || seteuid(0) == 0))
		return diag_fail(why, RC_IO, "%s: root could be regained", j->role);
	return RC_OK;
}

static enum rc
drop_capabilities(const struct jail *j, struct diag *why)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[2] = {};
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	for (unsigned long cap = 0; cap < 64; cap++)
		if (prctl(PR_CAPBSET_READ, cap, 0, 0, 0) == 1)
			prctl(PR_CAPBSET_DROP, cap, 0, 0, 0); /* needs CAP_SETPCAP: root's case */
	if (syscall(SYS_capset, &head, none) < 0)
		return failed(j, "cannot drop capabilities", why);
	return RC_OK;
}

static enum rc
limit(const struct jail *j, int resource, uint64_t value, struct diag *why)
{
	struct rlimit old, now = {value, value};
	if (value == 0)
		return RC_OK;
	if (getrlimit((__rlimit_resource_t)resource, &old) < 0)
		return failed(j, "cannot read a limit", why);
	if (now.rlim_max > old.rlim_max)
		now.rlim_cur = now.rlim_max = old.rlim_max;
	if (setrlimit((__rlimit_resource_t)resource, &now) < 0)
		return failed(j, "cannot set a limit", why);
	return RC_OK;
}

static enum rc
set_limits(const struct jail *j, struct diag *why)
{
	struct rlimit no_core = {};
	enum rc code = limit(j, RLIMIT_AS, j->memory, why);
	if (code == RC_OK)
		code = limit(j, RLIMIT_NOFILE, j->descriptors, why);
	if (code == RC_OK)
		code = limit(j, RLIMIT_FSIZE, j->file_size, why);
	if (code == RC_OK && setrlimit(RLIMIT_CORE, &no_core) < 0)
		code = failed(j, "cannot forbid core files", why);
	return code;
}

/* After the change of user, which undoes both. */
static enum rc
bind_to_parent(const struct jail *j, struct diag *why)
{
	if (!j->outlives && prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return failed(j, "cannot ask to die with the parent", why);
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return failed(j, "cannot forbid tracing", why);
	if (j->parent && getppid() != j->parent)
		return diag_fail(why, RC_IO, "%s: the parent is gone", j->role);
	return RC_OK;
}

/* Name service modules are loaded at the first look-up, which must not happen inside. */
static void
warm_up_names(void)
{
	struct addrinfo *found, hints = {.ai_socktype = SOCK_STREAM};
	if (getaddrinfo("localhost", "80", &hints, &found) == 0)
		freeaddrinfo(found);
}

enum rc
jail_enter(const struct jail *j, struct jail_state *state, struct diag *why)
{
	struct jail_state s = {.landlock = jail_landlock_abi()};
	if (!is_alone())
		return diag_fail(why, RC_BAD, "%s: has threads before it is confined", j->role);
	if (j->allow & JAIL_CONNECT)
		warm_up_names();
	enum rc code = become(j, why);
	if (code == RC_OK)
		code = drop_capabilities(j, why);
	if (code == RC_OK)
		code = set_limits(j, why);
	if (code == RC_OK)
		code = bind_to_parent(j, why);
	if (code == RC_OK && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		code = failed(j, "cannot give up new privileges", why);
	if (code == RC_OK && s.landlock) {
		struct landlock_plan plan = landlock_plan_make(j, s.landlock);
		code = landlock_apply(j, &plan, why);
		s.landlock_net = s.landlock >= 4;
	} else if (code == RC_OK) {
		diag_where(why, "%s", j->role);
		diag_what(why, "this kernel or container refuses Landlock: files and ports are "
			       "held by seccomp and ownership only");
		diag_todo(why, "boot with lsm=landlock,... or allow it in the container");
	}
	if (code == RC_OK)
		code = calls_confine(j->allow, j->role, why);
	s.seccomp = code == RC_OK;
	if (code == RC_OK)
		*state = s;
	return code;
}

void
jail_exit(int code)
{
#if SANITIZER == SANITIZER_ADDRESS
	__lsan_do_leak_check();
#endif
	_exit(code);
}
