namespace Graft;

/// <summary>Has a disk state machine opened.</summary>
internal sealed class OpenRequest
{
    internal static OpenRequest Instance { get; } = new();
}
