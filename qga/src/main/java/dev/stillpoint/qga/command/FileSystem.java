package dev.stillpoint.qga.command;

import java.util.List;

/**
 * A file system that is mounted in the guest; {@code disk} is empty where the agent cannot tell.
 */
public record FileSystem(String name, String mountpoint, String type, List<GuestDisk> disk) {}
