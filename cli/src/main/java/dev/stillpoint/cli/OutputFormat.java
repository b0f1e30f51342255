package dev.stillpoint.cli;

/** How a command tells its result on standard output. */
enum OutputFormat {
  TEXT,
  JSON
}
