/** Hundreds of snapshots and commits in one process, to see that nothing grows. */
@NullMarked
package dev.stillpoint.it.soak;

import org.jspecify.annotations.NullMarked;
