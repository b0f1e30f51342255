/** The command line: arguments in, text or JSON out, exit codes. */
@NullMarked
package dev.stillpoint.cli;

import org.jspecify.annotations.NullMarked;
