#pragma once
/* A folder, files and a listening socket to try a jail on. */
#include "../test.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

struct place {
	char folder[64], own[96], other[96]; /* own: granted; other: not */
	int listening;			     /* a socket that listens already */
	uint16_t port;
	int report;
};

static inline bool
try_open(const char *path, int flags)
{
	int fd = open(path, flags, 0600);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static inline void
make_place(struct place *p)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof at;
	*p = (struct place){};
	strcpy(p->folder, "/tmp/tocsin-jail-XXXXXX");
	assert_non_null(mkdtemp(p->folder));
	assert_int_equal(chmod(p->folder, 0777), 0);
	snprintf(p->own, sizeof p->own, "%s/own", p->folder);
	snprintf(p->other, sizeof p->other, "%s.other", p->folder);
	assert_true(try_open(p->own, O_CREAT | O_WRONLY));
	assert_true(try_open(p->other, O_CREAT | O_WRONLY));
	assert_int_equal(chmod(p->own, 0666), 0);
	assert_int_equal(chmod(p->other, 0666), 0);
	p->listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(p->listening, (struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(listen(p->listening, 5), 0);
	assert_int_equal(getsockname(p->listening, (struct sockaddr *)&at, &len), 0);
	p->port = ntohs(at.sin_port);
}

static inline void
drop_place(struct place *p)
{
	char made[96];
	snprintf(made, sizeof made, "%s/made", p->folder);
	rmdir(made);
	unlink(p->own);
	unlink(p->other);
	rmdir(p->folder);
	close(p->listening);
}
