/**
 * What a command is, and what a running QEMU knows of commands. The commands themselves are in
 * {@code dev.stillpoint.qmp.qapi}.
 */
@NullMarked
package dev.stillpoint.qmp.command;

import org.jspecify.annotations.NullMarked;
