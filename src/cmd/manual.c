#include "cmd/manual.h"

#include <string.h>

#include "base/buf.h"
#include "cmd/commands.h"
#include "cmd/parse.h"
#include "conf/conf.h"

/* Text for troff: backslashes and hyphens escaped, a dot or quote at the start of a line defused.
 */
static void
roff_span(FILE *to, struct span text)
{
	bool line_start = true;
	for (size_t i = 0; i < text.len; i++) {
		char byte = text.ptr[i];
		if (line_start && (byte == '.' || byte == '\''))
			fputs("\\&", to);
		line_start = byte == '\n';
		if (byte == '\\')
			fputs("\\e", to);
		else if (byte == '-')
			fputs("\\-", to);
		else
			fputc(byte, to);
	}
}

static void
roff(FILE *to, const char *text)
{
	roff_span(to, span_of(text));
}

/* Paragraphs are separated by empty lines; lines that start with a blank are shown as they are. */
static void
roff_paragraphs(FILE *to, const char *text)
{
	bool shown = false;
	fputs(".PP\n", to);
	struct span rest = span_of(text), line;
	while (span_cut(&rest, '\n', &line)) {
		bool as_is = span_starts(line, SPAN(" "));
		if (as_is != shown)
			fputs(as_is ? ".nf\n" : ".fi\n", to);
		shown = as_is;
		if (!line.len)
			fputs(".PP\n", to);
		else
			roff_span(to, line);
		fputc('\n', to);
	}
	if (shown)
		fputs(".fi\n", to);
}

static void
roff_options(FILE *to, const struct cmd_option *o)
{
	for (; o && o->name; o++) {
		fputs(".TP\n", to);
		if (o->letter)
			fprintf(to, "\\fB\\-%c\\fR, ", o->letter);
		fputs("\\fB\\-\\-", to);
		roff(to, o->name);
		fputs("\\fR", to);
		if (o->arg) {
			fputs(" \\fI", to);
			roff(to, o->arg);
			fputs("\\fR", to);
		}
		fputc('\n', to);
		roff(to, o->help);
		fputs(o->repeats ? " (repeatable)\n" : "\n", to);
	}
}

static void
roff_command(FILE *to, const struct command *parent, const struct command *c)
{
	if (c->run) {
		fputs(".SS \"", to);
		if (parent)
			fprintf(to, "%s ", parent->name);
		fputs(c->name, to);
		if (c->args) {
			fputc(' ', to);
			roff(to, c->args);
		}
		fputs("\"\n", to);
		roff(to, c->summary);
		fputs(".\n", to);
		roff_options(to, c->options);
	}
	for (const struct command *verb = c->verbs; verb && verb->name; verb++)
		roff_command(to, c, verb);
	if (c->more)
		roff_paragraphs(to, c->more);
}

void
manual_page(FILE *to)
{
	fputs(".TH TOCSIN 1 \"\" \"tocsin\" \"Tocsin\"\n.SH NAME\n"
	      "tocsin \\- the node of a cyber\\-defence alliance\n"
	      ".SH SYNOPSIS\n.B tocsin\n\\fICOMMAND\\fR [\\fIoptions\\fR] [\\fIwords\\fR]\n"
	      ".SH DESCRIPTION\n"
	      "Tocsin shares threat facts between organisations that signed a memorandum of "
	      "cooperation, over "
	      "TAXII 2.1, and scans logs for them. Data goes to the standard output, talk and "
	      "progress to the "
	      "standard error. A file named \\fB\\-\\fR is the standard input. Options may stand "
	      "anywhere; "
	      "\\fB\\-\\-\\fR ends them.\n"
	      ".SH OPTIONS OF EVERY COMMAND\n",
		to);
	roff_options(to, cmd_globals);
	fputs(".SH COMMANDS\n", to);
	for (const struct command *const *c = commands; *c; c++)
		roff_command(to, NULL, *c);
	fputs(".SH EXIT STATUS\n.TP\n0\nyes: done, found, valid\n.TP\n1\nno: nothing found, not "
	      "valid\n"
	      ".TP\n2\nwrong usage\n.TP\n3\nfailure; the reason is on the standard error\n"
	      ".SH ENVIRONMENT\n.TP\n.B TOCSIN_NODE\nthe node's folder, where \\fB\\-\\-node\\fR "
	      "is not given\n"
	      ".TP\n.B NO_COLOR\nnothing is coloured where it is set and not empty\n"
	      ".SH FILES\n.TP\n.I tocsin\\-node\nthe node, where neither is given\n"
	      ".TP\n.I NODE/tocsin.conf\nits configuration, see\n.BR tocsin.conf (5)\n"
	      ".SH SEE ALSO\n.BR tocsin.conf (5)\n",
		to);
}

void
manual_conf(FILE *to)
{
	fputs(".TH TOCSIN.CONF 5 \"\" \"tocsin\" \"Tocsin\"\n.SH NAME\n"
	      "tocsin.conf \\- configuration of a tocsin node\n"
	      ".SH DESCRIPTION\n"
	      "One \"name = value\" a line; \"#\" or \";\" starts a comment. An unknown key or a "
	      "value out of "
	      "bounds is an error and nothing of the file is taken. Relative paths start at the "
	      "node's "
	      "folder. \\fBtocsin config check\\fR tells whether a file is valid.\n"
	      ".SH KEYS\n",
		to);
	for (const struct conf_key *key = conf_keys; key->name; key++) {
		own_buf struct buf bounds = {};
		conf_bounds(key, &bounds);
		buf_add_byte(&bounds, 0);
		fputs(".TP\n.B ", to);
		roff(to, key->name);
		fputc('\n', to);
		roff(to, key->help);
		fputs(".\nTakes ", to);
		roff(to, bounds.ptr);
		if (*key->normal) {
			fputs("; default ", to);
			roff(to, key->normal);
		}
		fputs(".\n", to);
	}
	fputs(".SH SEE ALSO\n.BR tocsin (1)\n", to);
}
