package dev.stillpoint.cli;

import dev.stillpoint.core.snapshot.SnapshotName;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** A snapshot's name, or the reason why it is none. */
final class NameText implements ITypeConverter<SnapshotName> {
  @Override
  public SnapshotName convert(String value) {
    try {
      return new SnapshotName(value);
    } catch (IllegalArgumentException e) {
      throw new TypeConversionException(e.getMessage());
    }
  }
}
