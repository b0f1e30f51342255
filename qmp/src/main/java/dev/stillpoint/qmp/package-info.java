/** A client of the QEMU Machine Protocol: commands, replies, events, errors. */
@NullMarked
package dev.stillpoint.qmp;

import org.jspecify.annotations.NullMarked;
