#include "codec/jcs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/must.h"
#include "base/mutant.h"
#include "base/own.h"
#include "codec/json.h"

enum { DEPTH = 512, FEW = 16 };

struct member {
	struct span name;
	yyjson_val *val;
};

int
jcs_name_cmp(struct span a, struct span b)
{
	size_t common = a.len < b.len ? a.len : b.len;
	for (size_t i = 0; i < common; i++) {
		unsigned x = (unsigned char)a.ptr[i], y = (unsigned char)b.ptr[i];
		if (x == y)
			continue;
		/* U+E000 to U+FFFF start with EE or EF and sort behind the surrogates of F0 to F4.
		 */
		if (x >= 0xee && x <= 0xef && !mutant(1530))
			x += 0x10;
		if (y >= 0xee && y <= 0xef)
			y += 0x10;
		return x < y ? -1 : 1;
	}
	return (a.len > b.len) - (a.len < b.len);
}

void
jcs_write_string(struct buf *out, struct span utf8)
{
	static const char hex[] = "0123456789abcdef";
	static const char shorts[32] = {
		['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};
	char *to = buf_room(out, utf8.len * 6 + 2), *start = to;
	*to++ = '"';
	for (size_t i = 0; i < utf8.len; i++) {
		unsigned char c = (unsigned char)utf8.ptr[i];
		if (c >= 0x20 && c != '"' && c != '\\') {
			*to++ = (char)c;
			continue;
		}
		*to++ = '\\';
		if (c >= 0x20) {
			*to++ = (char)c;
		} else if (shorts[c] && !mutant(1532)) {
			*to++ = shorts[c];
		} else {
			memcpy(to, "u00", 3);
			to[3] = hex[c >> 4];
			to[4] = hex[c & 15];
			to += 5;
		}
	}
	*to++ = '"';
	out->len += (size_t)(to - start);
}

/*
 * The shortest decimal digits that read back as `number`, and n of ECMA-262 Number::toString: the
 * value is 0.DIGITS * 10^n. yyjson finds the digits; only its layout differs from ECMAScript's.
 */
static size_t
shortest(double number, char digits[static 24], int *n)
{
	char memory[1024], *text;
	yyjson_alc alc;
	must(yyjson_alc_pool_init(&alc, memory, sizeof memory));
	yyjson_val val = {};
	val.tag = YYJSON_TYPE_NUM | YYJSON_SUBTYPE_REAL;
	val.uni.f64 = number;
	size_t len, count = 0;
	text = yyjson_val_write_opts(&val, 0, &alc, &len, NULL);
	must(text != NULL);
	int exponent = 0;
	bool dot = false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '.') {
			dot = true;
		} else if (text[i] == 'e' || text[i] == 'E') {
			exponent += atoi(text + i + 1);
			break;
		} else {
			must(count < 24 && text[i] >= '0' && text[i] <= '9');
			exponent -= dot;
			if (count || text[i] != '0')
				digits[count++] = text[i];
		}
	}
	must(count > 0);
	*n = (int)count + exponent;
	while (count > 1 && digits[count - 1] == '0')
		count--;
	return count;
}

/* ECMA-262 section 6.1.6.1.20, Number::toString, radix 10. */
void
jcs_write_number(struct buf *out, double number)
{
	must(isfinite(number));
	if (number == 0) {
		buf_add_byte(out, '0');
		return;
	}
	if (number < 0)
		buf_add_byte(out, '-');
	char digits[24];
	int n, k = (int)shortest(fabs(number), digits, &n);
	if (k <= n && n <= 21) {
		buf_add(out, (struct span){digits, (size_t)k});
		for (int i = k; i < n; i++)
			buf_add_byte(out, '0');
	} else if (0 < n && n <= 21) {
		buf_add(out, (struct span){digits, (size_t)n});
		buf_add_byte(out, '.');
		buf_add(out, (struct span){digits + n, (size_t)(k - n)});
	} else if (-6 < n && n <= 0) {
		buf_add(out, SPAN("0."));
		for (int i = n; i < 0; i++)
			buf_add_byte(out, '0');
		buf_add(out, (struct span){digits, (size_t)k});
	} else {
		buf_add_byte(out, digits[0]);
		if (k > 1) {
			buf_add_byte(out, '.');
			buf_add(out, (struct span){digits + 1, (size_t)k - 1});
		}
		buf_add_byte(out, 'e');
		if (n <= 0 || !mutant(1531))
			buf_add_byte(out, n > 0 ? '+' : '-');
		buf_add_u64(out, (uint64_t)(n > 0 ? n - 1 : 1 - n));
	}
}

