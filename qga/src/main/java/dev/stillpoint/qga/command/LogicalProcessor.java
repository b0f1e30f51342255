package dev.stillpoint.qga.command;

import org.jspecify.annotations.Nullable;

/**
 * A processor of the guest.
 *
 * @param canOffline told by the agent, ignored when it is asked for a change
 */
public record LogicalProcessor(long logicalId, boolean online, @Nullable Boolean canOffline) {}
