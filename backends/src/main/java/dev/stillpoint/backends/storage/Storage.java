package dev.stillpoint.backends.storage;

import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.snapshot.SnapshotName;
import dev.stillpoint.core.spi.Cut;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.LocatedDisk;
import dev.stillpoint.core.spi.MethodTraits;
import dev.stillpoint.core.spi.StoredSnapshot;
import java.io.IOException;
import java.util.List;

/**
 * What one storage can do. {@link StorageMethod} makes a snapshot method of it: threads, the group,
 * all or none, the journal and the recovery are its affair. Methods here block, are called on
 * worker threads, and may be called by several at a time.
 *
 * <p>What fails because of the caller or the disk throws a {@link SnapshotException} that names the
 * disk or the snapshot; an {@link IOException} is anything else, such as a program that failed.
 */
public interface Storage {

  /** The method's name. */
  String name();

  /** What it is like, whatever the disks. */
  MethodTraits traits();

  /**
   * Finds out which volume a disk is on, and what its snapshot of this name is called. Changes
   * nothing, and does not look whether that snapshot exists: also asked for one to be reverted to
   * or removed.
   */
  PlannedSnapshot plan(LocatedDisk disk, SnapshotName name, Deadline deadline) throws IOException;

  /**
   * The same for one that is about to be made, where what it will be called depends on who makes
   * it.
   *
   * @param operationId eight hexadecimal digits
   */
  default PlannedSnapshot plan(
      LocatedDisk disk, SnapshotName name, String operationId, Deadline deadline)
      throws IOException {
    return plan(disk, name, deadline);
  }

  /**
   * Looks whether these snapshots can be made: programs, rights, space, and that none of them is
   * there already. Changes nothing.
   *
   * @param snapshots each once
   */
  Prospect check(List<StorageSnapshot> snapshots, Deadline deadline) throws IOException;

  /**
   * Does what can be done before the guest is held, such as running a program once that the cut
   * will need. Whatever it makes, {@link #delete} removes.
   */
  void prepare(List<StorageSnapshot> snapshots, String operationId, Deadline deadline)
      throws IOException;

  /**
   * Makes all of them, as near to one instant as the storage can. Must not be given up half-way: a
   * program whose killing could leave a volume suspended is waited for, past the deadline.
   *
   * @param operationId eight hexadecimal digits, by which {@link #find} knows them again where the
   *     storage can keep such a mark
   */
  void cut(List<StorageSnapshot> snapshots, String operationId, Deadline deadline)
      throws IOException;

  /**
   * The cut of this storage as what it is beside cuts of other methods: one that can be made
   * together with theirs ({@link Cut#joinedWith}), or the same.
   */
  default Cut joinable(Cut cut) {
    return cut;
  }

  /**
   * Looks for one snapshot.
   *
   * @param operationId who is said to have made it
   */
  Presence find(StorageSnapshot snapshot, String operationId, Deadline deadline) throws IOException;

  /** Removes one that is there. Where it has gone meanwhile nothing happens. */
  void delete(StorageSnapshot snapshot, Deadline deadline) throws IOException;

  /** The snapshots of the disk's volume, oldest first where that is known. */
  List<StoredSnapshot> list(LocatedDisk disk, Deadline deadline) throws IOException;

  /**
   * Brings the disk back to a snapshot that is there, which stays. Refuses with {@link
   * dev.stillpoint.core.snapshot.ErrorCode#DISK_IN_USE} where anybody uses the disk, or where that
   * cannot be told.
   */
  void revert(PlannedSnapshot planned, Deadline deadline) throws IOException;
}
