/** The block layer of a running machine, as its monitor tells it. */
@NullMarked
package dev.stillpoint.backends.qemu.block;

import org.jspecify.annotations.NullMarked;
