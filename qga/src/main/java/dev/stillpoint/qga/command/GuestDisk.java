package dev.stillpoint.qga.command;

import org.jspecify.annotations.Nullable;

/** A disk as the guest sees it. */
public record GuestDisk(@Nullable String serial, @Nullable String dev, @Nullable String busType) {}
