namespace Graft.Cli;

/// <summary>How a node ended.</summary>
/// <param name="Kind">Why.</param>
/// <param name="Message">Of a failure.</param>
internal readonly record struct NodeEnd(NodeEndKind Kind, string Message);
