/** Where the disks of a machine are, or of none, and which method is the default for each. */
@NullMarked
package dev.stillpoint.backends.disks;

import org.jspecify.annotations.NullMarked;
