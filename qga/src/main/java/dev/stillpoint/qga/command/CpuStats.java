package dev.stillpoint.qga.command;

import java.math.BigInteger;
import org.jspecify.annotations.Nullable;

/**
 * How one processor spent its time, in milliseconds; null where the kernel does not count it.
 *
 * @param type the kind of guest; the other members are those of {@code linux}
 */
public record CpuStats(
    String type,
    @Nullable Integer cpu,
    @Nullable BigInteger user,
    @Nullable BigInteger nice,
    @Nullable BigInteger system,
    @Nullable BigInteger idle,
    @Nullable BigInteger iowait,
    @Nullable BigInteger irq,
    @Nullable BigInteger softirq,
    @Nullable BigInteger steal,
    @Nullable BigInteger guest,
    @Nullable BigInteger guestnice) {}
