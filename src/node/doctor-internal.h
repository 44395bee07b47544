#pragma once
/* The checks of doctor.c's table that look at files, limits and time: doctor_files.c. */
#include "node/doctor.h"

/* A new finding, to be described; good until the next one. */
struct diag *doctor_add(struct doctor *d, const char *check, enum doctor_grade grade);

enum rc doctor_files(struct doctor *d, struct diag *why);
enum rc doctor_backup(struct doctor *d, struct diag *why);
enum rc doctor_limits(struct doctor *d, struct diag *why);
enum rc doctor_clock(struct doctor *d, struct diag *why);
