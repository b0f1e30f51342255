/**
 * All of QMP as QEMU's schema tells it: a record a command, event and type, written at build time
 * from a model of several versions of QEMU. {@code docs/qmp.md} tells how they are used.
 *
 * <p>Null is what is absent. A word, a kind or a form that is not known here is kept as it is, and
 * a member that is not known is passed over, so that a newer QEMU is understood as far as it can
 * be. Integers of 64 bits without a sign are a {@code long} with the same bits.
 */
@NullMarked
package dev.stillpoint.qmp.qapi;

import org.jspecify.annotations.NullMarked;
