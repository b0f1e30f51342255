/** {@code ./stillpoint demo}: the main job on a throwaway guest, with the proof. */
@NullMarked
package dev.stillpoint.testkit.demo;

import org.jspecify.annotations.NullMarked;
