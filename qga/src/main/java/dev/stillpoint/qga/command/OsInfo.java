package dev.stillpoint.qga.command;

import org.jspecify.annotations.Nullable;

/** The operating system in the guest. */
public record OsInfo(
    @Nullable String id, @Nullable String prettyName, @Nullable String kernelRelease) {}
