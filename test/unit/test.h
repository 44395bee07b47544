#pragma once
/* What every unit test includes: cmocka with its prerequisites in the order it wants them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/rc.h"

#define assert_rc(expression, code) assert_string_equal(rc_word(expression), rc_word(code))
#define assert_span(s, literal) \
	do { \
		struct span got_ = (s); \
		assert_int_equal(got_.len, sizeof(literal) - 1); \
		if (got_.len) \
			assert_memory_equal(got_.ptr, literal, got_.len); \
	} while (0)
