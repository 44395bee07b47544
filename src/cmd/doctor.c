/* doctor: names each weakness and the command that mends it. */
#include <stdio.h>
#include <stdlib.h>

#include "cmd/cmd.h"
#include "cmd/handle.h"
#include "cmd/row.h"
#include "node/doctor.h"

static enum cmd_exit
run(struct cmd_env *env)
{
	struct diag why = {};
	own_node struct node n = {};
	struct doctor d = {.node = &n, .conf = env->conf};
	enum rc code = handle_open(env, STORE_READ, &n, &why);
	if (!code)
		code = doctor_run(&d, &why);
	bool weak = false;
	for (size_t i = 0; i < d.found.len; i++) {
		const struct doctor_finding *f = &d.found.at[i];
		weak |= f->grade != DOCTOR_NOTE;
		if (env->json) {
			struct row row;
			row_begin(&row);
			row_text(&row, "check", span_of(f->check));
			row_text(&row, "grade", span_of(doctor_grade_word(f->grade)));
			row_text(&row, "where", span_of(f->why.where));
			row_text(&row, "what", span_of(f->why.what));
			row_text(&row, "todo", span_of(f->why.todo));
			row_end(&row);
			continue;
		}
		printf("%-6s  %s: %s%s%s\n", doctor_grade_word(f->grade), f->check, f->why.where,
			f->why.where[0] ? ": " : "", f->why.what);
		if (f->why.todo[0])
			printf("        mend: %s\n", f->why.todo);
	}
	if (!code && !env->json)
		printf("%zu checks, %zu finding%s\n", d.checks, d.found.len,
			d.found.len == 1 ? "" : "s");
	free(d.found.at);
	if (code)
		return cmd_fail(&why);
	return weak ? CMD_NO : CMD_YES;
}

const struct command command_doctor = {
	.name = "doctor",
	.summary = "name each weakness and the command that mends it",
	.needs = NEED_CONF,
	.run = run,
	.more = "Exit 0: nothing weak; 1: something is; 3: the node cannot be read.",
};
