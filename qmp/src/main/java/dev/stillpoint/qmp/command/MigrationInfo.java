package dev.stillpoint.qmp.command;

import org.jspecify.annotations.Nullable;

/** A migration; no status when there never was one. */
public record MigrationInfo(@Nullable String status) {}
