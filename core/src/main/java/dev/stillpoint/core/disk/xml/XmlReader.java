package dev.stillpoint.core.disk.xml;

import java.io.IOException;
import java.io.StringReader;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import javax.xml.XMLConstants;
import javax.xml.parsers.ParserConfigurationException;
import javax.xml.parsers.SAXParser;
import javax.xml.parsers.SAXParserFactory;
import org.jspecify.annotations.Nullable;
import org.xml.sax.Attributes;
import org.xml.sax.InputSource;
import org.xml.sax.Locator;
import org.xml.sax.SAXException;
import org.xml.sax.SAXParseException;
import org.xml.sax.ext.DefaultHandler2;
import org.xml.sax.ext.Locator2;

/**
 * Reads a small document with the JDK's own parser, whatever other is on the class path. Nothing
 * but the text is read: document types are refused, entities can then not be declared, XInclude is
 * off, and whatever the parser might still want to open is refused.
 */
final class XmlReader {
  private static final String NO_DOCTYPE = "http://apache.org/xml/features/disallow-doctype-decl";
  private static final String GENERAL_ENTITIES =
      "http://xml.org/sax/features/external-general-entities";
  private static final String PARAMETER_ENTITIES =
      "http://xml.org/sax/features/external-parameter-entities";

  private XmlReader() {}

  /**
   * The document element.
   *
   * @throws DiskXmlException when the text is not well-formed, has a document type, or passes one
   *     of the limits of {@link DiskXml}
   */
  static XmlElement read(String text) {
    if (text.length() > DiskXml.MAX_LENGTH) {
      throw DiskXmlException.of(
          "the XML has "
              + text.length()
              + " characters, and at most "
              + DiskXml.MAX_LENGTH
              + " are read");
    }
    int doctype = TagScanner.lineOfDoctype(text);
    if (doctype > 0) {
      throw DiskXmlException.at(
          doctype, "a document type declaration (<!DOCTYPE>) is not accepted");
    }
    // Twice: only a text that is well-formed can be scanned, and only then it is known where its
    // elements stand.
    parse(text, new Limits());
    var builder = new Builder(TagScanner.scan(text).iterator());
    parse(text, builder);
    return builder.root();
  }

  private static void parse(String text, Limits handler) {
    try {
      parser().parse(new InputSource(new StringReader(text)), handler);
    } catch (SAXParseException e) {
      throw DiskXmlException.at(
          Math.max(1, e.getLineNumber()), "this is not well-formed XML: " + e.getMessage());
    } catch (SAXException | IOException e) {
      // The JDK's parser has no better word for a document type behind the document, for one.
      throw DiskXmlException.at(handler.line(), "this XML cannot be read: " + e.getMessage());
    }
  }

  private static SAXParser parser() throws SAXException {
    SAXParserFactory factory = SAXParserFactory.newDefaultInstance();
    factory.setNamespaceAware(true);
    factory.setXIncludeAware(false);
    factory.setValidating(false);
    try {
      factory.setFeature(XMLConstants.FEATURE_SECURE_PROCESSING, true);
      factory.setFeature(NO_DOCTYPE, true);
      factory.setFeature(GENERAL_ENTITIES, false);
      factory.setFeature(PARAMETER_ENTITIES, false);
      SAXParser parser = factory.newSAXParser();
      parser.setProperty(XMLConstants.ACCESS_EXTERNAL_DTD, "");
      parser.setProperty(XMLConstants.ACCESS_EXTERNAL_SCHEMA, "");
      return parser;
    } catch (ParserConfigurationException e) {
      throw new IllegalStateException("the JDK's XML parser knows no safe way to parse", e);
    }
  }

  /** Ends the parsing where a document passes a limit. */
  private static class Limits extends DefaultHandler2 {
    private @Nullable Locator locator;
    private int depth;
    private int elements;

    @Override
    public void setDocumentLocator(Locator where) {
      locator = where;
    }

    @Override
    public void startElement(String uri, String local, String qualified, Attributes attributes) {
      if (locator instanceof Locator2 known && "1.1".equals(known.getXMLVersion())) {
        throw DiskXmlException.at(1, "this is XML 1.1, and only XML 1.0 is read");
      }
      elements++;
      if (elements > DiskXml.MAX_ELEMENTS) {
        throw DiskXmlException.at(
            line(), "the XML has more than " + DiskXml.MAX_ELEMENTS + " elements");
      }
      depth++;
      if (depth > DiskXml.MAX_DEPTH) {
        throw DiskXmlException.at(
            line(), "elements lie in each other more than " + DiskXml.MAX_DEPTH + " deep");
      }
    }

    @Override
    public void endElement(String uri, String local, String qualified) {
      depth--;
    }

    @Override
    public InputSource resolveEntity(
        @Nullable String name,
        @Nullable String publicId,
        @Nullable String baseUri,
        @Nullable String systemId) {
      throw DiskXmlException.at(line(), "an external entity is not accepted");
    }

    @Override
    public void fatalError(SAXParseException e) throws SAXException {
      throw e;
    }

    @Override
    public void error(SAXParseException e) throws SAXException {
      throw e;
    }

    int line() {
      return locator == null ? 1 : Math.max(1, locator.getLineNumber());
    }
  }

  /** Brings together what the parser says and where the scanner saw it. */
  private static final class Builder extends Limits {
    private final Iterator<Tag> tags;
    private final Deque<XmlElement> around = new ArrayDeque<>();
    private @Nullable XmlElement root;

    Builder(Iterator<Tag> tags) {
      this.tags = tags;
    }

    XmlElement root() {
      if (root == null || tags.hasNext()) {
        throw new IllegalStateException("parser and scanner see different documents");
      }
      return root;
    }

    @Override
    public void startElement(String uri, String local, String qualified, Attributes attributes) {
      super.startElement(uri, local, qualified, attributes);
      Tag tag = tags.next();
      if (!tag.name().equals(qualified)) {
        throw new IllegalStateException(
            "the parser sees <" + qualified + "> where the scanner sees <" + tag.name() + ">");
      }
      Map<String, String> own = new LinkedHashMap<>();
      for (int i = 0; i < attributes.getLength(); i++) {
        if (attributes.getURI(i).isEmpty()) {
          own.put(attributes.getLocalName(i), attributes.getValue(i));
        }
      }
      var element = new XmlElement(uri, local, own, tag);
      XmlElement parent = around.peek();
      if (parent == null) {
        root = element;
      } else {
        parent.add(element);
      }
      around.push(element);
    }

    @Override
    public void endElement(String uri, String local, String qualified) {
      super.endElement(uri, local, qualified);
      around.pop();
    }

    @Override
    public void characters(char[] characters, int start, int length) {
      XmlElement inside = around.peek();
      if (inside != null) {
        inside.add(characters, start, length);
      }
    }
  }
}
