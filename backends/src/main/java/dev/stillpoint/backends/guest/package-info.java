/** Quiescing over the guest agent and pausing over the monitor, as the core's spi. */
@NullMarked
package dev.stillpoint.backends.guest;

import org.jspecify.annotations.NullMarked;
