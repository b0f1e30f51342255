package dev.stillpoint.core.spi;

import dev.stillpoint.core.snapshot.PointInTime;

/**
 * The answer to a cut.
 *
 * @param pointInTime request and reply by the host's clock
 * @param commands how many commands it took
 */
public record CutReport(PointInTime pointInTime, int commands) {}
