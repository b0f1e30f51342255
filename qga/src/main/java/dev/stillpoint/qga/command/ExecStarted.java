package dev.stillpoint.qga.command;

/** A program that was started. */
public record ExecStarted(long pid) {}
