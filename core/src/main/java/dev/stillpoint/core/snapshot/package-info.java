/** The words of a snapshot: request, operation, result, consistency, errors. */
@NullMarked
package dev.stillpoint.core.snapshot;

import org.jspecify.annotations.NullMarked;
