package dev.stillpoint.core.testing;

import java.io.IOException;

/** The contract over the smallest method that keeps it. */
class DirectoryMethodContractTest extends DirectoryContract {
  DirectoryMethodContractTest() throws IOException {
    super(Flaw.NONE);
  }
}
