/* scan: logs against indicators, from files or from the node's own collections. */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/own.h"
#include "cmd/guard.h"
#include "cmd/scan-internal.h"
#include "match/set_file.h"
#include "match/strings.h"
#include "node/armed.h"

static bool
read_show(const struct cmd_env *env, struct scan_job *job, enum cmd_exit *fault)
{
	const char *said = NULL;
	static const struct {
		const char *option;
		enum scan_show show;
	} table[] = {
		{"lines-with-hits", SHOW_COUNT},
		{"files-with-hits", SHOW_FILES},
		{"only-matching", SHOW_MATCHES},
		{"count", SHOW_GROUPS},
		{"assets", SHOW_ASSETS},
	};
	job->show = env->json ? SHOW_JSON : SHOW_LINES;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		if (!cmd_flag(env, table[i].option))
			continue;
		if (said) {
			*fault = cmd_usage(
				env, "--%s and --%s exclude each other", said, table[i].option);
			return false;
		}
		said = table[i].option;
		/* As JSON, what was seen is the hit. */
		if (table[i].show != SHOW_MATCHES || !env->json)
			job->show = table[i].show;
	}
	if (cmd_option(env, "top")) {
		if (said && strcmp(said, "count") != 0 && strcmp(said, "assets") != 0) {
			*fault = cmd_usage(env, "--top and --%s exclude each other", said);
			return false;
		}
		job->show = said && strcmp(said, "assets") == 0 ? SHOW_ASSETS : SHOW_GROUPS;
	}
	return true;
}

/* Those this process may use. */
static uint64_t
processors(void)
{
	cpu_set_t set;
	CPU_ZERO(&set);
	int count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
	return count < 1 ? 1 : count > 64 ? 64 : (uint64_t)count;
}

static bool
read_options(const struct cmd_env *env, struct scan_job *job, enum cmd_exit *fault)
{
	uint64_t context = 0, confidence = 0;
	const char *format = cmd_option(env, "format");
	*fault = CMD_USAGE;
	if (!read_show(env, job, fault))
		return false;
	if (!cmd_number(env, "context", 0, 1000, &context))
		return false;
	job->before = job->after = context;
	job->threads = processors();
	if (!cmd_number(env, "before", 0, 1000, &job->before) ||
		!cmd_number(env, "after", 0, 1000, &job->after) ||
		!cmd_number(env, "top", 1, 1000000, &job->top) ||
		!cmd_number(env, "confidence", 0, 100, &confidence) ||
		!cmd_number(env, "threads", 1, 64, &job->threads) ||
		!cmd_instant(env, "since", EDGE_START, &job->scan.since) ||
		!cmd_instant(env, "until", EDGE_END, &job->scan.until))
		return false;
	job->scan.min_confidence = (int)confidence;
	if (cmd_flag(env, "defanged"))
		job->scan.text = SCAN_DEFANGED;
	if (format && strcmp(format, "auto") != 0)
		job->reader = reader_find(span_of(format));
	job->follow = cmd_flag(env, "follow");
	job->checkpoint = cmd_option(env, "checkpoint");
	if (job->checkpoint && !job->follow) {
		*fault = cmd_usage(env, "--checkpoint is for --follow");
		return false;
	}
	if (job->follow && (job->before || job->after ||
				   (job->show != SHOW_LINES && job->show != SHOW_JSON &&
					   job->show != SHOW_MATCHES))) {
		*fault = cmd_usage(env, "--follow prints hits as they come: no counts, no context");
		return false;
	}
	return true;
}

static bool
write_stix(struct scan_job *job, const char *path)
{
	struct diag why = {};
	own_buf struct buf out = {};
	sight_bundle(job->sight, job->env->rng, &out);
	FILE *file = strcmp(path, "-") == 0 ? stdout : fopen(path, "we");
	bool fine = file && fwrite(out.ptr, 1, out.len, file) == out.len && fflush(file) == 0;
	if (!fine) {
		diag_where(&why, "%s", path);
		diag_what(&why, "%m");
		cmd_warn(&why);
	}
	if (file && file != stdout && fclose(file) != 0)
		fine = false;
	return fine;
}

