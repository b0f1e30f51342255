/** Images as files: their headers, and what {@code qemu-img} tells of them and does with them. */
@NullMarked
package dev.stillpoint.backends.qemu.image;

import org.jspecify.annotations.NullMarked;
