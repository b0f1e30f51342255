package dev.stillpoint.qmp.generator.model;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Joins the models of single versions, from old to new, into one. The newest form of a definition
 * is kept; what only older versions have is added to it, with the last version that has it.
 */
public final class Merge {
  private final List<Model> models;
  private final List<String> remarks = new ArrayList<>();

  private Merge(List<Model> models) {
    this.models = List.copyOf(models);
  }

  /** The joined model, and what could not be said in it, one line each. */
  public record Merged(Model model, List<String> remarks) {
    /** Copies the list. */
    public Merged {
      remarks = List.copyOf(remarks);
    }
  }

  /** Joins models of one version each. */
  public static Merged of(List<Model> models) {
    return new Merge(models).merged();
  }

  private Merged merged() {
    Renames.apply(models);
    var keys = new LinkedHashSet<String>();
    models.reversed().forEach(model -> keys.addAll(model.byKey().keySet()));
    var found = new ArrayList<Definition>();
    for (String key : keys) {
      List<@Nullable Definition> through =
          models.stream().<@Nullable Definition>map(model -> model.byKey().get(key)).toList();
      found.add(join(key, through));
    }
    var joined = new Model(models.getLast().protocol(), versions(), found);
    return new Merged(
        new Model(
            joined.protocol(),
            joined.versions(),
            found.stream().map(one -> onlyOwn(joined, one)).toList()),
        remarks);
  }

  /** What only older versions have may have come back with a base as well: once is enough. */
  private static Definition onlyOwn(Model model, Definition one) {
    return switch (one) {
      case Definition.Command command ->
          new Definition.Command(
              command.name(),
              command.life(),
              command.data(),
              without(model, command.data(), command.members()),
              command.returns(),
              command.flags());
      case Definition.Struct struct ->
          new Definition.Struct(
              struct.name(),
              struct.life(),
              struct.base(),
              without(model, struct.base(), struct.members()));
      case Definition.Union union ->
          new Definition.Union(
              union.name(),
              union.life(),
              union.base(),
              without(model, union.base(), union.common()),
              union.discriminator(),
              union.members());
      default -> one;
    };
  }

  private static List<Member> without(Model model, String base, List<Member> own) {
    return own.stream()
        .filter(member ->
            model.allMembers(base).stream()
                .noneMatch(one ->
                    one.name().equals(member.name())
                        && (!one.life().isWhole() || member.life().isWhole())))
        .toList();
  }

  private List<Version> versions() {
    return models.stream().map(model -> model.versions().getLast()).toList();
  }

  private Definition join(String key, List<@Nullable Definition> through) {
    List<@Nullable Life> lives = new ArrayList<>();
    through.forEach(one -> lives.add(one == null ? null : one.life()));
    Life life = life(key, lives);
    Definition newest =
        through.stream().filter(Objects::nonNull).reduce((older, newer) -> newer).orElseThrow();
    return switch (newest) {
      case Definition.Command command ->
          new Definition.Command(
              command.name(),
              life,
              command.data(),
              own(key, life, through, command.members()),
              command.returns(),
              command.flags());
      case Definition.Event event ->
          new Definition.Event(
              event.name(), life, event.data(), own(key, life, through, event.members()));
      case Definition.Struct struct ->
          new Definition.Struct(
              struct.name(), life, struct.base(), own(key, life, through, struct.members()));
      case Definition.Enumeration words ->
          new Definition.Enumeration(words.name(), life, own(key, life, through, words.members()));
      case Definition.Alternate alternate ->
          new Definition.Alternate(
              alternate.name(), life, own(key, life, through, alternate.members()));
      case Definition.Union union ->
          new Definition.Union(
              union.name(),
              life,
              union.base(),
              own(key, life, through, union.common()),
              union.discriminator(),
              members(key, life, through, union.members(), Merge::branches));
    };
  }

  /** What a version says of the members, those of bases and argument types included. */
  private List<Member> own(
      String key, Life owner, List<@Nullable Definition> through, List<Member> newest) {
    return members(key, owner, through, newest, this::flat);
  }

  private interface View {
    List<Member> of(Model model, Definition definition);
  }

