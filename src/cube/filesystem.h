/* File system: on what kind a file is or will be, for people who wonder why it is slow or cannot be locked. */
#ifndef DMUMU_CUBE_FILESYSTEM_H
#define DMUMU_CUBE_FILESYSTEM_H

enum { DMUMU_FILESYSTEM_NAME = 32 };

/** The kernel's name of it, "ext4", "lustre", "nfs4"; "unknown" when it cannot be found out. */
void dmumu_filesystem_of(const char *path, char name[static DMUMU_FILESYSTEM_NAME]);

#endif
