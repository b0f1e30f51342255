/** A file of what went over the wire. */
@NullMarked
package dev.stillpoint.qmp.wirelog;

import org.jspecify.annotations.NullMarked;
