package dev.stillpoint.qmp.command;

import com.fasterxml.jackson.core.type.TypeReference;
import java.lang.reflect.Type;
import java.util.List;

/** {@code query-pci}: the PCI buses and what sits on them, by the addresses that the guest sees. */
public record QueryPci() implements QmpCommand<List<PciBus>> {
  @Override
  public String command() {
    return "query-pci";
  }

  @Override
  public Type resultType() {
    return new TypeReference<List<PciBus>>() {}.getType();
  }
}
