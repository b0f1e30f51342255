package dev.stillpoint.qmp.command;

/** A command of the QEMU Machine Protocol; an agent's command is not one. */
public interface QmpCommand<R> extends Command<R> {}
