/**
 * A virtual machine monitor without QMP that embeds the coordinator, with a quiescer, a pauser and
 * a snapshot method of its own. {@code docs/embedding.md} tells it.
 */
@NullMarked
package dev.stillpoint.core.example;

import org.jspecify.annotations.NullMarked;
