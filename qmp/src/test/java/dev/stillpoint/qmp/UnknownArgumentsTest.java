package dev.stillpoint.qmp;

import static dev.stillpoint.qmp.testing.Failures.failure;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.stillpoint.qmp.command.QmpSchema;
import dev.stillpoint.qmp.error.CommandException;
import dev.stillpoint.qmp.qapi.BlockCommit;
import dev.stillpoint.qmp.qapi.BlockdevAdd;
import dev.stillpoint.qmp.qapi.BlockdevDiscardOptions;
import dev.stillpoint.qmp.qapi.BlockdevOptions;
import dev.stillpoint.qmp.qapi.QueryBlock;
import dev.stillpoint.qmp.testing.FakeQmpServer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The running QEMU decides what is sent, where the options say so. */
@Timeout(value = 20, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class UnknownArgumentsTest {
  private static final BlockdevAdd FILE =
      new BlockdevAdd(BlockdevOptions.File.of("/x").withDiscard(BlockdevDiscardOptions.UNMAP));

  private final FakeQmpServer monitor =
      FakeQmpServer.start()
          .on("query-qmp-schema")
          .returns(SmallSchema.ANSWER)
          .on("blockdev-add")
          .returns("{}")
          .on("query-block")
          .returns("[]");
  private final List<UnknownArguments.LeftOut> reports = new CopyOnWriteArrayList<>();

  @AfterEach
  void closeMonitor() {
    monitor.close();
  }

  private QmpClient client(UnknownArguments rule) {
    return QmpClient.connect(monitor.endpoint(), QmpOptions.defaults().withUnknownArguments(rule))
        .join();
  }

  private static CommandException.Unsupported unsupported(CompletableFuture<?> future) {
    return failure(CommandException.Unsupported.class, future);
  }

  @Test
  void byDefaultNothingIsLookedAtAndNoSchemaIsRead() {
    try (var client = client(new UnknownArguments.Send())) {
      client.execute(FILE).join();
      client.execute(new QueryBlock()).join();
    }
    assertEquals(List.of("qmp_capabilities", "blockdev-add", "query-block"), monitor.commands());
  }

  @Test
  void anUnknownCommandFailsBeforeItIsSent() {
    try (var client = client(new UnknownArguments.Refuse())) {
      var failure = unsupported(client.execute(new QueryBlock()));

      assertEquals("query-block", failure.command());
      assertTrue(failure.paths().isEmpty());
    }
    assertEquals(List.of("qmp_capabilities", "query-qmp-schema"), monitor.commands());
  }

  @Test
  void anUnknownArgumentIsRefused() {
    try (var client = client(new UnknownArguments.Refuse())) {
      assertEquals(List.of("discard"), unsupported(client.execute(FILE)).paths());
    }
    assertEquals(List.of("qmp_capabilities", "query-qmp-schema"), monitor.commands());
  }

  @Test
  void anUnknownArgumentIsLeftOutAndReported() {
    try (var client = client(new UnknownArguments.LeaveOut(reports::add))) {
      client.execute(FILE).join();
    }

    JsonNode arguments = monitor.requests().getLast().path("arguments");
    assertEquals(2, arguments.size(), arguments::toString);
    assertEquals("file", arguments.path("driver").asText());
    assertEquals("/x", arguments.path("filename").asText());
    assertEquals(
        List.of(new UnknownArguments.LeftOut("blockdev-add", List.of("discard"))), reports);
  }

  @Test
  void whatCannotBeLeftOutIsRefusedAllTheSame() {
    try (var client = client(new UnknownArguments.LeaveOut(reports::add))) {
      var raw = new BlockdevAdd(BlockdevOptions.NullCo.of());

      assertEquals(List.of("driver=null-co"), unsupported(client.execute(raw)).paths());
      assertTrue(reports.isEmpty());
    }
  }

  @Test
  void theSchemaIsReadOnceAConnectionAndSharedByAll() {
    QmpSchema first;
    try (var one = client(new UnknownArguments.Send())) {
      first = one.schema().join();

      assertSame(first, one.schema().join());
      assertTrue(first.hasArgument("block-commit", "device"));
    }
    try (var other = client(new UnknownArguments.Send())) {
      assertSame(first, other.schema().join());
    }
    assertEquals(2, monitor.commands().stream().filter("query-qmp-schema"::equals).count());
  }

  @Test
  void withoutASchemaThereIsNoClientThatLooks() {
    monitor.on("query-qmp-schema").fails("GenericError", "not today");

    var connecting =
        QmpClient.connect(
            monitor.endpoint(),
            QmpOptions.defaults().withUnknownArguments(new UnknownArguments.Refuse()));

    assertEquals("query-qmp-schema", failure(CommandException.Refused.class, connecting).command());
  }

  @Test
  void aCommandOfRecordsIsCheckedByItsNamesOnTheWire() {
    try (var client = client(new UnknownArguments.Refuse())) {
      var commit = BlockCommit.of("disk").withJobId("job").withBaseNode("base");

      assertEquals(List.of("job-id", "base-node"), unsupported(client.execute(commit)).paths());
    }
  }
}
