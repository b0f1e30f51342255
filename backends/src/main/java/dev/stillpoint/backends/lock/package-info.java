/** The one lock of each machine, by which two operations never share a monitor or an agent. */
@NullMarked
package dev.stillpoint.backends.lock;

import org.jspecify.annotations.NullMarked;
