package dev.stillpoint.qmp.command;

/** Whether the processors run, and QEMU's word for the state, such as {@code paused}. */
public record StatusInfo(boolean running, String status) {}
