/** What an extender implements: quiescer, pauser, snapshot method, journal. */
@NullMarked
package dev.stillpoint.core.spi;

import org.jspecify.annotations.NullMarked;
