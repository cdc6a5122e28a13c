namespace Graft;

/// <summary>How a program ended by itself.</summary>
/// <param name="Status">Its exit status.</param>
/// <param name="Output">Its standard output.</param>
/// <param name="Errors">Its standard error.</param>
internal readonly record struct ProgramEnd(int Status, ReadOnlyMemory<byte> Output, ReadOnlyMemory<byte> Errors);
