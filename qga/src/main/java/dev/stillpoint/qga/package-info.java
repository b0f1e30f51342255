/** A client of the QEMU guest agent that is never out of step with its replies. */
@NullMarked
package dev.stillpoint.qga;

import org.jspecify.annotations.NullMarked;
