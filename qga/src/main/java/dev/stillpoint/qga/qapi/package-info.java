/**
 * All commands of the guest agent as its schema tells them: a record a command and type, written at
 * build time from a model of several versions. The rules are those of {@code
 * dev.stillpoint.qmp.qapi}.
 */
@NullMarked
package dev.stillpoint.qga.qapi;

import org.jspecify.annotations.NullMarked;
