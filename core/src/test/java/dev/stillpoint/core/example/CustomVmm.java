package dev.stillpoint.core.example;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * A monitor of one toy machine, whose guest writes a number to each of its disks in turn, and then
 * the next one. A real one would have virtual processors here, and an agent in its guest.
 */
final class CustomVmm implements AutoCloseable {
  /** The guest holds it to write; whoever brings the machine to rest holds it against that. */
  private final ReentrantReadWriteLock writing = new ReentrantReadWriteLock(true);

  private final List<Path> disks;
  private final Thread guest;
  private volatile boolean ended;
  private final AtomicLong rounds = new AtomicLong();

  CustomVmm(List<Path> disks) {
    this.disks = List.copyOf(disks);
    this.guest = Thread.ofPlatform().daemon().name("guest").start(this::run);
  }

  private void run() {
    while (!ended) {
      for (Path disk : disks) {
        writing.readLock().lock();
        try {
          Files.writeString(disk, rounds.toString());
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        } finally {
          writing.readLock().unlock();
        }
      }
      rounds.incrementAndGet();
    }
  }

  long rounds() {
    return rounds.get();
  }

  /** Returns when nothing writes any more. The thread that calls it is the one to let go. */
  void stop() {
    writing.writeLock().lock();
  }

  void go() {
    writing.writeLock().unlock();
  }

  @Override
  public void close() {
    ended = true;
    while (guest.isAlive()) {
      Thread.onSpinWait();
    }
  }
}
