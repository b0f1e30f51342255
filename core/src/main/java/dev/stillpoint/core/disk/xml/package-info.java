/**
 * The libvirt XML of a disk, in and out. Reads and writes text only: no file is opened and nothing
 * is connected to, whatever the text names.
 */
@NullMarked
package dev.stillpoint.core.disk.xml;

import org.jspecify.annotations.NullMarked;
