/** Lines of JSON on a Netty channel: framing, codec, pending calls. */
@NullMarked
package dev.stillpoint.qmp.wire;

import org.jspecify.annotations.NullMarked;
