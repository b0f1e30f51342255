/** Snapshots cut by QEMU itself: overlays in one QMP transaction. */
@NullMarked
package dev.stillpoint.backends.qemu;

import org.jspecify.annotations.NullMarked;
