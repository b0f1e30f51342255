package dev.stillpoint.qmp.command;

/** A command that this QEMU knows. */
public record CommandInfo(String name) {}
