#pragma once
/* Every command's row, one line each, and the table that main walks. All of them are constant. */
#include "cmd/cmd.h"

/* In the order of help and manual; ends with NULL. */
extern const struct command *const commands[];

extern const struct command command_backup;
extern const struct command command_check;
extern const struct command command_collection;
extern const struct command command_config;
extern const struct command command_doctor;
extern const struct command command_export;
extern const struct command command_forget;
extern const struct command command_get;
extern const struct command command_grant;
extern const struct command command_help;
extern const struct command command_import;
extern const struct command command_init;
extern const struct command command_pattern;
extern const struct command command_quarantine;
extern const struct command command_restore;
extern const struct command command_scan;
extern const struct command command_search;
extern const struct command command_serve;
extern const struct command command_set;
extern const struct command command_status;
extern const struct command command_sync;
extern const struct command command_upgrade;
extern const struct command command_user;
