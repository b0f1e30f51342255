package dev.stillpoint.core.spi;

import java.time.Duration;

/**
 * How long a guest that is not bound to the caller's freeze window takes and holds. Windows is one:
 * its writers may take a minute to come to rest, and hold for ten seconds from then on.
 *
 * @param freeze from freeze written to its reply, at most
 * @param hold from that reply on, at most
 */
public record FreezePace(Duration freeze, Duration hold) {}
