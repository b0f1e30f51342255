/** The stillpoint command line. */
module dev.stillpoint.cli {
  requires dev.stillpoint.backends;
  requires info.picocli;
  requires org.slf4j;
  requires static transitive org.jspecify;
}
