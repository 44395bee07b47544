#include "cmd/progress.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { WIDEST = 160 };

void
progress_init(struct progress *p, const struct cmd_env *env, const char *label, const char *unit,
	uint64_t total)
{
	*p = (struct progress){
		.label = label,
		.unit = unit,
		.total = total,
		.started = clock_monotonic(),
		.off = env->quiet || !isatty(STDERR_FILENO),
	};
}

/* 1234567 -> "1,234,567"; bytes as "1.2 MiB". */
static void
amount(uint64_t n, const char *unit, char *out, size_t size)
{
	if (!strcmp(unit, "bytes")) {
		static const char *const names[] = {"B", "KiB", "MiB", "GiB", "TiB"};
		double value = (double)n;
		size_t i = 0;
		for (; value >= 1024 && i < 4; i++)
			value /= 1024;
		snprintf(out, size, i ? "%.1f %s" : "%.0f %s", value, names[i]);
		return;
	}
	char digits[24];
	int len = snprintf(digits, sizeof digits, "%llu", (unsigned long long)n);
	size_t at = 0;
	for (int i = 0; i < len && at + 2 < size; i++) {
		if (i && (len - i) % 3 == 0)
			out[at++] = ',';
		out[at++] = digits[i];
	}
	out[at] = 0;
}

static void
time_left(uint64_t seconds, char *out, size_t size)
{
	if (seconds >= 3600)
		snprintf(out, size, "%lluh%02llum", (unsigned long long)(seconds / 3600),
			(unsigned long long)(seconds / 60 % 60));
	else if (seconds >= 60)
		snprintf(out, size, "%llum%02llus", (unsigned long long)(seconds / 60),
			(unsigned long long)(seconds % 60));
	else
		snprintf(out, size, "%llus", (unsigned long long)seconds);
}

void
progress_text(const struct progress *p, int64_t elapsed, char *out, size_t size)
{
	char done[32], total[32], rate[32], left[32];
	const char *unit = !strcmp(p->unit, "bytes") ? "" : p->unit;
	double seconds = elapsed > 0 ? (double)elapsed / SECOND : 1e-6;
	double speed = (double)p->done / seconds;
	amount(p->done, p->unit, done, sizeof done);
	amount(p->total, p->unit, total, sizeof total);
	amount((uint64_t)speed, p->unit, rate, sizeof rate);
	if (!p->total) {
		snprintf(out, size, "%s  %s%s%s  %s/s", p->label, done, *unit ? " " : "", unit,
			rate);
		return;
	}
	uint64_t now = p->done < p->total ? p->done : p->total;
	snprintf(left, sizeof left, "-");
	if (speed >= 1e-3)
		time_left((uint64_t)((double)(p->total - now) / speed + 0.5), left, sizeof left);
	snprintf(out, size, "%s  %2u%%  %s of %s%s%s  %s/s  %s left", p->label,
		(unsigned)(100.0 * (double)now / (double)p->total), done, total, *unit ? " " : "",
		unit, rate, left);
}

bool
progress_came_to(const struct progress *p, int64_t elapsed, uint64_t memory, char *out, size_t size)
{
	char done[32], rate[32], most[32];
	const char *unit = !strcmp(p->unit, "bytes") ? "" : p->unit;
	double seconds = elapsed > 0 ? (double)elapsed / SECOND : 1e-6;
	if (p->off || !p->done)
		return false;
	amount(p->done, p->unit, done, sizeof done);
	amount((uint64_t)((double)p->done / seconds), p->unit, rate, sizeof rate);
	amount(memory, "bytes", most, sizeof most);
	snprintf(out, size, "%s%s%s in %.2f s, %s/s, %s of memory", done, *unit ? " " : "", unit,
		seconds, rate, most);
	return true;
}

void
progress_add(struct progress *p, uint64_t more)
{
	p->done += more;
	if (p->off)
		return;
	int64_t now = clock_monotonic();
	if (now - p->started < SECOND || now - p->drawn < SECOND / 8)
		return;
	char line[WIDEST];
	progress_text(p, now - p->started, line, sizeof line);
	fprintf(stderr, "\r%s\033[K", line);
	p->shown = true;
	p->drawn = now;
}

void
progress_fini(struct progress *p)
{
	if (p->shown)
		fputs("\r\033[K", stderr);
	p->shown = false;
}
