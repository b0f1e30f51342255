/** The words of a running QEMU's schema: its commands, its events, and the types they need. */
@NullMarked
package dev.stillpoint.qmp.schema;

import org.jspecify.annotations.NullMarked;
