package dev.stillpoint.it.methods;

import dev.stillpoint.core.disk.SelectedDisk;

/** The method {@code zfs} over images in datasets of an OpenZFS, which has {@code .zfs}. */
class ZfsFilesContractOnZvols extends ZfsServerContract {
  @Override
  void create(String name) {
    server().createDataset(name);
    server().shell("truncate -s 1M " + path(name));
  }

  @Override
  SelectedDisk selected(SelectedDisk disk) {
    return disk.withOption("file", path(disk.name()));
  }

  @Override
  String path(String disk) {
    return "/tank/" + disk + "/disk.raw";
  }
}
