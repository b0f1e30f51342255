package dev.stillpoint.qga.command;

import org.jspecify.annotations.Nullable;

/** The operating system in the guest; Windows has the id {@code mswindows}. */
public record OsInfo(
    @Nullable String id,
    @Nullable String prettyName,
    @Nullable String kernelRelease,
    @Nullable String kernelVersion,
    @Nullable String machine,
    @Nullable String name,
    @Nullable String version,
    @Nullable String versionId,
    @Nullable String variant,
    @Nullable String variantId) {}
