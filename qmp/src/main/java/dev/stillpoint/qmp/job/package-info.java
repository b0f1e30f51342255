/** Jobs of QEMU, followed from their start to their end. */
@NullMarked
package dev.stillpoint.qmp.job;

import org.jspecify.annotations.NullMarked;
