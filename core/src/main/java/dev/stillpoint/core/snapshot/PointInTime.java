package dev.stillpoint.core.snapshot;

import java.time.Instant;

/** The cut's request and its reply, by the host's clock: the instant lies between them. */
public record PointInTime(Instant from, Instant to) {}
