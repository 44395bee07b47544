#pragma once
/*
 * libcurl is loaded when the first client is made: it brings thirty libraries along, and loading them is half of
 * what a command that sends nothing takes. Its functions stand under their own names (curl_late.c), so that
 * <curl/curl.h> describes and checks their calls; to be called after curl_load alone.
 */
#include "base/rc.h"

/* By any thread, at any time; does something once. RC_IO: it is not here, or not usable. */
enum rc curl_load(struct diag *why);
