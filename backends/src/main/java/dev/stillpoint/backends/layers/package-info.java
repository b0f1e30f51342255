/** Finds what lies under a disk, from what this host and QEMU tell. */
@NullMarked
package dev.stillpoint.backends.layers;

import org.jspecify.annotations.NullMarked;
