namespace Graft.Network;

/// <summary>One request in work.</summary>
internal sealed class ServedCall(ulong id, CancellationTokenSource cancellation)
{
    internal ulong Id { get; } = id;

    internal CancellationTokenSource Cancellation { get; } = cancellation;

    /// <summary>The caller doesn't wait any more: no answer is sent.</summary>
    internal bool IsUnwanted { get; set; }

    internal Task Task { get; set; } = Task.CompletedTask;
}
