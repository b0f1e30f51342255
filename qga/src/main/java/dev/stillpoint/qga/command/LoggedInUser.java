package dev.stillpoint.qga.command;

import org.jspecify.annotations.Nullable;

/**
 * A user who is logged in.
 *
 * @param loginTime seconds since 1970; the earliest login
 * @param domain on Windows
 */
public record LoggedInUser(String user, double loginTime, @Nullable String domain) {}
