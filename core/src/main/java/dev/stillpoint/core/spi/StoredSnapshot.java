package dev.stillpoint.core.spi;

import dev.stillpoint.core.disk.DiskSource;
import java.time.Instant;
import java.util.Optional;

/**
 * A snapshot of a disk that is there.
 *
 * @param name as it was given when it was made
 * @param method the method that keeps it
 * @param place by what the storage knows it, such as {@code vg/lv.nightly}
 * @param created by the storage's clock; empty where it does not tell
 * @param backupSource where to read it; empty for one that can be reverted to but not read
 * @param trouble why it is of no use, such as a classic LVM snapshot that has overflowed
 */
public record StoredSnapshot(
    String name,
    String method,
    String place,
    Optional<Instant> created,
    Optional<DiskSource> backupSource,
    Optional<String> trouble) {}
