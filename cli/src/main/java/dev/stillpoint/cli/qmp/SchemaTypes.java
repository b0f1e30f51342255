package dev.stillpoint.cli.qmp;

import dev.stillpoint.qmp.command.QmpSchema;
import dev.stillpoint.qmp.schema.SchemaType;
import dev.stillpoint.qmp.schema.SchemaType.Member;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** Walks along the types of a schema. */
final class SchemaTypes {
  /** Tells the word of a tag, from the path of the object that has it and the tag's name. */
  interface Kinds extends Function<String, Optional<String>> {
    /** No kind is known. */
    static Kinds any() {
      return path -> Optional.empty();
    }
  }

  private final QmpSchema schema;

  SchemaTypes(QmpSchema schema) {
    this.schema = schema;
  }

  SchemaType of(String key) {
    return schema.typeOf(key);
  }

  /** A type, or all that it can be where it is one of several. */
  List<SchemaType> forms(String key) {
    SchemaType type = of(key);
    return type instanceof SchemaType.Choice choice
        ? choice.forms().stream().flatMap(form -> forms(form).stream()).toList()
        : List.of(type);
  }

  /** The members of an object of a kind; those of every kind where none is known. */
  List<Member> members(SchemaType.Members object, String path, Kinds kinds) {
    var all = new ArrayList<>(object.members());
    Optional<String> kind = object.tag().flatMap(tag -> kinds.apply(below(path, tag)));
    List<String> further =
        kind.isPresent()
            ? Optional.ofNullable(object.kinds().get(kind.get())).stream().toList()
            : object.kinds().values().stream().sorted().toList();
    for (String type : further) {
      if (of(type) instanceof SchemaType.Members more) {
        members(more, path, kinds).stream()
            .filter(member -> !all.contains(member))
            .forEach(all::add);
      }
    }
    return all;
  }

  /** What stands at a path below a type; the pieces of lists are numbers. */
  List<SchemaType> at(String key, List<String> pieces, Kinds kinds) {
    List<SchemaType> types = forms(key);
    String path = "";
    for (String piece : pieces) {
      List<SchemaType> next = new ArrayList<>();
      for (SchemaType type : types) {
        if (type instanceof SchemaType.Members object) {
          members(object, path, kinds).stream()
              .filter(member -> member.name().equals(piece))
              .forEach(member -> next.addAll(forms(member.type())));
        } else if (type instanceof SchemaType.Listing list && isIndex(piece)) {
          next.addAll(forms(list.element()));
        }
      }
      types = next;
      path = below(path, piece);
    }
    return types;
  }

  static String below(String path, String name) {
    return path.isEmpty() ? name : path + "." + name;
  }

  static boolean isIndex(String piece) {
    return !piece.isEmpty() && piece.length() <= 6 && piece.chars().allMatch(Character::isDigit);
  }
}
