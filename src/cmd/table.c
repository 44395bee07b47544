#include "cmd/commands.h"

const struct command *const commands[] = {
	&command_init,
	&command_doctor,
	&command_status,
	&command_serve,
	&command_check,
	&command_pattern,
	&command_import,
	&command_export,
	&command_sync,
	&command_scan,
	&command_config,
	&command_help,
	NULL,
};
