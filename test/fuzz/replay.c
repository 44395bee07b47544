/*
 * Stands in for libFuzzer: feeds every file of a folder to the target, whole and cut short, each
 * from an allocation of exactly its size so that a sanitizer sees a read beyond it. Fails on an
 * empty folder.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LARGEST = 1 << 20, CUTS = 64 };

static void
feed(const uint8_t *data, size_t size)
{
	uint8_t *exact = malloc(size ? size : 1);
	if (!exact)
		abort();
	memcpy(exact, data, size);
	LLVMFuzzerTestOneInput(exact, size);
	free(exact);
}

static size_t
feed_file(const char *path, uint8_t *room)
{
	FILE *file = fopen(path, "rb");
	if (!file) {
		perror(path);
		exit(1);
	}
	size_t size = fread(room, 1, LARGEST, file);
	fclose(file);
	feed(room, size);
	size_t count = 1, step = size > CUTS ? size / CUTS : 1;
	for (size_t cut = 0; cut < size; cut += step, count++)
		feed(room, cut);
	return count;
}

int
main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	DIR *folder = opendir(argv[1]);
	if (!folder) {
		perror(argv[1]);
		return 1;
	}
	uint8_t *room = malloc(LARGEST);
	if (!room)
		abort();
	size_t files = 0, inputs = 0;
	for (struct dirent *entry; (entry = readdir(folder));) {
		if (entry->d_name[0] == '.')
			continue;
		char path[4096];
		snprintf(path, sizeof path, "%s/%s", argv[1], entry->d_name);
		inputs += feed_file(path, room);
		files++;
	}
	closedir(folder);
	free(room);
	printf("%zu files, %zu inputs\n", files, inputs);
	return files ? 0 : 1;
}
