/** What all methods have in common whose snapshots are made by a storage and not by QEMU. */
@NullMarked
package dev.stillpoint.backends.storage;

import org.jspecify.annotations.NullMarked;
