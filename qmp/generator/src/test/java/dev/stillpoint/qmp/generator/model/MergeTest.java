package dev.stillpoint.qmp.generator.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class MergeTest {
  private static final Version OLD = new Version(5, 2);
  private static final Version MIDDLE = new Version(7, 2);
  private static final Version NEW = new Version(10, 0);

  private static Life since(@Nullable Version since) {
    return new Life(since, null, "", List.of());
  }

  private static Member member(String name, String type) {
    return new Member(name, type, false, Life.ALWAYS);
  }

  private static Definition struct(String name, Life life, String base, Member... members) {
    return new Definition.Struct(name, life, base, List.of(members));
  }

  private static Model model(Version version, Definition... definitions) {
    return new Model("qmp", List.of(version), List.of(definitions));
  }

  private static Definition type(Merge.Merged merged, String name) {
    return Objects.requireNonNull(merged.model().type(name));
  }

  @Test
  void tellsWhenADefinitionCameAndWent() {
    var merged =
        Merge.of(
            List.of(
                model(OLD, struct("Gone", since(new Version(1, 3)), "")),
                model(
                    MIDDLE,
                    struct("Gone", since(new Version(1, 3)), ""),
                    struct("Come", Life.ALWAYS, "")),
                model(NEW, struct("Come", Life.ALWAYS, ""))));

    assertEquals(new Life(new Version(1, 3), MIDDLE, "", List.of()), type(merged, "Gone").life());
    assertEquals(new Life(MIDDLE, null, "", List.of()), type(merged, "Come").life());
    assertFalse(type(merged, "Gone").life().in(NEW));
    assertFalse(type(merged, "Come").life().in(OLD));
  }

  @Test
  void believesAVersionOnlyWhereItAgreesWithWhatWasSeen() {
    var said = since(new Version(6, 1));
    var wrong = since(new Version(5, 0));
    var merged =
        Merge.of(
            List.of(
                model(OLD), model(MIDDLE, struct("Said", said, ""), struct("Wrong", wrong, ""))));

    assertEquals(new Version(6, 1), type(merged, "Said").life().since());
    assertEquals(MIDDLE, type(merged, "Wrong").life().since());
  }

  @Test
  void keepsWhatOnlyAnOlderVersionHasAndWhatCameLaterApart() {
    var merged =
        Merge.of(
            List.of(
                model(OLD, struct("S", Life.ALWAYS, "", member("a", "int"), member("old", "int"))),
                model(
                    NEW,
                    struct(
                        "S",
                        Life.ALWAYS,
                        "",
                        member("a", "size"),
                        new Member("new", "str", false, since(new Version(8, 1)))))));

    List<Member> members = type(merged, "S").members();
    assertEquals(List.of("a", "new", "old"), members.stream().map(Member::name).toList());
    assertEquals("size", members.get(0).type());
    assertFalse(members.get(0).mayBeAbsent(OLD));
    assertEquals(new Version(8, 1), members.get(1).life().since());
    assertEquals(OLD, members.get(2).life().until());
    assertTrue(members.get(1).mayBeAbsent(OLD) && members.get(2).mayBeAbsent(OLD));
    assertEquals(List.of("S.a: was int, is size"), merged.remarks());
  }

  @Test
  void demandsWhatCameBeforeAllThatIsModelled() {
    var early = new Life(new Version(4, 0), null, "", List.of());

    assertFalse(new Member("a", "int", false, early).mayBeAbsent(OLD));
    assertTrue(new Member("a", "int", true, early).mayBeAbsent(OLD));
    assertTrue(new Member("a", "int", false, early).mayBeAbsent(new Version(3, 1)));
  }

  @Test
  void takesAMemberForAsOldAsItsOwner() {
    var owner = since(new Version(8, 1));
    var merged =
        Merge.of(
            List.of(
                model(OLD),
                model(
                    NEW,
                    struct(
                        "S",
                        owner,
                        "",
                        member("a", "int"),
                        new Member("b", "int", false, since(new Version(9, 0)))))));

    List<Member> members = type(merged, "S").members();
    assertNull(members.get(0).life().since());
    assertEquals(new Version(9, 0), members.get(1).life().since());
  }

  @Test
  void seesThatAMemberMovedToABase() {
    var merged =
        Merge.of(
            List.of(
                model(OLD, struct("S", Life.ALWAYS, "", member("a", "int"), member("b", "int"))),
                model(
                    NEW,
                    struct("Base", Life.ALWAYS, "", member("a", "int")),
                    struct("S", Life.ALWAYS, "Base"))));

    assertEquals(
        List.of("a", "b"), merged.model().allMembers("S").stream().map(Member::name).toList());
    assertEquals(List.of("b"), type(merged, "S").members().stream().map(Member::name).toList());
  }

  @Test
  void isOptionalWhereAnyVersionSaysSo() {
    var optional = new Member("a", "int", true, Life.ALWAYS);
    var merged =
        Merge.of(
            List.of(
                model(OLD, struct("S", Life.ALWAYS, "", optional)),
                model(NEW, struct("S", Life.ALWAYS, "", member("a", "int")))));

    assertTrue(type(merged, "S").members().getFirst().optional());
  }

  @Test
  void remarksOnWhatWentAndCameBack() {
    var merged =
        Merge.of(
            List.of(
                model(OLD, struct("S", Life.ALWAYS, "")),
                model(MIDDLE),
                model(NEW, struct("S", Life.ALWAYS, ""))));

    assertEquals(List.of("S: is not in 7.2"), merged.remarks());
  }
}
