/** The front door of the core: what a custom VMM calls to take a snapshot. */
@NullMarked
package dev.stillpoint.core.coordinator;

import org.jspecify.annotations.NullMarked;
