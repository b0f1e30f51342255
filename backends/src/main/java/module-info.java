/** Joins the pillars: the quiescer over the agent and the snapshot methods over QMP. */
module dev.stillpoint.backends {
  requires transitive dev.stillpoint.core;
  requires transitive dev.stillpoint.qga;
  requires transitive dev.stillpoint.qmp;
  requires org.newsclub.net.unix;
  requires org.slf4j;
  requires static transitive org.jspecify;

  exports dev.stillpoint.backends;
  exports dev.stillpoint.backends.disks;
  exports dev.stillpoint.backends.guard;
  exports dev.stillpoint.backends.guest;
  exports dev.stillpoint.backends.journal;
  exports dev.stillpoint.backends.layers;
  exports dev.stillpoint.backends.lock;
  exports dev.stillpoint.backends.process;
  exports dev.stillpoint.backends.qemu;

  provides dev.stillpoint.core.spi.SnapshotMethodProvider with
      dev.stillpoint.backends.btrfs.BtrfsProvider,
      dev.stillpoint.backends.exec.ExecProvider,
      dev.stillpoint.backends.lvm.LvmProvider,
      dev.stillpoint.backends.qemu.QemuInternalProvider,
      dev.stillpoint.backends.rbd.RbdProvider,
      dev.stillpoint.backends.reflink.ReflinkProvider,
      dev.stillpoint.backends.zfs.ZfsProvider;
}
