namespace Graft.Network;

/// <summary>A session of whoever sends writes and sends them again: it gives out numbers and says which are answered.</summary>
/// <remarks>
/// <para>(N1) A number is given to one write, in one session, and never to another.</para>
/// <para>
/// (N2) The numbers under way span at most <see cref="SpanMax"/>: the group remembers as many answers of a session, and one beyond would make
/// it forget the lowest, whose outcome would be lost.
/// </para>
/// <para>
/// (N3) A number whose outcome is unknown stays under way, or the group would forget what it is to be asked about. When such a number
/// stands in the way of new ones, the session is retired and the next write opens another; the old one lives on until it expires.
/// </para>
/// From any thread.
/// </remarks>
public sealed class WriteSession
{
    /// <summary>How far the lowest and the highest number under way may be apart, both included.</summary>
    public const int SpanMax = 1_024;

    private readonly Lock _gate = new();
    private readonly SharedRun<ulong?> _opening = new();
    private readonly SortedDictionary<ulong, bool> _underWay = [];
    private ulong _session;
    private ulong _next;

    /// <summary>The session's id; zero if none is open.</summary>
    public ulong Id
    {
        get
        {
            lock (_gate)
            {
                return _session;
            }
        }
    }

    /// <summary>Whether no write of this session is under way, or has ended with its outcome unknown and may be asked about.</summary>
    public bool IsIdle
    {
        get
        {
            lock (_gate)
            {
                return _underWay.Count == 0;
            }
        }
    }

    /// <summary>The session's id; opened if there is none.</summary>
    /// <param name="open">Asks the group for one. Whoever comes meanwhile waits for the same answer.</param>
    /// <param name="left">How long to wait for it.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>Null if none was opened in that time.</returns>
    public async ValueTask<ulong?> OpenAsync(Func<Task<ulong?>> open, TimeSpan left, TimeProvider time, CancellationToken cancellation)
    {
        if (Id is not 0 and ulong known)
        {
            return known;
        }

        if (left <= TimeSpan.Zero)
        {
            return null;
        }

        try
        {
            await _opening.JoinAsync(() => OpenOnceAsync(open)).WaitAsync(left, time, cancellation);
        }
        catch (TimeoutException)
        {
            return null;
        }

        return Id is not 0 and ulong opened ? opened : null;
    }

    /// <summary>Gives a write the next number.</summary>
    /// <param name="options">The write's options.</param>
    /// <param name="numbered">The same with session and number.</param>
    /// <returns>False if no session is open, or if as many numbers are under way as may be.</returns>
    public bool TryNumber(in WriteOptions options, out WriteOptions numbered)
    {
        numbered = options;
        lock (_gate)
        {
            if (_session == 0)
            {
                return false;
            }

            if (TryGetLowest(out ulong lowest, out bool isUnresolved) && _next + 1 - lowest >= SpanMax)
            {
                if (isUnresolved)
                {
                    Retire();
                }

                return false;
            }

            _underWay.Add(++_next, false);
            TryGetLowest(out lowest, out _);
            numbered = options with { Session = _session, Sequence = _next, AnsweredBelow = lowest };
            return true;
        }
    }

    /// <summary>Nobody will ask for this number again.</summary>
    public void Answered(ulong session, ulong number)
    {
        lock (_gate)
        {
            // A number of an earlier session may stand for a living write of this one.
            if (_session == session)
            {
                _underWay.Remove(number);
            }
        }
    }

    /// <summary>The outcome of this number is unknown, and somebody may ask for it.</summary>
    public void LeaveUnresolved(ulong session, ulong number)
    {
        lock (_gate)
        {
            if (_session == session && _underWay.ContainsKey(number))
            {
                _underWay[number] = true;
            }
        }
    }

    /// <summary>The group doesn't know the session any more; the next write opens another.</summary>
    public void Forget(ulong session)
    {
        lock (_gate)
        {
            if (_session == session)
            {
                Retire();
            }
        }
    }

    private async Task<ulong?> OpenOnceAsync(Func<Task<ulong?>> open)
    {
        ulong? opened = await open();
        lock (_gate)
        {
            if (opened is { } id && _session == 0)
            {
                (_session, _next) = (id, 0);
            }
        }

        return opened;
    }

    private void Retire()
    {
        _session = 0;
        _underWay.Clear();
    }

    private bool TryGetLowest(out ulong number, out bool isUnresolved)
    {
        foreach ((ulong lowest, bool isLeft) in _underWay)
        {
            (number, isUnresolved) = (lowest, isLeft);
            return true;
        }

        (number, isUnresolved) = (0, false);
        return false;
    }
}
