#pragma once
/* What the table says, for people: usage lines, a command's help, the list of commands. */
#include <stdio.h>

#include "cmd/cmd.h"

/* "usage: tocsin user add NAME [options]", one line a verb where no verb was chosen. */
void help_usage(FILE *to, const struct command *parent, const struct command *command);
/* Usage, summary, options, verbs and the longer text of one command. */
void help_command(FILE *to, const struct command *parent, const struct command *command);
/* Every command with its summary. */
void help_all(FILE *to);
