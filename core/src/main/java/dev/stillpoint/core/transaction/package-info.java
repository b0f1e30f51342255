/** The heart: the pure transaction machine and the runner that interprets its effects. */
@NullMarked
package dev.stillpoint.core.transaction;

import org.jspecify.annotations.NullMarked;
