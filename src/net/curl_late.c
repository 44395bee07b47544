/* Each function of libcurl that is used, handed on to the library that curl_load loaded. */
#include <assert.h>
#include <curl/curl.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdarg.h>

#include "base/must.h"
#include "net/curl-internal.h"

#define EACH_CALL(X) \
	X(curl_easy_cleanup) \
	X(curl_easy_getinfo) \
	X(curl_easy_init) \
	X(curl_easy_reset) \
	X(curl_easy_setopt) \
	X(curl_easy_strerror) \
	X(curl_getdate) \
	X(curl_global_init) \
	X(curl_multi_add_handle) \
	X(curl_multi_cleanup) \
	X(curl_multi_info_read) \
	X(curl_multi_init) \
	X(curl_multi_perform) \
	X(curl_multi_poll) \
	X(curl_multi_remove_handle) \
	X(curl_multi_wakeup) \
	X(curl_slist_append) \
	X(curl_slist_free_all)

static struct {
#define X(call) typeof(&call) call;
	EACH_CALL(X)
#undef X
} real;

/* NULL: loaded. It stays for good: it has handlers and threads of its own. */
static const char *fault = "not loaded";

static void
load(void)
{
	/* Debian names the flavour, others do not. */
	void *library = dlopen("libcurl-gnutls.so.4", RTLD_NOW | RTLD_LOCAL);
	if (!library)
		library = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
	if (!library) {
		fault = "no libcurl-gnutls.so.4 here";
		return;
	}
#define X(call) \
	*(void **)&real.call = dlsym(library, #call); \
	if (!real.call) { \
		fault = "libcurl lacks " #call; \
		return; \
	}
	EACH_CALL(X)
#undef X
	fault = real.curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? NULL
								       : "libcurl cannot begin";
}

enum rc
curl_load(struct diag *why)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	must(pthread_once(&once, load) == 0);
	if (!fault)
		return RC_OK;
	diag_todo(why, "install libcurl with GnuTLS, 7.88 or later (Debian: libcurl3-gnutls)");
	return diag_fail(why, RC_IO, "%s", fault);
}

/* ---- what <curl/curl.h> declares; its macros of the same names check types and are not wanted here ---- */

#undef curl_easy_setopt
#undef curl_easy_getinfo

/* Of a program of 64 bits both numbers that an option may take are of one type. */
static_assert(sizeof(long) == sizeof(curl_off_t));

/* The number of an option says what its value is. */
CURLcode
curl_easy_setopt(CURL *easy, CURLoption option, ...)
{
	bool is_number = option < CURLOPTTYPE_OBJECTPOINT ||
			 (option >= CURLOPTTYPE_OFF_T && option < CURLOPTTYPE_BLOB);
	long number = 0;
	void *pointer = NULL;
	va_list rest;
	va_start(rest, option);
	if (is_number)
		number = va_arg(rest, long);
	else
		pointer = va_arg(rest, void *);
	va_end(rest);
	return is_number ? real.curl_easy_setopt(easy, option, number)
			 : real.curl_easy_setopt(easy, option, pointer);
}

CURLcode
curl_easy_getinfo(CURL *easy, CURLINFO info, ...)
{
	va_list rest;
	va_start(rest, info);
	CURLcode code = real.curl_easy_getinfo(easy, info, va_arg(rest, void *));
	va_end(rest);
	return code;
}

void
curl_easy_cleanup(CURL *easy)
{
	real.curl_easy_cleanup(easy);
}

CURL *
curl_easy_init(void)
{
	return real.curl_easy_init();
}

void
curl_easy_reset(CURL *easy)
{
	real.curl_easy_reset(easy);
}

const char *
curl_easy_strerror(CURLcode code)
{
	return real.curl_easy_strerror(code);
}

time_t
curl_getdate(const char *text, const time_t *now)
{
	return real.curl_getdate(text, now);
}

CURLMcode
curl_multi_add_handle(CURLM *multi, CURL *easy)
{
	return real.curl_multi_add_handle(multi, easy);
}

CURLMcode
curl_multi_cleanup(CURLM *multi)
{
	return real.curl_multi_cleanup(multi);
}

CURLMsg *
curl_multi_info_read(CURLM *multi, int *left)
{
	return real.curl_multi_info_read(multi, left);
}

CURLM *
curl_multi_init(void)
{
	return real.curl_multi_init();
}

CURLMcode
curl_multi_perform(CURLM *multi, int *running)
{
	return real.curl_multi_perform(multi, running);
}

CURLMcode
curl_multi_poll(CURLM *multi, struct curl_waitfd extra[], unsigned extras, int ms, int *count)
{
	return real.curl_multi_poll(multi, extra, extras, ms, count);
}

CURLMcode
curl_multi_remove_handle(CURLM *multi, CURL *easy)
{
	return real.curl_multi_remove_handle(multi, easy);
}

CURLMcode
curl_multi_wakeup(CURLM *multi)
{
	return real.curl_multi_wakeup(multi);
}

struct curl_slist *
curl_slist_append(struct curl_slist *list, const char *text)
{
	return real.curl_slist_append(list, text);
}

void
curl_slist_free_all(struct curl_slist *list)
{
	real.curl_slist_free_all(list);
}
