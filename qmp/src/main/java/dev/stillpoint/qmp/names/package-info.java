/** The names that QEMU gives to images, which may have secrets in them. */
@NullMarked
package dev.stillpoint.qmp.names;

import org.jspecify.annotations.NullMarked;
