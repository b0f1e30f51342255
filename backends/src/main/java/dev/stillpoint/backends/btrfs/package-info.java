/** Disks that are files of a btrfs, cut by a read-only snapshot of their subvolume. */
@NullMarked
package dev.stillpoint.backends.btrfs;

import org.jspecify.annotations.NullMarked;
