/** The method {@code rbd}: snapshots of images in a Ceph cluster. */
@NullMarked
package dev.stillpoint.backends.rbd;

import org.jspecify.annotations.NullMarked;
