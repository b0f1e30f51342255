package dev.stillpoint.it;

import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.qapi.ChardevInfo;
import dev.stillpoint.qmp.qapi.QueryChardev;

/** The port that QEMU has chosen for a socket that was to listen at any. */
final class ListeningPort {
  private ListeningPort() {}

  static int of(QmpClient monitor, String chardev) {
    String name =
        monitor.execute(new QueryChardev()).join().stream()
            .filter(one -> one.label().equals(chardev))
            .map(ChardevInfo::filename)
            .findFirst()
            .orElseThrow();
    return Integer.parseInt(name.replaceFirst("^disconnected:[a-z]+:[0-9.]+:(\\d+).*", "$1"));
  }
}
