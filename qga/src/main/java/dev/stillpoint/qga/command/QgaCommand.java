package dev.stillpoint.qga.command;

import dev.stillpoint.qmp.command.Command;

/** A command of the guest agent; a monitor's command is not one. */
public interface QgaCommand<R> extends Command<R> {}
