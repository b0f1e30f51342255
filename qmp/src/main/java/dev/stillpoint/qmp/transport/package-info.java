/** Endpoints, and the channels that reach them. */
@NullMarked
package dev.stillpoint.qmp.transport;

import org.jspecify.annotations.NullMarked;
