package dev.stillpoint.backends.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.backends.SnapshotStore;
import dev.stillpoint.backends.qemu.image.Qcow2Header;
import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.disk.SelectedDisk;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.spi.CutDisk;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.LocatedDisk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** An image that is reverted stays locked, whatever else this process does with it meanwhile. */
@Timeout(60)
class HeldImagesTest {
  private static final Deadline SOON = Deadline.after(Duration.ofSeconds(60));

  @TempDir private Path directory;
  private Path image;
  private final CountDownLatch underway = new CountDownLatch(1);
  private final CountDownLatch goOn = new CountDownLatch(1);
  private CompletableFuture<?> revert;

  @BeforeEach
  void aRevertIsUnderway() throws Exception {
    image = directory.resolve("disk.qcow2");
    qemuImg("create", "-q", "-f", "qcow2", image.toString(), "1M");
    var disk =
        new LocatedDisk(
            SelectedDisk.named(image.toString()),
            new DiskSource.File(image, "qcow2"),
            CutDisk.named("disk"));
    var file = new ImageFile(disk, image, Mounts.own().of(image).orElseThrow());
    var replacement = new ImageReplacement(new LocalPrograms());
    revert =
        later(() -> {
          replacement.replace(
              file,
              empty -> {
                underway.countDown();
                awaitQuietly(goOn);
                qemuImg("create", "-q", "-f", "qcow2", empty.toString(), "2M");
              },
              SOON);
          return null;
        });
    assertTrue(underway.await(30, TimeUnit.SECONDS));
  }

  @AfterEach
  void end() {
    goOn.countDown();
  }

  private static <T> CompletableFuture<T> later(Callable<T> work) {
    var done = new CompletableFuture<T>();
    Thread.ofPlatform()
        .daemon()
        .start(() -> {
          try {
            done.complete(work.call());
          } catch (Throwable e) {
            done.completeExceptionally(e);
          }
        });
    return done;
  }

  private static void awaitQuietly(CountDownLatch latch) throws IOException {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }

  private static HostProgram.Said qemuImg(String... arguments) throws IOException {
    return HostProgram.find("qemu-img").orElseThrow().run(List.of(arguments));
  }

  /** What QEMU would be told, too. */
  private void assertLocked() throws IOException {
    HostProgram.Said said = qemuImg("info", image.toString());
    assertTrue(said.status() != 0 && said.err().contains("lock"), said::toString);
  }

  private static boolean isBusy(SnapshotException thrown) {
    return thrown.failure().code() == ErrorCode.BUSY;
  }

  private static void assertBusy(Executable opening) {
    SnapshotException busy = assertThrows(SnapshotException.class, opening);
    assertTrue(isBusy(busy), busy::toString);
  }

  @Test
  void aListMeanwhileDoesNotUnlockTheImage() throws Exception {
    // given
    assertLocked();
    SelectedDisk disk = SelectedDisk.named(image.toString()).withMethod("qemu");
    // when
    var listed = later(() -> SnapshotStore.ofBareDisks().list(disk, SOON));
    Throwable told = listed.handle((snapshots, thrown) -> thrown).join();
    // then
    assertLocked();
    assertTrue(told instanceof SnapshotException busy && isBusy(busy), () -> "" + told);
  }

  @Test
  void neitherDoesAHeaderNorAMarkNorAnotherLook() throws Exception {
    // when
    CompletableFuture<?> header =
        later(() -> {
          assertBusy(() -> Qcow2Header.read(image));
          return null;
        });
    CompletableFuture<?> mark =
        later(() -> {
          assertBusy(() -> FileMark.OPERATION.read(image));
          return null;
        });
    assertTrue(ImageLock.isHeld(image));
    header.join();
    mark.join();
    // then
    assertLocked();
  }

  @Test
  void whoWaitsSeesTheImageThatCameToItsPlace() throws Exception {
    // given: one that has begun to wait, or will
    long before = (long) Files.getAttribute(image, "unix:ino");
    CompletableFuture<Qcow2Header> header = later(() -> Qcow2Header.read(image));
    // when
    goOn.countDown();
    // then
    assertEquals(0, header.join().snapshots());
    revert.join();
    assertFalse(before == (long) Files.getAttribute(image, "unix:ino"));
    assertFalse(ImageLock.isHeld(image));
  }

  @Test
  @SuppressWarnings("try") // the lock is there for its end
  void whoHasLockedAnImageDoesNotOpenItHimself() throws Exception {
    Path mine = Files.writeString(directory.resolve("mine"), "");
    try (ImageLock lock = ImageLock.take(mine).orElseThrow()) {
      assertThrows(IllegalStateException.class, () -> FileMark.OPERATION.read(mine));
    }
    assertEquals(Optional.empty(), FileMark.OPERATION.read(mine));
  }
}
