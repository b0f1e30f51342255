/** Disks that are files of a file system that can share blocks, cut by a clone of the file. */
@NullMarked
package dev.stillpoint.backends.reflink;

import org.jspecify.annotations.NullMarked;
