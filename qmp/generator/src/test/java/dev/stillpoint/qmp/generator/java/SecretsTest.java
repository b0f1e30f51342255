package dev.stillpoint.qmp.generator.java;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.qmp.generator.Models;
import dev.stillpoint.qmp.generator.model.Definition;
import dev.stillpoint.qmp.generator.model.Member;
import dev.stillpoint.qmp.generator.model.Model;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a record leaves out of its text is left out by those, too, who see no types. */
class SecretsTest {
  @ParameterizedTest
  @ValueSource(strings = {"qmp", "qga"})
  void theSecretOfATypeIsOneOfEachCommandThatTakesOrReturnsIt(String protocol) {
    // given
    Model model = Models.load(protocol);
    var missed = new TreeSet<String>();
    int secrets = 0;
    // when
    for (Definition.Command command : model.commands().toList()) {
      Set<String> types = new HashSet<>();
      reach(model, command.data(), types);
      reach(model, command.returns(), types);
      command.members().forEach(member -> reach(model, member.type(), types));
      for (String type : types) {
        for (Member member : model.allMembers(type)) {
          if (Secrets.isSecret(type, member.name())) {
            secrets++;
            if (!Secrets.isSecret(command.name(), member.name())) {
              missed.add(command.name() + "." + member.name());
            }
          }
        }
      }
    }
    // then
    assertEquals(Set.of(), missed);
    assertTrue(secrets > 0, "no secret was found at all");
  }

  private static void reach(Model model, String name, Set<String> types) {
    String type = name.replace("[", "").replace("]", "");
    Definition definition = model.type(type);
    if (definition == null || !types.add(type)) {
      return;
    }
    List<Member> members = new ArrayList<>(definition.members());
    members.addAll(model.allMembers(type));
    members.forEach(member -> reach(model, member.type(), types));
  }
}
