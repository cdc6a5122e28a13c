using Graft.Consensus;
using Graft.Storage;

namespace Graft;

/// <summary>Old entries on their way from the log.</summary>
internal sealed class EntryLoad
{
    internal EntryBuffer Buffer { get; } = new();

    /// <summary>The order to send that they are for; null if they are to be applied.</summary>
    internal Message? Order { get; set; }

    internal LogIndex First { get; set; }

    internal LogIndex Last { get; set; }

    internal LogReadOutcome Outcome { get; set; }
}
