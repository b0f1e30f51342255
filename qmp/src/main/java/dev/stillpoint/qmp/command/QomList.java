package dev.stillpoint.qmp.command;

import com.fasterxml.jackson.core.type.TypeReference;
import java.lang.reflect.Type;
import java.util.List;

/** {@code qom-list}: the properties of an object, its children among them. */
public record QomList(String path) implements QmpCommand<List<QomProperty>> {
  @Override
  public String command() {
    return "qom-list";
  }

  @Override
  public Type resultType() {
    return new TypeReference<List<QomProperty>>() {}.getType();
  }
}
