package dev.stillpoint.backends;

import dev.stillpoint.backends.guard.OperationGuard;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.SnapshotResult;
import java.util.Optional;

/** Ends an operation's guard, and says in its result who goes on with what is owed still. */
final class GuardWord {
  private GuardWord() {}

  static SnapshotResult in(SnapshotResult result, Optional<OperationGuard> guard) {
    guard.ifPresent(OperationGuard::end);
    Optional<String> pursuer = guard.flatMap(OperationGuard::pursuer);
    return pursuer.isEmpty() ? result : result.withError(failure -> in(failure, pursuer.get()));
  }

  static Failure in(Failure failure, String pursuer) {
    return new Failure(failure.code(), failure.message() + "; " + pursuer, failure.disk());
  }
}
