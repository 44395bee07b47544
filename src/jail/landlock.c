#include "jail/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/own.h"
#include "jail/sanitizer.h"

/* The same numbers on every architecture. */
enum {
	CALL_CREATE_RULESET = 444,
	CALL_ADD_RULE = 445,
	CALL_RESTRICT_SELF = 446,
	CREATE_VERSION = 1,
	RULE_PATH = 1,
	RULE_PORT = 2,
};

struct path_rule {
	uint64_t allowed;
	int32_t fd;
} __attribute__((packed));

struct port_rule {
	uint64_t allowed, port;
};

unsigned
jail_landlock_abi(void)
{
	long abi = syscall(CALL_CREATE_RULESET, NULL, (size_t)0, CREATE_VERSION);
	return abi > 0 ? (unsigned)abi : 0;
}

struct landlock_plan
landlock_plan_make(const struct jail *j, unsigned abi)
{
	struct landlock_plan p = {.rules_size = abi >= 6 ? 24 : abi >= 4 ? 16 : 8};
	p.rules.fs = (1 << 13) - 1;
	if (abi >= 2)
		p.rules.fs |= LANDLOCK_REFER;
	if (abi >= 3)
		p.rules.fs |= LANDLOCK_TRUNCATE;
	if (abi >= 5)
		p.rules.fs |= LANDLOCK_IOCTL_DEV;
	p.read_file = LANDLOCK_READ_FILE;
	p.read_tree = LANDLOCK_READ_FILE | LANDLOCK_READ_DIR;
	p.write_file = p.rules.fs & (LANDLOCK_READ_FILE | LANDLOCK_WRITE_FILE | LANDLOCK_TRUNCATE);
	p.write_tree = p.write_file | LANDLOCK_READ_DIR | LANDLOCK_REMOVE_DIR |
		       LANDLOCK_REMOVE_FILE | LANDLOCK_MAKE_DIR | LANDLOCK_MAKE_REG |
		       (p.rules.fs & LANDLOCK_REFER);
	if (abi >= 4) {
		bool connects = j->allow & JAIL_CONNECT, binds = j->allow & JAIL_LISTEN;
		p.connect_rules = connects && j->connect_ports;
		p.bind_rules = binds && j->bind_ports;
		if (!connects || j->connect_ports)
			p.rules.net |= LANDLOCK_CONNECT;
		if (!binds || j->bind_ports)
			p.rules.net |= LANDLOCK_BIND;
	}
	if (abi >= 6)
		p.rules.scope = LANDLOCK_ABSTRACT | LANDLOCK_SIGNAL;
	return p;
}

static enum rc
refused(struct diag *why, const char *what)
{
	return diag_fail(why, RC_IO, "Landlock refused %s: %s", what, strerror(errno));
}

static enum rc
allow_path(int rules, const char *path, uint64_t file, uint64_t tree, struct diag *why)
{
	struct stat st;
	bool may_miss = path[0] == '-';
	path += may_miss;
	own_fd int fd = open(path, O_PATH | O_CLOEXEC);
	if (fd < 0 && may_miss && (errno == ENOENT || errno == ENOTDIR))
		return RC_OK;
	if (fd < 0 || fstat(fd, &st) < 0) {
		diag_where(why, "%s", path);
		return diag_fail(
			why, RC_BAD, "cannot be opened before confinement: %s", strerror(errno));
	}
	struct path_rule rule = {S_ISDIR(st.st_mode) ? tree : file, fd};
	if (syscall(CALL_ADD_RULE, rules, RULE_PATH, &rule, 0) < 0)
		return refused(why, path);
	return RC_OK;
}

static enum rc
allow_ports(int rules, const uint16_t *ports, uint64_t access, struct diag *why)
{
	for (; ports && *ports; ports++) {
		struct port_rule rule = {access, *ports};
		if (syscall(CALL_ADD_RULE, rules, RULE_PORT, &rule, 0) < 0)
			return refused(why, "a port");
	}
	return RC_OK;
}

/* The run time of a sanitizer looks at its own threads and memory, and into the program to name a place. */
static enum rc
allow_sanitizer(int rules, const struct landlock_plan *p, struct diag *why)
{
	static const char *const own[] = {"-/proc", "-/proc/self/exe", NULL};
	enum rc code = RC_OK;
	for (const char *const *path = own; SANITIZER && *path && code == RC_OK; path++)
		code = allow_path(rules, *path, p->read_file, p->read_tree, why);
	return code;
}

enum rc
landlock_apply(const struct jail *j, const struct landlock_plan *p, struct diag *why)
{
	enum rc code = RC_OK;
	own_fd int rules = (int)syscall(CALL_CREATE_RULESET, &p->rules, p->rules_size, 0);
	if (rules < 0)
		return refused(why, "its rules");
	for (const char *const *path = j->read; path && *path && code == RC_OK; path++)
		code = allow_path(rules, *path, p->read_file, p->read_tree, why);
	for (const char *const *path = j->write; path && *path && code == RC_OK; path++)
		code = allow_path(rules, *path, p->write_file, p->write_tree, why);
	if (code == RC_OK)
		code = allow_sanitizer(rules, p, why);
	if (code == RC_OK && p->connect_rules)
		code = allow_ports(rules, j->connect_ports, LANDLOCK_CONNECT, why);
	if (code == RC_OK && p->bind_rules)
		code = allow_ports(rules, j->bind_ports, LANDLOCK_BIND, why);
	if (code == RC_OK && syscall(CALL_RESTRICT_SELF, rules, 0) < 0)
		code = refused(why, "to confine this process");
	return code;
}
