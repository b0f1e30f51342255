/** Storage of the host that a test gets for itself: file systems on loop devices. */
@NullMarked
package dev.stillpoint.testkit.storage;

import org.jspecify.annotations.NullMarked;
