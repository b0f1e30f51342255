package dev.stillpoint.it.chaos;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.stillpoint.it.chaos.Ours.Run;
import dev.stillpoint.testkit.Deadline;
import dev.stillpoint.testkit.HostCommand;
import dev.stillpoint.testkit.guest.GuestDisk.FileSystem;
import dev.stillpoint.testkit.oracle.FrozenImage;
import dev.stillpoint.testkit.oracle.WriteOrder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/** What must be true after a round, whatever happened in it. Everything else is told as wrong. */
final class Aftermath {
  /** The guest writes again within this time of the last fault. */
  private static final Duration WRITING = Duration.ofSeconds(10);

  /** How long a look takes on a busy machine. */
  private static final Duration LOOK = Duration.ofSeconds(3);

  /** A write that was on its way before proves nothing; the one after it does. */
  private static final int PROVING_WRITES = 2;

  /** A process may take so long to leave once nothing is owed. */
  private static final Duration LEAVING = Duration.ofSeconds(10);

  /** How long a guard tries where nobody serves the sockets of a machine that it cannot see. */
  private static final Duration UNSERVED = Duration.ofSeconds(60);

  /** {@code qemu-img check} found leaked clusters and nothing worse, as after a kill of QEMU. */
  private static final int LEAKS = 3;

  private static final Set<String> CLAIMED = Set.of("filesystem", "crash");

  private static final int DONE = 0;
  private static final int FAILED = 1;
  static final int MAY_BE_FROZEN = 3;
  private static final int UNKNOWN = 4;

  private final Scene scene;
  private final Strikes strikes;
  private final List<String> wrong;
  private long acknowledged;
  private String told = "";

  Aftermath(Scene scene, Strikes strikes, List<String> wrong) {
    this.scene = scene;
    this.strikes = strikes;
    this.wrong = wrong;
  }

  void wrong(String what) {
    wrong.add(what);
  }

  private void require(boolean condition, String what) {
    if (!condition) {
      wrong.add(what);
    }
  }

  /** What the writer had acknowledged before our process was started. */
  void acknowledged(long number) {
    acknowledged = number;
  }

  private boolean isGone() {
    return !scene.guest.isAlive();
  }

  /** The guest writes, within the limit counted from then. */
  void awaitWriting(long since) {
    if (isGone()) {
      return;
    }
    long before = scene.guest.lastAck().orElse(0);
    // Whoever looks late, because the round took its time, sees at once.
    long end = Math.max(since + WRITING.toNanos(), System.nanoTime() + LOOK.toNanos());
    var deadline = new Deadline(end, WRITING);
    boolean writes =
        deadline.await(() -> scene.guest.lastAck().orElse(0) >= before + PROVING_WRITES);
    require(
        writes || isGone(),
        "the guest does not write %s after the last fault; it is %s"
            .formatted(WRITING, isRunning() && isFrozen() ? "frozen" : "not seen to be frozen"));
  }

  private boolean isFrozen() {
    for (int i = 0; i < scene.guest.images().size(); i++) {
      if (scene.guest.isFrozen("/data" + i)) {
        return true;
      }
    }
    return false;
  }

  private boolean isRunning() {
    return scene.ask("query-status").path("running").asBoolean();
  }

  /** The exit code says no more than is true at this moment. */
  void judgeClaim(Run run) {
    int code = run.code();
    List<Mishap> struck = strikes.struck();
    boolean damaged = strikes.has(Mishap.ReplyDamaged.class);
    boolean gone = strikes.has(Mishap.QemuGone.class);
    boolean filled = strikes.has(Mishap.DiskFilled.class);
    boolean held = struck.stream().anyMatch(Mishap::holdsTheGuest);
    told = run.output() + run.errors();
    require(
        code == DONE || code == FAILED || code == MAY_BE_FROZEN || code == UNKNOWN,
        "exit code " + code);
    require(
        code != MAY_BE_FROZEN || damaged || held || (gone && !scene.round.isDirect()),
        "exit 3 without a reason");
    require(code != UNKNOWN || damaged || gone || filled, "exit 4 without a reason");
    boolean harmless = scene.round.isHarmless();
    require(!harmless || code == DONE, "exit " + code + " after nothing but harmless faults");
    if (!isGone() && code != MAY_BE_FROZEN) {
      boolean running = isRunning();
      require(running || held, "exit " + code + " with a paused machine");
      require(!running || !isFrozen(), "exit " + code + " with a frozen guest");
    }
    if (code == DONE) {
      judgeSuccess(result(run));
    }
  }

