/** The engine's front door: ties a monitor, an agent and the snapshot methods together. */
@NullMarked
package dev.stillpoint.backends;

import org.jspecify.annotations.NullMarked;
