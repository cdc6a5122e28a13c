using Graft.Consensus;

namespace Graft.Storage;

/// <content>What a snapshot on its way to a follower will be continued by stays in the log.</content>
public sealed partial class WriteAheadLog
{
    private readonly List<LogPin> _pins = [];

    /// <summary>Keeps the entries above <paramref name="above"/> until the pin is disposed. From any thread.</summary>
    /// <remarks>
    /// For the time that a snapshot of that entry travels: a follower that has it and then finds the log begun above it would need
    /// another one, and so for ever on a busy log. What <see cref="CompactableTo"/> has allowed already isn't held back any more.
    /// </remarks>
    /// <param name="group">Whose entries.</param>
    /// <param name="above">The entry that the snapshot ends at.</param>
    public LogPin Pin(GroupId group, LogIndex above)
    {
        var pin = new LogPin(this, group, above);
        lock (_gate)
        {
            _pins.Add(pin);
        }

        return pin;
    }

    /// <summary>How far a group's log may be compacted now: <paramref name="wanted"/>, or less if that is pinned. From any thread.</summary>
    public LogIndex CompactableTo(GroupId group, LogIndex wanted)
    {
        lock (_gate)
        {
            foreach (LogPin pin in _pins)
            {
                if (pin.Group == group)
                {
                    wanted = LogIndex.Min(wanted, pin.Above);
                }
            }

            return wanted;
        }
    }

    internal void Unpin(LogPin pin)
    {
        lock (_gate)
        {
            _pins.Remove(pin);
        }
    }
}
