package dev.stillpoint.backends;

import dev.stillpoint.backends.disks.DescribedDisk;
import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.disk.xml.DiskXmlException;
import dev.stillpoint.core.snapshot.DiskSnapshot;
import dev.stillpoint.core.snapshot.SnapshotResult;
import dev.stillpoint.core.spi.LocatedDisk;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * Writes a result as XML again. What cannot be written does not take the result with it: the cut is
 * made by then, and the warnings say what has to be stored by hand.
 */
final class XmlAnswer {
  private final List<String> warnings;

  private XmlAnswer(SnapshotResult result) {
    warnings = new ArrayList<>(result.warnings());
  }

  /**
   * The result with its XML.
   *
   * @param found what the disks are, in their order; empty where they were not found
   */
  static DescribedSnapshot of(
      SnapshotResult result, List<DescribedDisk> disks, List<LocatedDisk> found) {
    var answer = new XmlAnswer(result);
    List<DescribedSnapshot.Disk> told = new ArrayList<>();
    for (int i = 0; i < found.size(); i++) {
      DescribedDisk disk = disks.get(i);
      LocatedDisk located = found.get(i);
      result.disks().stream()
          .filter(one -> one.disk().equals(located.name()))
          .findFirst()
          .ifPresent(one -> told.add(answer.of(disk, located, one)));
    }
    return new DescribedSnapshot(result.withWarnings(answer.warnings), told);
  }

  private DescribedSnapshot.Disk of(
      DescribedDisk disk, LocatedDisk located, DiskSnapshot snapshot) {
    Optional<String> modified =
        snapshot
            .modifiedDisk()
            .flatMap(source ->
                written(
                    "what '" + snapshot.disk() + "' uses now", source, disk.xml()::modifiedDisk));
    // The image that the machine has used so far is in the XML already, perhaps as a volume of a
    // pool, over another path to it, or with what is needed to decrypt it.
    DiskSource backup =
        snapshot.backupSource().equals(located.source())
            ? disk.description().source().orElse(located.source())
            : snapshot.backupSource();
    Optional<String> source =
        written("the backup source of '" + snapshot.disk() + "'", backup, disk.xml()::backupSource);
    return new DescribedSnapshot.Disk(snapshot, modified, source);
  }

  private Optional<String> written(
      String what, DiskSource source, Function<DiskSource, String> writer) {
    try {
      return Optional.of(writer.apply(source));
    } catch (DiskXmlException e) {
      warnings.add(what + " has no XML: " + e.getMessage());
      return Optional.empty();
    }
  }
}
