/**
 * The two programs of this module: one reads QAPI schemas into a model, one writes Java from it.
 */
@NullMarked
package dev.stillpoint.qmp.generator;

import org.jspecify.annotations.NullMarked;
