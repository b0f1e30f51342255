package dev.stillpoint.qmp.command;

/** A node that is exported. */
public record BlockExportInfo(String id, String type, String nodeName, boolean shuttingDown) {}
