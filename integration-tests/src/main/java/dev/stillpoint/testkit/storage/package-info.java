/** Storages that a test gets for itself, all of them real. */
@NullMarked
package dev.stillpoint.testkit.storage;

import org.jspecify.annotations.NullMarked;
