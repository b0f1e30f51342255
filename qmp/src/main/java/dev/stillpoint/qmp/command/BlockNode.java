package dev.stillpoint.qmp.command;

import com.fasterxml.jackson.annotation.JsonProperty;
import org.jspecify.annotations.Nullable;

/** A block node: its driver, its file as QEMU names it, and its image. */
public record BlockNode(
    @Nullable String nodeName,
    @Nullable String drv,
    boolean ro,
    @Nullable String file,
    @JsonProperty("backing_file") @Nullable String backingFile,
    @Nullable ImageInfo image) {}
