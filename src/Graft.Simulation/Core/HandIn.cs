namespace Graft.Simulation.Core;

/// <summary>When a host that has a whole snapshot gives it to its core: it verifies and flushes it first, and the log doesn't wait.</summary>
internal enum HandIn
{
    AtOnce,

    /// <summary>Once the log reaches beyond it.</summary>
    OnceOutgrown,

    /// <summary>Once what the log has beyond it is durable, and so acknowledged: to lose that would be a lie.</summary>
    OnceAcknowledged,

    /// <summary>Once the state machine is beyond it, and a snapshot of that taken.</summary>
    OnceApplied,
}