static enum rc
write_number(struct buf *out, yyjson_val *val, struct diag *why)
{
	double number;
	if (yyjson_is_raw(val)) /* beyond 64 bits, NUL-terminated by yyjson */
		number = strtod(yyjson_get_raw(val), NULL);
	else
		number = yyjson_get_num(val);
	if (!isfinite(number))
		return diag_fail(why, RC_BAD, "a number that no double holds");
	jcs_write_number(out, number);
	return RC_OK;
}

static int
member_cmp(const void *a, const void *b)
{
	return jcs_name_cmp(((const struct member *)a)->name, ((const struct member *)b)->name);
}

static enum rc write_value(struct buf *out, yyjson_val *val, unsigned depth, struct diag *why);

static enum rc
write_object(struct buf *out, yyjson_val *val, unsigned depth, struct diag *why)
{
	struct member few[FEW];
	size_t count = yyjson_obj_size(val), i = 0;
	own_mem struct member *many = count > FEW ? mem_grow(NULL, count, sizeof *many) : NULL;
	struct member *members = many ? many : few;
	yyjson_obj_iter it = yyjson_obj_iter_with(val);
	for (yyjson_val *key; (key = yyjson_obj_iter_next(&it));)
		members[i++] = (struct member){json_span(key), yyjson_obj_iter_get_val(key)};
	qsort(members, count, sizeof *members, member_cmp);
	buf_add_byte(out, '{');
	for (i = 0; i < count; i++) {
		if (i && jcs_name_cmp(members[i - 1].name, members[i].name) == 0)
			return diag_fail(why, RC_BAD, "the key \"%.*s\" stands twice in one object",
				(int)(members[i].name.len < 80 ? members[i].name.len : 80),
				members[i].name.ptr);
		if (i)
			buf_add_byte(out, ',');
		jcs_write_string(out, members[i].name);
		buf_add_byte(out, ':');
		enum rc code = write_value(out, members[i].val, depth, why);
		if (code)
			return code;
	}
	buf_add_byte(out, '}');
	return RC_OK;
}

static enum rc
write_array(struct buf *out, yyjson_val *val, unsigned depth, struct diag *why)
{
	bool first = true;
	buf_add_byte(out, '[');
	yyjson_arr_iter it = yyjson_arr_iter_with(val);
	for (yyjson_val *item; (item = yyjson_arr_iter_next(&it)); first = false) {
		if (!first)
			buf_add_byte(out, ',');
		enum rc code = write_value(out, item, depth, why);
		if (code)
			return code;
	}
	buf_add_byte(out, ']');
	return RC_OK;
}

static enum rc
write_value(struct buf *out, yyjson_val *val, unsigned depth, struct diag *why)
{
	if (yyjson_is_ctn(val) && depth == DEPTH)
		return diag_fail(why, RC_LIMIT, "nested deeper than %d", DEPTH);
	if (yyjson_is_obj(val))
		return write_object(out, val, depth + 1, why);
	if (yyjson_is_arr(val))
		return write_array(out, val, depth + 1, why);
	if (yyjson_is_num(val) || yyjson_is_raw(val))
		return write_number(out, val, why);
	if (yyjson_is_str(val))
		jcs_write_string(out, json_span(val));
	else if (yyjson_is_null(val))
		buf_add(out, SPAN("null"));
	else
		buf_add(out, yyjson_is_true(val) ? SPAN("true") : SPAN("false"));
	return RC_OK;
}

enum rc
jcs_write(struct buf *out, const yyjson_val *val, struct diag *why)
{
	size_t start = out->len;
	enum rc code = write_value(out, (yyjson_val *)(uintptr_t)val, 0, why);
	if (code)
		out->len = start;
	return code;
}
