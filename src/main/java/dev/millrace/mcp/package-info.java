/**
 * The Model Context Protocol: messages of agents to operations of the HTTP port, and their answers. Imports rows 1 to 8.
 */
@NullMarked
package dev.millrace.mcp;

import org.jspecify.annotations.NullMarked;
