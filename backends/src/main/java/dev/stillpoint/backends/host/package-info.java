/** What this host tells of itself, and its programs: not for others. */
@NullMarked
package dev.stillpoint.backends.host;

import org.jspecify.annotations.NullMarked;
