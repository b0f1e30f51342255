package dev.stillpoint.core.spi;

/**
 * The guest's answer to a freeze.
 *
 * @param fileSystems how many were frozen; zero means that a thaw is owed all the same
 * @param writtenNanos when the request was written, by {@link System#nanoTime()}
 * @param repliedNanos when the reply was read, by the same clock
 */
public record FreezeReport(int fileSystems, long writtenNanos, long repliedNanos) {}
