package dev.stillpoint.qmp.command;

/** A property of an object; a child's type begins with {@code child<}. */
public record QomProperty(String name, String type) {}
