/**
 * Real guests from Debian packages: built, booted, cloned warm, and never left behind.
 *
 * <p>Start with {@link dev.stillpoint.testkit.guest.WarmGuest}, which gives a running guest in well
 * under a second, or {@link dev.stillpoint.testkit.guest.Guest#boot} for a cold one.
 */
@NullMarked
package dev.stillpoint.testkit.guest;

import org.jspecify.annotations.NullMarked;
