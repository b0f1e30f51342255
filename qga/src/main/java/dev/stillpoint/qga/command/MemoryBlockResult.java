package dev.stillpoint.qga.command;

import org.jspecify.annotations.Nullable;

/**
 * What became of a change to one memory block.
 *
 * @param response {@code success}, or why not, such as {@code not-found}
 * @param errorCode the guest's errno; null after a success
 */
public record MemoryBlockResult(long physIndex, String response, @Nullable Integer errorCode) {}
