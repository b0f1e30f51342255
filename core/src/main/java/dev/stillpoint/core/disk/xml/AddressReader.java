package dev.stillpoint.core.disk.xml;

import java.util.Optional;

/** Reads the {@code <address>} of a {@code <disk>}. */
final class AddressReader {
  private AddressReader() {}

  /** The address; empty where only its type is given, and the rest left to libvirt. */
  static Optional<DiskAddress> read(XmlElement address) {
    String type = needed(address, "type");
    return switch (type) {
      case "pci" ->
          address.attribute("slot").isEmpty() && address.attribute("bus").isEmpty()
              ? Optional.empty()
              : Optional.of(
                  new DiskAddress.Pci(
                      number(address, "domain", DiskAddress.Pci.MAX_DOMAIN),
                      number(address, "bus", DiskAddress.Pci.MAX_BUS),
                      number(address, "slot", DiskAddress.Pci.MAX_SLOT),
                      number(address, "function", DiskAddress.Pci.MAX_FUNCTION)));
      case "drive" ->
          Optional.of(
              new DiskAddress.Drive(
                  number(address, "controller", Integer.MAX_VALUE),
                  number(address, "bus", Integer.MAX_VALUE),
                  number(address, "target", Integer.MAX_VALUE),
                  number(address, "unit", Integer.MAX_VALUE)));
      default -> Optional.of(new DiskAddress.Other(type));
    };
  }

  static String needed(XmlElement element, String attribute) {
    return element
        .attribute(attribute)
        .filter(text -> !text.isEmpty())
        .orElseThrow(() ->
            DiskXmlException.at(element, "<" + element.name() + "> has no '" + attribute + "'"));
  }

  /** A number as libvirt writes it, decimal or with {@code 0x}; 0 where it is not given. */
  private static int number(XmlElement address, String attribute, int most) {
    String text = address.attribute(attribute).orElse("0");
    boolean hex = text.startsWith("0x") || text.startsWith("0X");
    try {
      int number =
          hex ? Integer.parseUnsignedInt(text.substring(2), 16) : Integer.parseUnsignedInt(text);
      if (number >= 0 && number <= most) {
        return number;
      }
    } catch (NumberFormatException e) {
      throw DiskXmlException.at(
          address, "the '" + attribute + "' of <address> is no number: " + text);
    }
    throw DiskXmlException.at(
        address, "the '" + attribute + "' of <address> is more than " + most + ": " + text);
  }
}
