/** The names that QEMU gives to images, and what they lead to. */
@NullMarked
package dev.stillpoint.backends.address;

import org.jspecify.annotations.NullMarked;
