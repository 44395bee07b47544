/* main: a table and a loop. Makes ready what the command's row needs, runs it, judges stdout. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/commands.h"
#include "cmd/help.h"
#include "cmd/parse.h"
#include "conf/conf.h"

/*
 * When the reader of our stdout has gone ("tocsin ... | head") the process ends as any filter does.
 * A peer that closed a socket raises the same signal and must not end anything: its writer gets
 * EPIPE.
 */
static void
on_pipe(int signal_number)
{
	int saved = errno;
	struct pollfd out = {.fd = STDOUT_FILENO};
	if (poll(&out, 1, 0) > 0 && (out.revents & POLLERR)) {
		signal(signal_number, SIG_DFL);
		raise(signal_number);
	}
	errno = saved;
}

static void
stdio_init(void)
{
	/*
	 * A closed 0, 1 or 2 would be given to the next file opened, and we would print into it.
	 * What takes its place refuses reads (0) or writes (1, 2), so that lost data is still a
	 * failure.
	 */
	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF &&
			open("/dev/null", fd ? O_RDONLY : O_WRONLY) != fd)
			abort();
	struct sigaction action = {.sa_handler = on_pipe, .sa_flags = SA_RESTART};
	sigaction(SIGPIPE, &action, NULL);
	/* A file at its limit is an error of the write that met it, and not the end of the program. */
	action = (struct sigaction){.sa_handler = SIG_IGN};
	sigaction(SIGXFSZ, &action, NULL);
}

static enum rc
conf_ready(struct cmd_env *env, struct conf **out, struct diag *why)
{
	struct stat st;
	if (stat(env->node, &st) < 0 || !S_ISDIR(st.st_mode)) {
		diag_where(why, "%s", env->node);
		diag_todo(why, "make one with \"tocsin init\" or name it with --node DIR");
		return diag_fail(why, RC_NONE, "no node there");
	}
	if (access(env->node, R_OK | X_OK) < 0) {
		const struct passwd *owner = getpwuid(st.st_uid);
		diag_where(why, "%s", env->node);
		diag_todo(why, "run this as the user whose node it is: sudo -u %s tocsin ...",
			owner ? owner->pw_name : "USER");
		return diag_fail(why, RC_DENIED, "you may not look into the node's folder");
	}
	enum rc rc = conf_read(cmd_node_path(env, "tocsin.conf"), env->node, out, why);
	env->conf = *out;
	return rc;
}

static enum cmd_exit
command_run(struct cmd_env *env)
{
	struct diag why = {};
	struct conf *conf = NULL;
	enum cmd_exit code = CMD_FAIL;
	if (env->command->needs >= NEED_CONF && conf_ready(env, &conf, &why))
		cmd_warn(&why);
	else
		code = env->command->run(env);
	conf_free(conf);
	return code;
}

/* Data that did not reach its reader is a failure, whatever the command thought. */
static enum cmd_exit
stdout_judge(enum cmd_exit code)
{
	bool had_error = ferror(stdout);
	if (!fflush(stdout) && !had_error)
		return code;
	struct diag why = {};
	diag_where(&why, "stdout");
	diag_what(&why, "%s", errno ? strerror(errno) : "could not be written");
	return cmd_fail(&why);
}

int
main(int argc, char **argv)
{
	stdio_init();
	struct cmd_env env = {.clock = clock_system(), .rng = rng_system()};
	struct diag why = {};
	enum cmd_ask ask;
	enum cmd_exit code = CMD_YES;
	enum rc rc = parse_line(argc, argv, commands, &env, &ask, &why);
	const char *from_env = getenv("TOCSIN_NODE");
	if (!env.node)
		env.node = from_env && *from_env ? from_env : "./tocsin-node";
	if (rc)
		code = cmd_usage(&env, "%s", why.what);
	else if (ask == ASK_VERSION)
		printf("tocsin %s\n", TOCSIN_VERSION);
	else if (ask == ASK_HELP && env.command)
		help_command(stdout, env.parent, env.command);
	else if (ask == ASK_HELP)
		help_all(stdout);
	else if (ask == ASK_NOTHING)
		code = cmd_usage(&env, "no command given");
	else
		code = command_run(&env);
	code = stdout_judge(code);
	parse_fini(&env);
	return code;
}
