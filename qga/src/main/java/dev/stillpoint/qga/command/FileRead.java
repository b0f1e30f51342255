package dev.stillpoint.qga.command;

import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * Bytes read from a file in the guest.
 *
 * @param bytes what was read
 * @param eof whether the end of the file was reached
 */
public record FileRead(long count, @JsonProperty("buf-b64") Bytes bytes, boolean eof) {}
