/**
 * Where a monitor or an agent listens: unix, TCP and TLS addresses and programs, parsed from text.
 */
@NullMarked
package dev.stillpoint.qmp.endpoint;

import org.jspecify.annotations.NullMarked;
