package dev.stillpoint.qmp.command;

import org.jspecify.annotations.Nullable;

/** The name of a machine, if it was given one. */
public record NameInfo(@Nullable String name) {}
