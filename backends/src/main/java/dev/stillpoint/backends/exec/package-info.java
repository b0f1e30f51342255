/** Snapshots by a program of the caller's, which speaks JSON on its standard input and output. */
@NullMarked
package dev.stillpoint.backends.exec;

import org.jspecify.annotations.NullMarked;
