#pragma once
/* What the readers of lists share. One thread. */
#include "match/arm.h"

/* Appends what a line says that holds no observable; false where it says nothing. */
bool ioc_text(struct span line, struct arm_batch *to);