  private void judgeSuccess(JsonNode result) {
    require(result.path("outcome").asText().equals("succeeded"), "exit 0, but " + result);
    require(
        !scene.round.require() || result.path("consistency").asText().equals("filesystem"),
        "a required freeze, and the consistency is " + result.path("consistency"));
    if (!isGone()) {
      var modified = new TreeSet<String>();
      result
          .path("disks")
          .forEach(disk -> {
            JsonNode file = disk.at("/modifiedDisk/file");
            if (file.isTextual()) {
              modified.add(file.asText());
            }
          });
      require(
          modified.equals(new TreeSet<>(overlaysOf(activeImages())))
              && modified.size() == overlaysOfACut(),
          "the result names %s, and the machine writes to %s".formatted(modified, activeImages()));
    }
    scene.storages.ifPresent(storages ->
        require(
            storages.isWhole(),
            "the result names snapshots of storages, and there are " + storages.left()));
  }

  /** Those that the machine did not have before. */
  private List<String> overlaysOf(List<String> active) {
    List<String> before = scene.guest.images().stream().map(Path::toString).toList();
    return active.stream().filter(image -> !before.contains(image)).toList();
  }

  /** Storages make none. */
  private int overlaysOfACut() {
    return scene.storages.isPresent() ? 1 : scene.guest.images().size();
  }

  /** QEMU's disk is cut and a storage's is not: nothing is removed then, and all is listed. */
  private boolean isHalf() {
    return scene.storages.filter(storages -> !storages.isWhole()).isPresent()
        && !isGone()
        && !overlaysOf(activeImages()).isEmpty();
  }

  private static JsonNode result(Run run) {
    try {
      return new ObjectMapper().readTree(run.output());
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("no JSON: " + run.output(), e);
    }
  }

  /** Who says that all is well leaves nothing to recover. */
  void judgeJournal(int code) {
    boolean excused = isGone() || strikes.has(Mishap.ReplyDamaged.class);
    boolean claimed = code == DONE || (code == FAILED && !excused);
    require(
        !claimed || scene.journal().operations().isEmpty(),
        "exit %d, and the journal is not empty".formatted(code));
  }

  /** A recovery of a machine that lives leaves nothing. */
  void judgeRecovery(Run recovery) {
    told += recovery.output() + recovery.errors();
    if (isGone()) {
      boolean unseen = !scene.round.isDirect() && recovery.code() == MAY_BE_FROZEN;
      require(
          recovery.code() == DONE || recovery.code() == FAILED || unseen,
          "recover ended with " + recovery.code());
    } else {
      boolean half = isHalf();
      require(recovery.code() == (half ? FAILED : DONE), "recover ended with " + recovery.code());
      require(
          half != scene.journal().operations().isEmpty(),
          "recovered, and the journal is " + (half ? "empty" : "not empty"));
    }
  }

  /** No process, lock, socket, file, node or job that is not in the result or in the journal. */
  void judgeWhatIsLeft() {
    // Behind a proxy a guard cannot see that the machine is gone, and tries on for its bound.
    boolean unseen = isGone() && !scene.round.directAgent();
    List<String> stragglers = scene.ours.stragglers(unseen ? UNSERVED.plus(LEAVING) : LEAVING);
    require(stragglers.isEmpty(), "still running: " + stragglers);
    require(!scene.isLocked(), "the machine is still locked");
    // A guard that is killed as it starts, with its owner, leaves an empty directory to nobody.
    require(
        scene.guardSockets().isEmpty() || strikes.has(Mishap.BothKilled.class),
        "left: " + scene.guardSockets());
    List<Path> overlays = scene.overlays();
    if (isGone()) {
      for (Path overlay : overlays) {
        require(told.contains(overlay.toString()), "left, and nobody names it: " + overlay);
      }
      requireNamedSnapshots();
      return;
    }
    List<String> active = activeImages();
    List<String> made = overlays.stream().map(Path::toString).toList();
    List<String> fresh = overlaysOf(active);
    require(
        new TreeSet<>(made).equals(new TreeSet<>(fresh))
            && (fresh.isEmpty() || fresh.size() == overlaysOfACut()),
        "the machine writes to %s, and there are %s".formatted(active, made));
    if (isHalf()) {
      requireNamedSnapshots();
    } else {
      scene.storages.ifPresent(storages ->
          require(
              fresh.isEmpty() ? storages.left().isEmpty() : storages.isWhole(),
              "the machine writes to %s, and on the storages there are %s"
                  .formatted(active, storages.left())));
    }
    for (JsonNode node : scene.ask("query-named-block-nodes")) {
      boolean ours = node.path("node-name").asText().startsWith("sp-");
      require(
          !ours || active.contains(node.path("file").asText()),
          "left: the node %s of %s".formatted(node.path("node-name"), node.path("file")));
    }
    require(scene.ask("query-jobs").isEmpty(), "left: " + scene.ask("query-jobs"));
  }

