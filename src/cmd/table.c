#include "cmd/commands.h"

const struct command *const commands[] = {
	&command_check,
	&command_config,
	&command_help,
	&command_pattern,
	&command_scan,
	NULL,
};
