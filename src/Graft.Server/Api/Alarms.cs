namespace Graft.Server;

/// <summary>What somebody had to act on lately, numbered from one, for whoever comes to look.</summary>
internal sealed class Alarms
{
    private const int KeptMax = 100;

    private readonly Lock _gate = new();
    private readonly Queue<GroupAlarm> _kept = new();
    private long _count;

    /// <summary>The number of the last one.</summary>
    internal long Count
    {
        get
        {
            lock (_gate)
            {
                return _count;
            }
        }
    }

    internal void Add(GroupAlarm alarm)
    {
        lock (_gate)
        {
            _count++;
            _kept.Enqueue(alarm);
            if (_kept.Count > KeptMax)
            {
                _kept.Dequeue();
            }
        }
    }

    /// <summary>Those behind a number, with theirs. Older ones than are kept are left out.</summary>
    internal (long Number, GroupAlarm Alarm)[] After(long number)
    {
        lock (_gate)
        {
            long first = _count - _kept.Count + 1;
            return [.. _kept.Select((alarm, i) => (first + i, alarm)).Where(each => each.Item1 > number)];
        }
    }
}
