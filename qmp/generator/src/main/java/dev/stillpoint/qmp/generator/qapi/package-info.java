/** The QAPI schema language of QEMU's sources, as far as facts are read from it. */
@NullMarked
package dev.stillpoint.qmp.generator.qapi;

import org.jspecify.annotations.NullMarked;
