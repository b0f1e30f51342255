/** The method {@code zfs}: snapshots of datasets and volumes of a ZFS. */
@NullMarked
package dev.stillpoint.backends.zfs;

import org.jspecify.annotations.NullMarked;
