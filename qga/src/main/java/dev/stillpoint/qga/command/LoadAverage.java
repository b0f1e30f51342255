package dev.stillpoint.qga.command;

/** The load of a guest over one, five and fifteen minutes. */
public record LoadAverage(double load1m, double load5m, double load15m) {}
