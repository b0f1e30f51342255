package dev.stillpoint.qmp.generator.qapi;

import java.util.Map;

/**
 * One expression of a schema with the versions that its comment names. Of the comment nothing else
 * is kept.
 *
 * @param content strings, booleans, lists and maps, in the order of the schema
 * @param since of the whole definition; empty where the comment names none
 * @param memberSince of single members or values
 */
public record Expression(
    String file,
    int line,
    Map<String, Object> content,
    String since,
    Map<String, String> memberSince) {}
