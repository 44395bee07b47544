#pragma once
/*
 * Which sanitizer this program was built with, so that a jail leaves its run time what it lives on and the
 * processes that end by _exit still say what they leaked. In a shipped build all of it is nothing.
 */
#define SANITIZER_NONE 0
#define SANITIZER_ADDRESS 1
#define SANITIZER_THREAD 2

#if defined __has_feature /* clang's way to say it */
#if __has_feature(address_sanitizer) && !defined __SANITIZE_ADDRESS__
#define __SANITIZE_ADDRESS__ 1
#endif
#if __has_feature(thread_sanitizer) && !defined __SANITIZE_THREAD__
#define __SANITIZE_THREAD__ 1
#endif
#endif

#if defined __SANITIZE_ADDRESS__
#define SANITIZER SANITIZER_ADDRESS
void __lsan_do_leak_check(
	void); /* of sanitizer/lsan_interface.h, which clang's packages may lack */
#elif defined __SANITIZE_THREAD__
#define SANITIZER SANITIZER_THREAD
#else
#define SANITIZER SANITIZER_NONE
#endif
