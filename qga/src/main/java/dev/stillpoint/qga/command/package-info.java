/**
 * What a command of the guest agent is, and the bytes that some carry. The commands themselves are
 * in {@code dev.stillpoint.qga.qapi}.
 */
@NullMarked
package dev.stillpoint.qga.command;

import org.jspecify.annotations.NullMarked;