/* What a pattern over several records may have missed, and why. */
static void
say_patterns(struct scan_job *job)
{
	struct stream_counts c = scan_patterns(&job->scan);
	if (!stream_counts_matter(&c))
		return;
	scan_show_end_patterns(job, &c);
	if (c.forgotten)
		cmd_say(job->env,
			"%llu pattern%s fitted more records than are held (%d of one, %d of all): "
			"%llu of the earliest made room, and what they would have made with later "
			"ones is not known",
			(unsigned long long)c.forgetful, c.forgetful == 1 ? "" : "s",
			STREAM_HELD_MAX, STREAMS_HELD_MAX, (unsigned long long)c.forgotten);
	if (c.untimed)
		cmd_say(job->env,
			"%llu record%s without a time passed over by patterns with WITHIN",
			(unsigned long long)c.untimed, c.untimed == 1 ? "" : "s");
	if (c.undecided)
		cmd_say(job->env,
			"%llu time%s a pattern was too much work, or its values could not be "
			"compared: not known",
			(unsigned long long)c.undecided, c.undecided == 1 ? "" : "s");
	if (c.stopped)
		cmd_say(job->env,
			"%llu pattern%s took too much work again and again: not tried any more",
			(unsigned long long)c.stopped, c.stopped == 1 ? "" : "s");
	if (c.unheld)
		cmd_say(job->env, "%llu time%s a pattern was not evaluated: too many at once",
			(unsigned long long)c.unheld, c.unheld == 1 ? "" : "s");
}

static void
say_end(const struct scan_job *job)
{
	const struct scan_counts *c = &job->scan.counts;
	uint64_t harmless = c->harmless + scan_patterns(&job->scan).harmless;
	own_buf struct buf b = {};
	if (c->late + c->early)
		buf_printf(&b, ", %llu left out: the indicator was not valid then",
			(unsigned long long)c->late + c->early);
	if (harmless)
		buf_printf(&b, ", %llu left out by warninglists", (unsigned long long)harmless);
	if (c->outside)
		buf_printf(&b, ", %llu left out: outside the time asked for",
			(unsigned long long)c->outside);
	buf_add_byte(&b, 0);
	cmd_say(job->env, "%llu hit%s in %llu record%s of %llu file%s%s",
		(unsigned long long)c->hits, c->hits == 1 ? "" : "s",
		(unsigned long long)c->records, c->records == 1 ? "" : "s",
		(unsigned long long)job->files, job->files == 1 ? "" : "s", b.ptr);
}

/* What texts could not be tried on. */
static void
say_trouble(const struct scan_job *job)
{
	struct strings_trouble t = {};
	if (job->scan.strings)
		t = strings_trouble(job->scan.strings);
	if (t.stopped)
		cmd_say(job->env,
			"%llu expression%s took too many steps three times, and %s not tried any "
			"more; the first of them: %.*s",
			(unsigned long long)t.stopped, t.stopped == 1 ? "" : "s",
			t.stopped == 1 ? "was" : "were", t.first.len < 72 ? (int)t.first.len : 72,
			t.first.ptr);
	if (t.too_long)
		cmd_say(job->env,
			"%llu comparisons of expressions with values of more than 64 KiB left out",
			(unsigned long long)t.too_long);
}

/* https://no-color.org: set and not empty means none. */
static bool
wants_colour(void)
{
	const char *none = getenv("NO_COLOR"), *terminal = getenv("TERM");
	return isatty(STDOUT_FILENO) && !(none && *none) && terminal && *terminal &&
	       strcmp(terminal, "dumb") != 0;
}

/* Empty, or what --set names. */
static enum rc
make_set(const struct cmd_env *env, struct match_set **out, struct diag *why)
{
	uint64_t seed;
	struct set_file *file = NULL;
	const char *path = cmd_option(env, "set");
	rng_fill(env->rng, &seed, sizeof seed);
	if (!path) {
		*out = match_set_new(seed);
		return RC_OK;
	}
	enum rc code = set_file_open(path, &file, why);
	if (code == RC_NONE)
		diag_todo(why, "make it with \"tocsin set build --out %s\"", path);
	if (code)
		return code;
	if (set_file_facts(file).indicators == 0 && !cmd_option(env, "ioc")) {
		set_file_close(&file);
		diag_where(why, "%s", path);
		diag_todo(why, "build it of something, or name a list besides with --ioc FILE");
		return diag_fail(why, RC_BAD, "no indicator in it, nothing can be found");
	}
	guard_mapping(path, set_file_bytes_mapped(file));
	*out = match_set_over(&file);
	if (match_set_unread(*out)) {
		diag_where(why, "%s", path);
		diag_what(why, "%zu of its texts and expressions cannot be read",
			match_set_unread(*out));
		diag_todo(why, "build it again with this program's \"tocsin set build\"");
		return RC_BAD;
	}
	return RC_OK;
}

