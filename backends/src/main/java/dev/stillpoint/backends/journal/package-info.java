/** The journal as a directory: one small file an operation, to be read by a person too. */
@NullMarked
package dev.stillpoint.backends.journal;

import org.jspecify.annotations.NullMarked;