  private List<Member> flat(Model model, Definition definition) {
    return switch (definition) {
      case Definition.Command command ->
          command.data().isEmpty() ? command.members() : model.allMembers(command.data());
      case Definition.Event event ->
          event.data().isEmpty() ? event.members() : model.allMembers(event.data());
      case Definition.Struct struct -> model.allMembers(struct.name());
      case Definition.Union union -> model.allMembers(union.name());
      default -> definition.members();
    };
  }

  private static List<Member> branches(Model model, Definition definition) {
    return definition instanceof Definition.Union union ? union.members() : List.of();
  }

  private List<Member> members(
      String key, Life owner, List<@Nullable Definition> through, List<Member> newest, View view) {
    List<Map<String, Member>> seen = new ArrayList<>();
    List<Model> having = new ArrayList<>();
    for (int i = 0; i < models.size(); i++) {
      Definition one = through.get(i);
      if (one != null) {
        var named = new LinkedHashMap<String, Member>();
        view.of(models.get(i), one).forEach(member -> named.put(member.name(), member));
        seen.add(named);
        having.add(models.get(i));
      }
    }
    var joined = new ArrayList<Member>();
    for (Member member : newest) {
      joined.add(joined(key, owner, member, seen, having));
    }
    for (Member member : seen.getLast().values()) {
      // One that comes with a base may have come to this owner later than to the base.
      if (joined.stream().noneMatch(one -> one.name().equals(member.name()))) {
        Member here = joined(key, owner, member, seen, having);
        if (!here.life().isWhole()) {
          joined.add(here);
        }
      }
    }
    for (Map<String, Member> older : seen.reversed()) {
      for (Member member : older.values()) {
        boolean known =
            seen.getLast().containsKey(member.name())
                || joined.stream().anyMatch(one -> one.name().equals(member.name()));
        if (!known) {
          joined.add(joined(key, owner, member, seen, having));
        }
      }
    }
    return joined;
  }

  private Member joined(
      String key, Life owner, Member newest, List<Map<String, Member>> seen, List<Model> having) {
    List<@Nullable Life> lives = new ArrayList<>();
    boolean optional = newest.optional();
    for (Map<String, Member> version : seen) {
      Member one = version.get(newest.name());
      lives.add(one == null ? null : one.life());
      optional |= one != null && one.optional();
      if (one != null && !one.type().equals(newest.type())) {
        remarks.add(key + "." + newest.name() + ": was " + one.type() + ", is " + newest.type());
      }
    }
    Life life = life(key + "." + newest.name(), lives, having);
    boolean asOldAsOwner =
        lives.getFirst() != null
            && (life.since() == null
                || owner.since() == null
                || life.since().compareTo(owner.since()) <= 0
                || life.since().equals(having.getFirst().versions().getLast()));
    Life of = asOldAsOwner ? new Life(null, life.until(), life.condition(), life.features()) : life;
    return new Member(newest.name(), newest.type(), optional, of);
  }

  private Life life(String what, List<@Nullable Life> lives) {
    return life(what, lives, models);
  }

  private Life life(String what, List<@Nullable Life> lives, List<Model> having) {
    int first = -1;
    int last = -1;
    Version said = null;
    for (int i = 0; i < lives.size(); i++) {
      Life one = lives.get(i);
      if (one != null) {
        first = first < 0 ? i : first;
        if (last >= 0 && last != i - 1) {
          remarks.add(what + ": is not in " + having.get(i - 1).versions().getLast());
        }
        last = i;
        said = one.since() == null ? said : one.since();
      }
    }
    Version seen = having.get(first).versions().getLast();
    // What a comment says counts while it agrees with where the thing was found.
    Version before = first == 0 ? null : having.get(first - 1).versions().getLast();
    boolean agrees =
        said != null && said.compareTo(seen) <= 0 && (before == null || said.compareTo(before) > 0);
    Version otherwise = seen.equals(models.getFirst().versions().getLast()) ? null : seen;
    Life newest = Objects.requireNonNull(lives.get(last));
    return new Life(
        agrees ? said : before == null && having.size() == models.size() ? null : otherwise,
        last == lives.size() - 1 ? null : having.get(last).versions().getLast(),
        newest.condition(),
        newest.features());
  }
}