static enum cmd_exit
scan_run(struct cmd_env *env)
{
	own_match_set struct match_set *set = NULL;
	own_warn struct warn *warn = NULL;
	struct scan_job job = {.env = env};
	struct diag why = {};
	enum cmd_exit code;
	scan_init(&job.scan, NULL, env->clock);
	if (!read_options(env, &job, &code))
		return code;
	bool keep = cmd_flag(env, "sight");
	if (keep && (cmd_option(env, "ioc") || cmd_option(env, "set")))
		return cmd_usage(env,
			"--sight is about what the node holds: not with --ioc or --set; see "
			"--stix");
	if (make_set(env, &set, &why))
		return cmd_fail(&why);
	warn = warn_new();
	job.set = set;
	if (!scan_load(&job, set, warn)) {
		armed_free(job.node);
		return CMD_FAIL;
	}
	job.scan.set = set;
	job.scan.pace = job.follow ? STREAM_LIVE : STREAM_STORED;
	/* Context shows lines that nothing is on. */
	if (sweep_is_wanted() && !job.before && !job.after)
		job.sweep = sweep_new(set);
	if (job.sweep && job.scan.text == SCAN_DEFANGED)
		sweep_defanged(job.sweep);
	job.scan.warn = warn_count(warn) ? warn : NULL;
	const char *stix = cmd_option(env, "stix");
	job.sight_options = (struct sight_options){.now = clock_now(env->clock),
		.identity = job.node ? armed_identity(job.node) : (struct span){},
		.identity_object = job.node ? armed_identity_object(job.node) : (struct span){},
		.most = TLP_AMBER_STRICT};
	job.sight = stix ? sight_new(&job.sight_options) : NULL;
	job.kept = keep ? sight_new(&job.sight_options) : NULL;
	job.terminal = isatty(STDOUT_FILENO);
	job.colour = wants_colour();
	if (job.checkpoint && !scan_checkpoint_read(&job))
		job.failed = true;
	else
		scan_walk(&job);
	scan_show_end(&job);
	if (stix && !write_stix(&job, stix))
		job.failed = true;
	if (keep && !scan_node_store(&job, sight_objects(job.kept, env->rng)))
		job.failed = true;
	uint64_t withheld = job.sight ? sight_counts(job.sight).withheld : job.withheld;
	if (withheld)
		cmd_say(env,
			"%s: %llu hits on indicators under TLP:RED left out, or of collections "
			"that never leave",
			stix ? stix : "sightings", (unsigned long long)withheld);
	say_end(&job);
	say_trouble(&job);
	say_patterns(&job);
	scan_say_groups(&job);
	uint64_t hits = job.scan.counts.hits;
	sight_free(&job.sight);
	sight_free(&job.kept);
	scan_show_fini(&job);
	scan_fini(&job.scan);
	sweep_free(&job.sweep);
	sweep_free(&job.beside);
	free(job.marks.at);
	armed_free(job.node);
	return job.failed ? CMD_FAIL : hits ? CMD_YES : CMD_NO;
}

static const struct cmd_option options[] = {
	{"ioc", "FILE", "indicators: list, CSV, STIX, MISP; may be packed (what the node holds)", 0,
		true},
	{"set", "FILE", "indicators compiled by \"tocsin set build\"; --ioc: what came since", 0,
		false},
	{"warninglist", "FILE", "what must not alarm: a MISP warninglist, or one a line", 0, true},
	{"format",
		"auto|lines|json|json-documents|zeek|zeek-json|eve|ecs|windows-json|windows-xml|"
		"csv|w3c|clf|squid|syslog|dns|windows-dns",
		"of the logs", 0, false},
	{"follow", NULL, "go on as the files grow, through rotation, until told to stop", 'f',
		false},
	{"checkpoint", "FILE", "with --follow: go on where the last run ended, and keep that there",
		0, false},
	{"since", "TIME", "events from then on: a date, an instant or how long ago", 0, false},
	{"until", "TIME", "events before then; a date includes its day", 0, false},
	{"defanged", NULL, "undo hxxp and [.] in what is scanned", 0, false},
	{"confidence", "N", "leave out indicators that state less", 0, false},
	{"sight", NULL, "store sightings in the node, for those who want to know", 0, false},
	{"stix", "FILE", "write sightings and observed data as a STIX bundle", 0, false},
	{"threads", "N", "of the processor (as many as there are)", 0, false},
	{"top", "N", "the N indicators with most hits; of --assets the N machines", 0, false},
	{"count", NULL, "hits of each indicator", 0, false},
	{"assets", NULL, "hits by machine on this side: an inside address or name, or a log's own",
		0, false},
	{"lines-with-hits", NULL, "only the number of lines with a hit, by file", 'c', false},
	{"files-with-hits", NULL, "only the names of files with a hit", 'l', false},
	{"only-matching", NULL, "only what was seen, one a line", 'o', false},
	{"after", "N", "lines of context after", 'A', false},
	{"before", "N", "lines of context before", 'B', false},
	{"context", "N", "lines of context before and after", 'C', false},
	{},
};

