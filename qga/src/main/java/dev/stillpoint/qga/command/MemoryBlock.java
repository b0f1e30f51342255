package dev.stillpoint.qga.command;

import org.jspecify.annotations.Nullable;

/**
 * A piece of memory that the guest can do without.
 *
 * @param canOffline told by the agent, ignored when it is asked for a change
 */
public record MemoryBlock(long physIndex, boolean online, @Nullable Boolean canOffline) {}
