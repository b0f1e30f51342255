/** One record a guest agent command, each with the type of its result. */
@NullMarked
package dev.stillpoint.qga.command;

import org.jspecify.annotations.NullMarked;
