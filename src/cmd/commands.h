#pragma once
/* Every command's row, one line each, and the table that main walks. All of them are constant. */
#include "cmd/cmd.h"

/* In the order of help and manual; ends with NULL. */
extern const struct command *const commands[];

extern const struct command command_check;
extern const struct command command_config;
extern const struct command command_help;
extern const struct command command_pattern;
extern const struct command command_scan;
