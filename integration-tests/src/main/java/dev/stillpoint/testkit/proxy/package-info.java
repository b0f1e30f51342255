/**
 * What may stand between a client and QEMU: a proxy with faults that a test switches on, and a
 * stranger on the same socket.
 */
@NullMarked
package dev.stillpoint.testkit.proxy;

import org.jspecify.annotations.NullMarked;
