package dev.stillpoint.qmp.command;

import org.jspecify.annotations.Nullable;

/** A block device of the machine; {@code qdev} is its id or path, {@code inserted} its medium. */
public record BlockInfo(
    String device,
    @Nullable String qdev,
    boolean removable,
    boolean locked,
    @Nullable BlockNode inserted) {}
