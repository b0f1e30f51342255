package dev.stillpoint.qga.command;

/**
 * How large a memory block is.
 *
 * @param size bytes
 */
public record MemoryBlockInfo(long size) {}
