package dev.stillpoint.qmp.qapi;

/** What an event carries. Its type has an {@link EventName}. */
public interface EventData {}
