package dev.stillpoint.it.methods;

import java.nio.file.Path;

/** Disks that have a subvolume each. */
class BtrfsOfSubvolumesContractTest extends BtrfsContractTest {
  @Override
  Path subvolume(int disk) {
    return newSubvolume();
  }
}
