package dev.stillpoint.qmp.command;

/**
 * A reply with its times, by {@link System#nanoTime()}.
 *
 * @param sentNanos when the request was handed to the socket
 * @param receivedNanos when the whole reply had been read
 */
public record Timed<R>(R value, long sentNanos, long receivedNanos) {}
