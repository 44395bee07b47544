#pragma once
/* What a byte is in running text: extraction and the fast pass, which looks at the same runs, read one table. */
#include <stdint.h>

/* 0: it parts runs. */
enum {
	NAME = 1, /* letter, digit, "-", "_" */
	DOT = 2,
	COLON = 4,
	HIGH = 8,
};
extern const uint8_t extract_class[256];
