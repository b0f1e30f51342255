/** Where a monitor or an agent listens: unix and TCP addresses, parsed from text. */
@NullMarked
package dev.stillpoint.qmp.endpoint;

import org.jspecify.annotations.NullMarked;
