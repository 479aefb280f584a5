#pragma once
// What Swift's module of the C library leaves out.
#include <malloc.h>
#include <spawn.h>
#include <sys/vfs.h>

// These it declares only with _GNU_SOURCE, which that module is made without.
extern int memfd_create(const char *name, unsigned int flags);
extern int pipe2(int ends[2], int flags);
extern int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from);
