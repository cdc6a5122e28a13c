namespace Graft;

/// <summary>Asks an applier for the state as it is.</summary>
internal sealed class CaptureRequest
{
    internal static CaptureRequest Instance { get; } = new();
}
