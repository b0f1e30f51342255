/** A test kit for everybody who tests against real QEMU: guests, clones, proxies, oracles. */
@NullMarked
package dev.stillpoint.testkit;

import org.jspecify.annotations.NullMarked;
