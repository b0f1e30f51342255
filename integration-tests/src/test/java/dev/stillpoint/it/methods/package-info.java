/** Each snapshot method on its real storage. */
@NullMarked
package dev.stillpoint.it.methods;

import org.jspecify.annotations.NullMarked;
