/** Snapshots of logical volumes by LVM, classic and thin, on this host or on another machine. */
@NullMarked
package dev.stillpoint.backends.lvm;

import org.jspecify.annotations.NullMarked;
