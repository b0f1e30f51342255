package dev.stillpoint.backends.storage;

import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.spi.LocatedDisk;

/**
 * The snapshot that a disk will be in.
 *
 * @param snapshot equal for disks that share one
 * @param backupSource where this disk can be read in it
 */
public record PlannedSnapshot(
    LocatedDisk disk, StorageSnapshot snapshot, DiskSource backupSource) {}
