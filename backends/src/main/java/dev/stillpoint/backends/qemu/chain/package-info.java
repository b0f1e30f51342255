/** The chain of images under a disk: which of them are snapshots, and how one is merged away. */
@NullMarked
package dev.stillpoint.backends.qemu.chain;

import org.jspecify.annotations.NullMarked;
