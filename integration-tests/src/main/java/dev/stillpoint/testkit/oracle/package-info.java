/** What a disk image is worth: read from outside, with the file systems' own tools. */
@NullMarked
package dev.stillpoint.testkit.oracle;

import org.jspecify.annotations.NullMarked;