  private void requireNamedSnapshots() {
    scene.storages.stream()
        .flatMap(storages -> storages.namesOfLeft().stream())
        .forEach(name -> require(told.contains(name), "left, and nobody names it: " + name));
  }

  /** The images that the disks write to, in the disks' order. */
  private List<String> activeImages() {
    var images = new ArrayList<String>();
    scene
        .ask("query-block")
        .forEach(block -> {
          if (block.has("inserted")) {
            images.add(block.at("/inserted/file").asText());
          }
        });
    return images;
  }

  /** Chains are whole, what the guest had synced is in them, and a cut is one instant. */
  void judgeImages(Optional<Run> ended) {
    if (isGone()) {
      scene.guest.images().forEach(this::check);
      return;
    }
    awaitWriting(System.nanoTime());
    List<Path> active = activeImages().stream().map(Path::of).toList();
    long written = scene.guest.lastAck().orElse(0);
    require(scene.quit(), "QEMU does not quit");
    Stream.concat(scene.guest.images().stream(), active.stream()).distinct().forEach(this::check);
    judgeOrder("the machine's images", active, written);
    if (active.equals(scene.guest.images())) {
      return;
    }
    Optional<String> claimed =
        ended
            .filter(run -> run.code() == DONE)
            .map(run -> result(run).path("consistency").asText());
    // Several methods are one instant where the result says so, and nobody says so after a kill.
    if (scene.storages.isEmpty() || claimed.filter(CLAIMED::contains).isPresent()) {
      judgeOrder("the point in time", pointInTime(), acknowledged);
    }
    if (claimed.filter("filesystem"::equals).isPresent()) {
      judgeFrozen();
    }
  }

  /** What a backup reads, in the disks' order. */
  private List<Path> pointInTime() {
    var images = new ArrayList<Path>(scene.guest.images());
    scene.storages.ifPresent(storages -> {
      images.subList(1, images.size()).clear();
      images.addAll(storages.pointInTime());
    });
    return images;
  }

  private static String format(Path image) {
    return image.toString().endsWith(".raw") ? "raw" : "qcow2";
  }

  private void check(Path image) {
    if (format(image).equals("raw")) {
      return;
    }
    var result =
        HostCommand.attempt(
            Path.of("/"), List.of("qemu-img", "check", "-f", "qcow2", image.toString()));
    boolean killed =
        strikes.struck().stream()
            .anyMatch(one -> one instanceof Mishap.QemuGone gone && gone.killed());
    require(
        result.status() == 0 || (killed && result.status() == LEAKS),
        "qemu-img check of %s: %s".formatted(image, result));
  }

  private void judgeOrder(String what, List<Path> images, long atLeast) {
    var numbers = new ArrayList<Long>();
    for (int i = 0; i < images.size(); i++) {
      try (FrozenImage image = FrozenImage.of(images.get(i), format(images.get(i)))) {
        boolean xfs = scene.guest.config().disks().get(i).fileSystem() == FileSystem.XFS;
        numbers.add(xfs ? image.xfsSequence() : image.ext4Sequence());
      }
    }
    var finding = new WriteOrder(numbers, atLeast).judge();
    require(finding.good(), what + ": " + finding);
  }

  private void judgeFrozen() {
    List<Path> images = pointInTime();
    for (int i = 0; i < scene.guest.images().size(); i++) {
      if (scene.guest.config().disks().get(i).fileSystem() == FileSystem.EXT4) {
        try (FrozenImage image = FrozenImage.of(images.get(i), format(images.get(i)))) {
          var finding = image.ext4();
          require(finding.good(), "called consistent, and disk " + i + " is not: " + finding);
        }
      }
    }
  }
}
