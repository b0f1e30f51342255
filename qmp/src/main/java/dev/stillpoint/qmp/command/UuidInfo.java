package dev.stillpoint.qmp.command;

import com.fasterxml.jackson.annotation.JsonProperty;

/** The uuid of a machine; all zeros when it was given none. */
public record UuidInfo(@JsonProperty("UUID") String uuid) {}
