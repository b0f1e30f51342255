/** What an overlay is: its file, the words on it, and the way back out of it. */
@NullMarked
package dev.stillpoint.backends.qemu.overlay;

import org.jspecify.annotations.NullMarked;
