package dev.stillpoint.qga.command;

/** Where a file in the guest is read or written next. */
public record FilePosition(long position, boolean eof) {}
