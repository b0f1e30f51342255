/** What is known of a protocol over several versions, and the file that keeps it. */
@NullMarked
package dev.stillpoint.qmp.generator.model;

import org.jspecify.annotations.NullMarked;
