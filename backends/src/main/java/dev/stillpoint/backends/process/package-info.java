/** Processes of this host: who one is, told apart from whoever has its number later. */
@NullMarked
package dev.stillpoint.backends.process;

import org.jspecify.annotations.NullMarked;
