#include "cmd/commands.h"

const struct command *const commands[] = {
	&command_config,
	&command_help,
	NULL,
};
