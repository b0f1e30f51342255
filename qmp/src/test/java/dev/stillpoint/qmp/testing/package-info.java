/** A monitor to test against: real sockets, the real codec, and faults on request. */
@NullMarked
package dev.stillpoint.qmp.testing;

import org.jspecify.annotations.NullMarked;
