/** One record a QMP command, each with the type of its result. */
@NullMarked
package dev.stillpoint.qmp.command;

import org.jspecify.annotations.NullMarked;
