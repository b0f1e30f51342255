package dev.stillpoint.qmp.endpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class EndpointProperties {

  @Property
  void toStringIsTheTextThatParseReadsBack(@ForAll("endpoints") Endpoint endpoint) {
    assertEquals(endpoint, Endpoint.parse(endpoint.toString()));
  }

  @Property
  void parseAnswersEveryTextWithAnEndpointOrAnIllegalArgument(@ForAll String text) {
    try {
      Endpoint endpoint = Endpoint.parse(text);
      assertEquals(endpoint, Endpoint.parse(endpoint.toString()));
    } catch (IllegalArgumentException refused) {
      // the only other way out
    }
  }

  @Provide
  Arbitrary<Endpoint> endpoints() {
    Arbitrary<Endpoint> unix =
        Arbitraries.strings()
            .ofMinLength(1)
            .excludeChars('\0')
            .ascii()
            .map(text -> Endpoint.unix(Path.of(text)));
    Arbitrary<String> hosts =
        Arbitraries.oneOf(
            Arbitraries.strings().withCharRange('a', 'z').withChars(".-0123456789").ofMinLength(1),
            Arbitraries.strings()
                .withCharRange('0', '9')
                .withCharRange('a', 'f')
                .ofMaxLength(4)
                .map(group -> "fe80::" + group));
    Arbitrary<Endpoint> tcp =
        Combinators.combine(hosts, Arbitraries.integers().between(1, 65_535)).as(Endpoint::tcp);
    Arbitrary<Optional<Path>> files =
        Arbitraries.strings().ascii().excludeChars('\0').ofMinLength(1).map(Path::of).optional();
    Arbitrary<Endpoint> tls =
        Combinators.combine(hosts, Arbitraries.integers().between(1, 65_535), files, files, files)
            .as((host, port, ca, certificate, key) ->
                new Endpoint.Tls(
                    host, port, ca, certificate, certificate.isPresent() ? key : Optional.empty()));
    Arbitrary<Endpoint> exec =
        Combinators.combine(
                Arbitraries.strings().excludeChars('\0').ofMinLength(1),
                Arbitraries.strings().excludeChars('\0').list().ofMaxSize(4))
            .as((program, arguments) ->
                new Endpoint.Exec(Stream.concat(Stream.of(program), arguments.stream()).toList()));
    return Arbitraries.oneOf(unix, tcp, tls, exec);
  }
}
