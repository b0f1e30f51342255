package dev.stillpoint.core.disk.xml;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.SnapshotException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalInt;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** XML that is broken, or made to do harm. */
class UnsafeXmlTest {
  private static final String DISK = "<disk><source file='/a'/></disk>";

  @TempDir private Path directory;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "<!DOCTYPE disk>",
        "<!DOCTYPE disk SYSTEM 'http://127.0.0.1:9/disk.dtd'>",
        "<!DOCTYPE disk [<!ATTLIST disk device CDATA 'cdrom'>]>",
        "<?xml version='1.0'?><?a <b?><!-- <disk> --><!DOCTYPE disk [<!ENTITY a 'b'>]>",
      })
  void aDocumentTypeIsRefusedByName(String doctype) {
    // when
    var refused = assertThrows(DiskXmlException.class, () -> DiskXml.parse(doctype + DISK));
    // then
    assertEquals(
        "line 1: a document type declaration (<!DOCTYPE>) is not accepted", refused.getMessage());
  }

  @Test
  void theParserItselfRefusesThemToo() {
    // given: a place where the check before it does not look
    String xml = DISK + "<!DOCTYPE disk>";
    // then
    assertThrows(DiskXmlException.class, () -> DiskXml.parse(xml));
  }

  @Test
  void aBillionLaughsAreNotLaughed() {
    // given
    var xml = new StringBuilder("<!DOCTYPE disk [<!ENTITY a0 'ha'>");
    for (int i = 1; i < 30; i++) {
      xml.append("<!ENTITY a%d '&a%d;&a%d;'>".formatted(i, i - 1, i - 1));
    }
    xml.append("]><disk><source file='/a'/><serial>&a29;</serial></disk>");
    // when
    var refused = assertThrows(DiskXmlException.class, () -> DiskXml.parse(xml.toString()));
    // then: for the declaration itself, before a limit of the parser's is reached
    assertTrue(String.valueOf(refused.getMessage()).contains("document type declaration"));
  }

  @Test
  void noFileIsReadForAnEntityOrAnInclusion() throws IOException {
    // given
    Path secret = Files.writeString(directory.resolve("secret"), "open sesame");
    String entity =
        "<!DOCTYPE disk [<!ENTITY s SYSTEM '%s'>]><disk><source file='/a'/><serial>&s;</serial></disk>"
            .formatted(secret.toUri());
    String inclusion =
        ("<disk><source file='/a'/><serial><xi:include xmlns:xi='http://www.w3.org/2001/XInclude'"
                + " parse='text' href='%s'/></serial></disk>")
            .formatted(secret.toUri());
    // when
    var refused = assertThrows(DiskXmlException.class, () -> DiskXml.parse(entity));
    DiskXml included = DiskXml.parse(inclusion);
    // then
    assertFalse(String.valueOf(refused.getMessage()).contains("sesame"));
    assertEquals("", included.description().serial().orElseThrow());
  }

  @Test
  void aDocumentOfTheGreatestLengthIsReadAndNoLonger() {
    // given
    String longest = DISK + " ".repeat(DiskXml.MAX_LENGTH - DISK.length());
    String twice = DISK + " ".repeat(2 * DiskXml.MAX_LENGTH);
    // then
    assertEquals(longest, DiskXml.parse(longest).text());
    assertThrows(DiskXmlException.class, () -> DiskXml.parse(longest + " "));
    assertThrows(DiskXmlException.class, () -> DiskXml.parse(twice));
    assertThrows(DiskXmlException.class, () -> MethodXml.parse(twice));
  }

  @Test
  void elementsMayLieSoDeepAndNoDeeper() {
    // given: the disk itself is the first level
    int below = DiskXml.MAX_DEPTH - 1;
    // then
    assertEquals(nested(below), DiskXml.parse(nested(below)).text());
    assertThrows(DiskXmlException.class, () -> DiskXml.parse(nested(below + 1)));
    assertThrows(DiskXmlException.class, () -> DiskXml.parse(nested(100_000)));
  }

  private static String nested(int levels) {
    return "<disk><source file='/a'/>" + "<a>".repeat(levels) + "</a>".repeat(levels) + "</disk>";
  }

  @Test
  void thereMayBeSoManyElementsAndNoMore() {
    // given
    String most = "<disk><source file='/a'/>" + "<a/>".repeat(DiskXml.MAX_ELEMENTS - 2) + "</disk>";
    String more = "<disk><source file='/a'/>" + "<a/>".repeat(DiskXml.MAX_ELEMENTS - 1) + "</disk>";
    // then
    assertEquals(most, DiskXml.parse(most).text());
    assertThrows(DiskXmlException.class, () -> DiskXml.parse(more));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " \n ",
        "disk",
        "<disk>\n<source file='/a'/>",
        "<disk>\n<source file='/a'></disk>",
        "<disk>\n<source file=/a/></disk>",
        "<disk>\n<source file='/a' file='/b'/></disk>",
        "<disk>\n<source file='<'/></disk>",
        "<disk>\n<serial>&nbsp;</serial></disk>",
        "<disk>\n<serial>&#0;</serial></disk>",
        "<disk>\n<x:a/></disk>",
        "<disk>\n<!-- never closed </disk>",
        "<disk/>\n<disk/>",
        "<?xml version='1.1'?>\n<disk device='cdrom'/>",
        "\uFEFF<disk device='cdrom'/>",
      })
  void whatIsNotWellFormedIsRefusedWithItsLine(String xml) {
    // when
    var refused = assertThrows(DiskXmlException.class, () -> DiskXml.parse(xml));
    // then
    assertTrue(refused.line().isPresent(), refused.getMessage());
  }

  @Test
  void theLineIsTheOneWhereItBreaks() {
    // given
    String xml = "<disk>\n  <source file='/a'/>\n  <target dev=vda/>\n</disk>";
    // when
    var refused = assertThrows(DiskXmlException.class, () -> DiskXml.parse(xml));
    // then
    assertEquals(OptionalInt.of(3), refused.line());
  }

  @Test
  void inASnapshotItIsABadRequest() {
    // given
    var refused = assertThrows(DiskXmlException.class, () -> DiskXml.parse("<domain/>"));
    // when
    Failure failure =
        SnapshotException.failureOf(new CompletionException(refused), ErrorCode.INTERNAL);
    // then
    assertEquals(ErrorCode.BAD_REQUEST, failure.code());
    assertEquals(refused.getMessage(), failure.message());
  }
}
