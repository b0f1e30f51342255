/** What this host tells of itself, and programs, here or on the machine that owns a storage. */
@NullMarked
package dev.stillpoint.backends.host;

import org.jspecify.annotations.NullMarked;
