/** Random faults against real snapshots of real guests, each round repeatable from its seed. */
@NullMarked
package dev.stillpoint.it.chaos;

import org.jspecify.annotations.NullMarked;
