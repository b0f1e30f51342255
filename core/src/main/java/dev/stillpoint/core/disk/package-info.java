/** What a disk is and where its bytes live. */
@NullMarked
package dev.stillpoint.core.disk;

import org.jspecify.annotations.NullMarked;
