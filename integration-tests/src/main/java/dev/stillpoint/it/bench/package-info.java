/** How fast and how small the client is, against what it is compared with in the same run. */
@NullMarked
package dev.stillpoint.it.bench;

import org.jspecify.annotations.NullMarked;
