/** The model written as Java. */
@NullMarked
package dev.stillpoint.qmp.generator.java;

import org.jspecify.annotations.NullMarked;
