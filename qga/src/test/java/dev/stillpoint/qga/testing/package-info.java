/** A guest agent to test against: it freezes nothing but its own memory. */
@NullMarked
package dev.stillpoint.qga.testing;

import org.jspecify.annotations.NullMarked;
