/** The words of a snapshot and the coordinator that keeps its promises. */
module dev.stillpoint.core {
  requires java.xml;
  requires org.slf4j;
  requires static transitive org.jspecify;

  exports dev.stillpoint.core.coordinator;
  exports dev.stillpoint.core.disk;
  exports dev.stillpoint.core.disk.xml;
  exports dev.stillpoint.core.snapshot;
  exports dev.stillpoint.core.spi;

  uses dev.stillpoint.core.spi.SnapshotMethodProvider;
}
