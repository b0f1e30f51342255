package dev.stillpoint.qga.command;

/** How many bytes were written to a file in the guest; may be fewer than were given. */
public record FileWritten(long count, boolean eof) {}
