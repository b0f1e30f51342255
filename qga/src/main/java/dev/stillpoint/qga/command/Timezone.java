package dev.stillpoint.qga.command;

import org.jspecify.annotations.Nullable;

/**
 * A time zone.
 *
 * @param zone its name, for people
 * @param offset seconds east of UTC
 */
public record Timezone(@Nullable String zone, int offset) {}
