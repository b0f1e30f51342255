/**
 * What {@code stillpoint qmp} understands and says: words, arguments, help, completion, a shell.
 */
@NullMarked
package dev.stillpoint.cli.qmp;

import org.jspecify.annotations.NullMarked;
