package dev.stillpoint.backends.guard;

import java.io.FileDescriptor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.newsclub.net.unix.AFUNIXSocketChannel;

/**
 * Words over a unix socket. A thread of its own reads, so that what has come is known at once and
 * nobody who waits for it stands still for ever.
 */
final class ControlLine implements Words {
  /** More than any line has: an order is a few paths. Whoever says more is cut off. */
  private static final int MAX_LINE = 64 * 1024;

  /** More than are ever unheard: one a second comes, and each question has one answer. */
  private static final int MAX_UNHEARD = 1024;

  private static final int CHUNK = 8192;

  /** Room for the ancillary data of one descriptor. */
  private static final int ANCILLARY = 256;

  private static final long STACK = 256L * 1024;

  private final AFUNIXSocketChannel channel;
  private final Predicate<String> other;
  private final LinkedBlockingQueue<String> heard = new LinkedBlockingQueue<>(MAX_UNHEARD);
  private final ConcurrentLinkedQueue<FileDescriptor> received = new ConcurrentLinkedQueue<>();

  private ControlLine(AFUNIXSocketChannel channel, Predicate<String> other) {
    this.channel = channel;
    this.other = other;
  }

  /**
   * Takes a connected channel over and makes it block.
   *
   * @param other is shown every line first, on the thread that reads; one that it takes is not
   *     heard
   */
  static ControlLine over(AFUNIXSocketChannel channel, Predicate<String> other) throws IOException {
    channel.configureBlocking(true);
    channel.setAncillaryReceiveBufferSize(ANCILLARY);
    var line = new ControlLine(channel, other);
    Thread reader = new Thread(null, line::read, "stillpoint-guard-control", STACK);
    reader.setDaemon(true);
    reader.start();
    return line;
  }

  private void read() {
    ByteBuffer chunk = ByteBuffer.allocate(CHUNK);
    var text = new StringBuilder();
    try {
      while (channel.read(chunk.clear()) >= 0) {
        keepDescriptors();
        chunk.flip();
        while (chunk.hasRemaining()) {
          char one = (char) (chunk.get() & 0xFF);
          if (one == '\n') {
            take(text.toString());
            text.setLength(0);
          } else if (text.length() < MAX_LINE) {
            text.append(one);
          } else {
            throw new IOException("a line is too long");
          }
        }
      }
    } catch (IOException | RuntimeException e) {
      // The other end is gone, or talks nonsense; either way there is nothing more to hear.
      close();
    }
    if (!heard.offer(ENDED)) {
      heard.clear();
      heard.add(ENDED);
    }
  }

  private void take(String line) throws IOException {
    if (!line.isEmpty() && !other.test(line) && !heard.offer(line)) {
      throw new IOException("too many lines that nobody hears");
    }
  }

  private void keepDescriptors() throws IOException {
    FileDescriptor[] beside = channel.getReceivedFileDescriptors();
    if (beside != null) {
      received.addAll(java.util.Arrays.asList(beside));
    }
  }

  /** The descriptor that came beside the last line; null where none did. */
  @Nullable FileDescriptor descriptor() {
    return received.poll();
  }

  @Override
  public void say(String line) throws IOException {
    write(line, null);
  }

  @Override
  public void say(String line, FileDescriptor beside) throws IOException {
    write(line, beside);
  }

  private synchronized void write(String line, @Nullable FileDescriptor beside) throws IOException {
    if (beside != null) {
      channel.setOutboundFileDescriptors(beside);
    }
    ByteBuffer bytes = ByteBuffer.wrap((line + "\n").getBytes(StandardCharsets.UTF_8));
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  @Override
  public String hear(long nanos) {
    try {
      String line = heard.poll(nanos, TimeUnit.NANOSECONDS);
      if (line == null) {
        return SILENCE;
      }
      if (line.equals(ENDED)) {
        // For whoever asks next as well.
        heard.add(ENDED);
      }
      return line;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return SILENCE;
    }
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      // Closed all the same.
    }
  }
}
