/**
 * Storage that a test gets for itself: file systems of the host on loop devices, and an array that
 * is a machine of its own.
 */
@NullMarked
package dev.stillpoint.testkit.storage;

import org.jspecify.annotations.NullMarked;
