package dev.stillpoint.it.bench;

import com.fasterxml.jackson.databind.JsonNode;
import dev.stillpoint.qmp.command.QmpSchema;
import dev.stillpoint.qmp.wire.Json;
import dev.stillpoint.qmp.wire.Lines;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** A real answer to {@code query-qmp-schema}, from the bytes of the socket on. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 10, time = 1)
public class SchemaDecode {
  /** The property that names the file with the answer. */
  static final String FILE = "stillpoint.bench.schema";

  /** As much as the transport reads at once, when much comes. */
  private static final int PIECE = 64 * 1024;

  private byte[] answer = {};
  private JsonNode decoded = Json.object();
  private final EmbeddedChannel lines = new EmbeddedChannel(Lines.decoder());

  /** Reads the answer. */
  @Setup
  public void read() throws IOException {
    answer = Files.readAllBytes(Path.of(Objects.requireNonNull(System.getProperty(FILE))));
    decoded = decode().path("return");
  }

  /** From bytes to a line and from the line to a tree, as the session does. */
  @Benchmark
  public JsonNode decode() throws IOException {
    for (int at = 0; at < answer.length; at += PIECE) {
      lines.writeInbound(Unpooled.wrappedBuffer(answer, at, Math.min(PIECE, answer.length - at)));
    }
    ByteBuf line = Objects.requireNonNull(lines.readInbound());
    try {
      return Json.parse(line);
    } finally {
      line.release();
    }
  }

  /** From the tree to what can be asked what this QEMU knows; done once for equal answers. */
  @Benchmark
  public QmpSchema index() {
    return new QmpSchema(decoded);
  }
}
