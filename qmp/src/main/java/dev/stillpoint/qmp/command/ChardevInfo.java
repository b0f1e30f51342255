package dev.stillpoint.qmp.command;

/** A character device; the front end is open while the guest has it open. */
public record ChardevInfo(String label, String filename, boolean frontendOpen) {}
