package dev.stillpoint.qga.command;

import org.jspecify.annotations.Nullable;

/**
 * A program's state and, after its end, what was captured of its output.
 *
 * @param exitcode null while it runs, and after a signal
 * @param signal the signal that ended it, or the exception on Windows
 * @param outTruncated true where the agent kept only the beginning: 16 MiB
 */
public record ExecStatus(
    boolean exited,
    @Nullable Integer exitcode,
    @Nullable Long signal,
    @Nullable Bytes outData,
    @Nullable Bytes errData,
    @Nullable Boolean outTruncated,
    @Nullable Boolean errTruncated) {}