const struct command command_scan = {
	.name = "scan",
	.args = "FILE...",
	.summary = "scan logs for indicators",
	.run = scan_run,
	.options = options,
	.more = "Reads files, folders (with all below them), patterns (\"logs/*.gz\") and - for "
		"stdin; gz, zst and xz are "
		"unpacked. "
		"Names match with what lies under them where a list says so, exactly where a STIX "
		"pattern "
		"does; an address never matches inside a longer run of digits. Indicators count "
		"only at "
		"times at which they were valid: the event's, or now for lines without one. Of "
		"several "
		"versions of an indicator the newest counts.\n\n"
		"JSON may be a value a line, an array of events, or wrapped ({\"Records\":[...]}): "
		"each "
		"event has its own time and place. Windows events may be XML, one a line or over "
		"several. syslog is RFC 3164 and RFC 5424, with what Postfix, sendmail, BIND, "
		"unbound, "
		"dnsmasq and PowerDNS write; dns is such a server's own file; w3c is IIS, "
		"CloudFront "
		"and "
		"Exchange's message tracking.\n\n"
		"Looked for are addresses and networks, domains, URLs, e-mail addresses, digests "
		"from MD5 to SHA-512 (fingerprints of certificates too, in pairs with colons), "
		"JA3, JA4 and MAC addresses: 00:1b:44:11:3a:b7, 00-1b-44-11-3a-b7, 001b.4411.3ab7, "
		"and twelve digits alone where the field's or column's name says so; and CVEs.\n\n"
		"Of STIX patterns also texts: names of files and folders, processes, command "
		"lines, "
		"keys and values of the registry, mutexes, services, user agents, accounts, "
		"subjects, "
		"by =, IN, LIKE and MATCHES; and names, URLs and addresses by LIKE and MATCHES. "
		"Where a "
		"field says what it holds, its value is compared; in lines and fields that "
		"nobody explains "
		"a text stands as a whole, not inside a longer word: evil.exe is not in "
		"notevil.exe, "
		"evil.exe.bak and evil.exe/x. Expressions are searched in the line.\n\n"
		"STIX patterns of more than one comparison are evaluated in full over the records "
		"of all files, by the times of their events: AND, FOLLOWEDBY, WITHIN, REPEATS, "
		"START and STOP, and several comparisons of one record. Such a hit stands at the "
		"record that completed it and tells the others; a record counts for one hit of a "
		"pattern. Where some part may be any record (a negation or a port alone) and all "
		"others were seen, all files are read once more, line by line, for that pattern; "
		"pipes, followed files, -c and -l are read so at once, and what came before the "
		"first of the others is not known. A pattern that can be made of such parts alone "
		"is not armed, and said. Of one pattern 16,384 records are held; when more "
		"fit, the earliest make room, and the end says how many.\n\n"
		"Lists are read as they occur: comments, hosts files, several values a line, "
		"ranges, "
		"defanged names, tables with a header. What is not understood is told with its "
		"line. "
		"0.0.0.0/0 is refused: it would alarm on everything.\n\n"
		"A compiled set is mapped, not read: of ten million indicators the first hit is "
		"shown as "
		"soon as of ten. What --ioc names besides is taken as newer: it takes the place "
		"of the set's indicators with the same ids, or takes them away.\n\n"
		"With --follow a file is followed by its name, through rotation and truncation; in "
		"a "
		"folder also what comes later, and what is renamed is not read twice. With "
		"--checkpoint "
		"each hit is told once whatever ends a run, where hits are appended to a file "
		"(>>), "
		"and with --sight is in one sighting; into a pipe, what was told after the last "
		"checkpoint comes again when it was killed.\n\n"
		"Exit status: 0 a hit, 1 none, 2 usage, 3 something could not be read (the rest "
		"was "
		"scanned) or there was no indicator to look for, since then nothing is clean.",
};
