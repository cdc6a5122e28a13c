using Graft.Consensus;

namespace Graft.Storage;

/// <summary>Holds a part of a group's log back from compaction until it is disposed.</summary>
public sealed class LogPin : IDisposable
{
    private readonly WriteAheadLog _log;

    internal LogPin(WriteAheadLog log, GroupId group, LogIndex above) => (_log, Group, Above) = (log, group, above);

    /// <summary>Whose log.</summary>
    public GroupId Group { get; }

    /// <summary>Entries above this index stay.</summary>
    public LogIndex Above { get; }

    /// <summary>Lets go. A second time does nothing. From any thread.</summary>
    public void Dispose() => _log.Unpin(this);
}
