package dev.stillpoint.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.endpoint.Endpoint;
import dev.stillpoint.qmp.generator.Models;
import dev.stillpoint.qmp.generator.agreement.Agreement;
import dev.stillpoint.qmp.generator.agreement.Report;
import dev.stillpoint.qmp.generator.model.Version;
import dev.stillpoint.testkit.guest.QemuProcess;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the generated types were written from says what the QEMU of this host says of itself. */
@Timeout(60)
class SchemaAgreementTest {
  @Test
  void everyCommandAndEventAgreesWithTheRunningQemu() {
    try (QemuProcess qemu = QemuProcess.machineNone("-S");
        QmpClient client = QmpClient.connect(Endpoint.unix(qemu.qmp())).join()) {
      JsonNode answer =
          client.execute("query-qmp-schema", JsonNodeFactory.instance.objectNode()).join();
      Version version = Version.of(client.greeting().version().toString());

      Report report = Agreement.check(Models.load("qmp"), version, answer);

      System.out.print("QEMU " + version + ": " + report.text());
      assertEquals(List.of(), report.disagreements());
      assertTrue(report.commands() > 180 && report.events() > 45, report::text);
      // Only what other targets and other builds have may be absent.
      report
          .leftOut()
          .forEach((what, condition) ->
              assertTrue(condition.matches(".*(CONFIG|TARGET|HAVE)_.*"), what + condition));
    }
  }
}
