package dev.stillpoint.qmp.command;

import org.jspecify.annotations.Nullable;

/** An image as {@code qemu-img info} tells of it; sizes in bytes. */
public record ImageInfo(
    @Nullable String filename,
    @Nullable String format,
    long virtualSize,
    @Nullable String backingFilename,
    @Nullable String fullBackingFilename,
    @Nullable String backingFilenameFormat,
    @Nullable ImageInfo backingImage) {}
