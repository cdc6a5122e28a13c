namespace Graft.Network;

/// <summary>How many snapshots are sent at a time, and how fast all of them together.</summary>
internal sealed class SnapshotLimits(int snapshotsMax, long bytesPerSecond, TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly long _began = time.GetTimestamp();
    private int _sending;

    // When what was sent so far would have been sent at exactly the allowed rate.
    private TimeSpan _paidUntil;

    internal bool TryEnter()
    {
        lock (_gate)
        {
            bool fits = _sending < snapshotsMax;
            _sending += fits ? 1 : 0;
            return fits;
        }
    }

    internal void Leave()
    {
        lock (_gate)
        {
            _sending--;
        }
    }

    /// <summary>Books bytes that are about to be sent.</summary>
    /// <returns>How long to wait before. No burst is saved up while nothing is sent.</returns>
    internal TimeSpan Book(int bytes)
    {
        lock (_gate)
        {
            TimeSpan now = time.GetElapsedTime(_began);
            TimeSpan from = _paidUntil > now ? _paidUntil : now;
            _paidUntil = from + TimeSpan.FromSeconds((double)bytes / bytesPerSecond);
            return from - now;
        }
    }
}
