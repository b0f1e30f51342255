package dev.stillpoint.backends.process;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Optional;
import org.junit.jupiter.api.Test;

class ProcessIdentityTest {
  @Test
  void thisProcessIsAliveAndTheSameEveryTime() {
    ProcessIdentity us = ProcessIdentity.current();

    assertTrue(us.isAlive());
    assertEquals(Optional.of(us), ProcessIdentity.of(us.pid()));
    assertFalse(us.bootId().isEmpty());
  }

  @Test
  void aProcessThatHasEndedIsGoneAlsoWhileItIsAZombie() throws Exception {
    // given: a child that the shell, which sleeps on, never waits for
    Process shell =
        new ProcessBuilder("sh", "-c", "sh -c 'exit 0' & echo $!; exec sleep 60").start();
    try {
      long child = Long.parseLong(shell.inputReader().readLine());
      // then
      org.awaitility.Awaitility.await().until(() -> ProcessIdentity.of(child).isEmpty());
      assertTrue(ProcessIdentity.of(shell.pid()).orElseThrow().isAlive());
    } finally {
      shell.destroyForcibly().waitFor();
    }
  }

  @Test
  void whoeverHasTheNumberInAnotherLifeOrBootIsSomebodyElse() {
    ProcessIdentity us = ProcessIdentity.current();

    assertFalse(new ProcessIdentity(us.pid(), us.startTicks() - 1, us.bootId()).isAlive());
    assertFalse(new ProcessIdentity(us.pid(), us.startTicks(), "another boot").isAlive());
  }
}
