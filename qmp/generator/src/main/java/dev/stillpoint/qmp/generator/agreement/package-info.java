/** Whether a model says the same as the answer of a running QEMU to {@code query-qmp-schema}. */
@NullMarked
package dev.stillpoint.qmp.generator.agreement;

import org.jspecify.annotations.NullMarked;
