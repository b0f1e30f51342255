package dev.stillpoint.cli.qmp;

import java.util.List;
import java.util.stream.Stream;
import org.jline.reader.CompletingParsedLine;
import org.jline.reader.EOFError;
import org.jline.reader.ParsedLine;
import org.jline.reader.Parser;

/** Tells JLine what the words of a line are, and when one needs another line to end. */
final class ShellParser implements Parser {
  @Override
  public ParsedLine parse(String line, int cursor, ParseContext context) {
    if (context == ParseContext.ACCEPT_LINE && ShellWords.isOpen(ShellWords.split(line))) {
      throw new EOFError(-1, cursor, "a quote or a bracket is open", "end");
    }
    String before = line.substring(0, cursor);
    List<ShellWords.Word> words = ShellWords.split(before);
    boolean between =
        words.isEmpty()
            || (!ShellWords.isOpen(words)
                && Character.isWhitespace(before.charAt(before.length() - 1)));
    int start = between ? cursor : words.get(words.size() - 1).start();
    List<String> texts =
        Stream.concat(
                words.stream().map(ShellWords.Word::text), between ? Stream.of("") : Stream.of())
            .toList();
    return new Line(line, cursor, texts, cursor - start);
  }

  /** The words up to the cursor, of which the last is being written. */
  private record Line(String line, int cursor, List<String> words, int rawWordLength)
      implements CompletingParsedLine {
    @Override
    public String word() {
      return words.get(words.size() - 1);
    }

    @Override
    public int wordCursor() {
      return word().length();
    }

    @Override
    public int wordIndex() {
      return words.size() - 1;
    }

    /** No name and no word of a schema needs quotes. */
    @Override
    public CharSequence escape(CharSequence candidate, boolean complete) {
      return candidate;
    }

    @Override
    public int rawWordCursor() {
      return rawWordLength;
    }
  }
}
