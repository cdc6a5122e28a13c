using Graft.Consensus;

namespace Graft;

/// <summary>Somebody who is woken when a time has come.</summary>
internal interface IDeadline
{
    /// <summary>When it will be woken; <see cref="Instant.Never"/> if it isn't queued. The queue's own note.</summary>
    Instant QueuedFor { get; set; }

    /// <summary>The time has come. Called on the timer's thread, after which others wait: take note and return.</summary>
    void OnDeadline();
}
