#include "cmd/working.h"

#include <poll.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "base/must.h"

enum { DRAW_MS = 50 };

/* What is under way, and how much of it. */
struct step {
	const char *label, *unit;
	uint64_t done, total;
};

static struct step
step_of(struct set_work *work)
{
	uint64_t to_write = atomic_load(&work->to_write), to_read = atomic_load(&work->to_read);
	if (to_write)
		return (struct step){"writing", "bytes", atomic_load(&work->written), to_write};
	if (to_read)
		return (struct step){"arming", "objects", atomic_load(&work->read), to_read};
	return (struct step){"reading", "indicators", atomic_load(&work->put), 0};
}

static void *
draw(void *ctx)
{
	struct working *w = ctx;
	struct progress p = {.label = ""};
	while (!atomic_load(&w->ended)) {
		struct step now = step_of(&w->work);
		if (strcmp(now.label, p.label) != 0) {
			progress_fini(&p);
			progress_init(&p, w->env, now.label, now.unit, now.total);
		}
		p.total = now.total;
		progress_add(&p, now.done > p.done ? now.done - p.done : 0);
		poll(NULL, 0, DRAW_MS);
	}
	progress_fini(&p);
	return NULL;
}

/* Where nobody would see it, no thread. */
void
working_begin(struct working *w, const struct cmd_env *env)
{
	*w = (struct working){.env = env};
	if (!env->quiet && isatty(STDERR_FILENO))
		w->runs = pthread_create(&w->thread, NULL, draw, w) == 0;
}

void
working_end(struct working *w)
{
	atomic_store(&w->ended, true);
	if (w->runs)
		must(pthread_join(w->thread, NULL) == 0);
	w->runs = false;
}
