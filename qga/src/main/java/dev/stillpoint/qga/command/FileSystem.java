package dev.stillpoint.qga.command;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A file system that is mounted in the guest.
 *
 * @param name the device's short name
 * @param disk the disks under it; empty where the agent cannot tell
 * @param usedBytes null where the agent does not tell
 * @param totalBytes what users without privileges may fill
 * @param totalBytesPrivileged what root may fill; since QEMU 9.1
 */
public record FileSystem(
    String name,
    String mountpoint,
    String type,
    List<GuestDisk> disk,
    @Nullable Long usedBytes,
    @Nullable Long totalBytes,
    @Nullable Long totalBytesPrivileged) {}
