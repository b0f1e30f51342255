/** What can go wrong with a command, told apart by whether it may have run. */
@NullMarked
package dev.stillpoint.qmp.error;

import org.jspecify.annotations.NullMarked;
