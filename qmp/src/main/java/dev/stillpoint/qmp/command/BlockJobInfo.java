package dev.stillpoint.qmp.command;

/** A job that works on a block device; {@code device} is the job's id. */
public record BlockJobInfo(String type, String device, String status, boolean ready) {}
