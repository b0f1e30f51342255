/** The product on real QEMU and real guests. */
@NullMarked
package dev.stillpoint.it;

import org.jspecify.annotations.NullMarked;
