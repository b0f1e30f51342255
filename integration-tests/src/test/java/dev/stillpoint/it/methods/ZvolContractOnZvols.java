package dev.stillpoint.it.methods;

import dev.stillpoint.core.disk.SelectedDisk;

/** The method {@code zfs} over volumes of an OpenZFS. */
class ZvolContractOnZvols extends ZfsServerContract {
  private static final long SIZE = 4L << 20;

  @Override
  void create(String name) {
    server().createVolume(name, SIZE);
  }

  @Override
  SelectedDisk selected(SelectedDisk disk) {
    return disk.withOption("dataset", "tank/" + disk.name());
  }

  @Override
  String path(String disk) {
    return "/dev/zvol/tank/" + disk;
  }
}
