package dev.stillpoint.qmp.command;

import org.jspecify.annotations.Nullable;

/** A job; {@code status} is QEMU's word, such as {@code running} or {@code concluded}. */
public record JobInfo(
    String id,
    String type,
    String status,
    long currentProgress,
    long totalProgress,
    @Nullable String error) {}
