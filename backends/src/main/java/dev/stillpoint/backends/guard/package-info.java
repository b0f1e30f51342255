/**
 * The companion process that thaws a guest when the process that froze it is killed or stopped.
 * What runs in it needs the JDK and junixsocket alone.
 */
@NullMarked
package dev.stillpoint.backends.guard;

import org.jspecify.annotations.NullMarked;
