package dev.stillpoint.qga.command;

/** The name of a guest. */
public record HostName(String hostName) {}
