package dev.stillpoint.qga.command;

import org.jspecify.annotations.Nullable;

/** A program's state and its output in base64. */
public record ExecStatus(
    boolean exited,
    @Nullable Integer exitcode,
    @Nullable Integer signal,
    @Nullable String outData,
    @Nullable String errData) {}
