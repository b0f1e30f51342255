package dev.stillpoint.cli.qmp;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** Whatever can be sent can be written, in each of the ways, and comes out as it was. */
class ArgumentWordsProperties {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  private final ArgumentWords arguments = new ArgumentWords(TestSchema.read());

  @Property
  void argumentsSurviveTheirText(@ForAll("images") ObjectNode image, @ForAll long seed) {
    // given
    var words = new ArrayList<String>();
    write("", image, new Random(seed), words);
    // when
    List<String> read = ShellWords.texts("blockdev-add " + line(words));
    ObjectNode parsed =
        arguments.parse(arguments.command(read.get(0)), read.subList(1, read.size()));
    // then
    assertEquals(StrictJson.read(image.toString()).orElseThrow(), normal(parsed));
  }

  @Property
  void aWholeObjectSurvives(@ForAll("images") ObjectNode image) {
    // when
    List<String> read = ShellWords.texts("blockdev-add " + image);
    ObjectNode parsed =
        arguments.parse(arguments.command(read.get(0)), read.subList(1, read.size()));
    // then
    assertEquals(StrictJson.read(image.toString()).orElseThrow(), normal(parsed));
  }

  @Property
  void anyWordSurvivesItsQuotes(@ForAll List<String> words) {
    // given
    List<String> named = words.stream().map(word -> "k=" + word).toList();
    // then
    assertEquals(named, ShellWords.texts(line(named)));
  }

  /** Members are put in the order of names by reading what is written anew. */
  private static JsonNode normal(ObjectNode parsed) {
    return StrictJson.read(parsed.toString()).orElseThrow();
  }

  private static String line(List<String> words) {
    return String.join(" ", words.stream().map(ArgumentWordsProperties::quoted).toList());
  }

  private static String quoted(String word) {
    return "'" + word.replace("'", "'\\''") + "'";
  }

  /** Each value in one of the ways that it can be written in. */
  private static void write(String path, JsonNode value, Random way, List<String> words) {
    boolean literal = way.nextInt(4) == 0 || value.isNull();
    if (!path.isEmpty() && literal) {
      words.add(path + ":=" + value);
    } else if (value.isObject()) {
      value
          .properties()
          .forEach(member ->
              write(SchemaTypes.below(path, member.getKey()), member.getValue(), way, words));
    } else if (value.isArray() && !value.isEmpty()) {
      for (int i = 0; i < value.size(); i++) {
        write(path + "." + i, value.path(i), way, words);
      }
    } else if (value.isArray()) {
      words.add(path + "=[]");
    } else {
      words.add(path + "=" + (value.isTextual() ? value.textValue() : value));
    }
  }

  @Provide
  Arbitrary<ObjectNode> images() {
    return images(2);
  }

  private static Arbitrary<ObjectNode> images(int depth) {
    Arbitrary<ObjectNode> file =
        Combinators.combine(texts(), Arbitraries.longs().injectNull(0.5))
            .as((name, size) -> {
              ObjectNode image = JSON.objectNode().put("driver", "file").put("filename", name);
              return size == null ? image : image.put("size", size);
            });
    Arbitrary<ObjectNode> none =
        Combinators.combine(Arbitraries.of(true, false), Arbitraries.doubles())
            .as((readOnly, ratio) ->
                JSON.objectNode()
                    .put("driver", "null")
                    .put("read-only", readOnly)
                    .put("ratio", ratio));
    return depth == 0
        ? Arbitraries.oneOf(file, none)
        : Arbitraries.oneOf(file, none, layered(depth));
  }

  private static Arbitrary<ObjectNode> layered(int depth) {
    Arbitrary<JsonNode> name = nodes().map(JSON::textNode);
    Arbitrary<JsonNode> below =
        Arbitraries.oneOf(name, images(depth - 1).map(JsonNode.class::cast));
    return Combinators.combine(
            below, below.injectNull(0.3), texts(), hints(), Arbitraries.longs().list().ofMaxSize(3))
        .as((file, backing, size, hints, numbers) -> {
          ObjectNode image = JSON.objectNode().put("driver", "qcow2");
          image.set("file", file);
          image.set("backing", backing == null ? JSON.nullNode() : backing);
          image.put("size", size);
          hints.forEach(image.withArray("hints")::add);
          numbers.forEach(image.withArray("numbers")::add);
          return image;
        });
  }

  private static Arbitrary<List<ObjectNode>> hints() {
    return Combinators.combine(texts(), Arbitraries.integers())
        .as((hint, level) -> JSON.objectNode().put("hint", hint).put("level", level))
        .list()
        .ofMinSize(1)
        .ofMaxSize(12);
  }

  /** A text for what may be an object too, so that it must not read as one. */
  private static Arbitrary<String> nodes() {
    return texts().filter(text -> !text.strip().startsWith("{"));
  }

  private static Arbitrary<String> texts() {
    return Arbitraries.oneOf(
        Arbitraries.strings().ofMaxLength(8),
        Arbitraries.of("", "1", "true", "null", "[]", "a b", "'", "\\", "\"", "=", "{", "a.b=c"));
  }
}
