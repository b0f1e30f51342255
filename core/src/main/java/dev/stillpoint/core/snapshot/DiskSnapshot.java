package dev.stillpoint.core.snapshot;

import dev.stillpoint.core.disk.DiskSource;
import java.util.Optional;

/**
 * What became of one disk.
 *
 * @param disk the disk, as the caller named it or as the engine found it
 * @param method the method that cut it
 * @param way the method's own word for how it did so, such as {@code prepared}
 * @param nodeName what the hypervisor calls the node that the machine now writes to; empty where
 *     the method has none
 * @param modifiedDisk what the machine now writes to, and what a caller must persist; empty where
 *     the machine keeps using the original
 * @param backupSource the frozen point in time, safe to read
 */
public record DiskSnapshot(
    String disk,
    String method,
    String way,
    Optional<String> nodeName,
    Optional<DiskSource> modifiedDisk,
    DiskSource backupSource) {}
