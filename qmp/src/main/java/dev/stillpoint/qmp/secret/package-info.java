/** What of both protocols is not for a log. */
@NullMarked
package dev.stillpoint.qmp.secret;

import org.jspecify.annotations.NullMarked;
