/** The stillpoint command line. */
module dev.stillpoint.cli {
  requires com.fasterxml.jackson.databind;
  requires dev.stillpoint.backends;
  requires info.picocli;
  requires org.jline.reader;
  requires org.jline.terminal;
  requires static transitive org.jspecify;

  opens dev.stillpoint.cli to
      info.picocli;
}
